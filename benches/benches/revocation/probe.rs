//! Those who read: when they were last given something, and how long its hand-over took.

use std::future::poll_fn;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, Result};
use strongroom::SystemClock;
use strongroom_base::Clock as _;
use tokio::task::JoinSet;

/// Now, in nanoseconds of the boot-time clock, which is the same in every process of a machine.
pub(crate) fn moment() -> u64 {
    u64::try_from(SystemClock.since_boot().as_nanos()).expect("a young machine")
}

/// How soon a prober that was refused, or is done, begins again.
const AGAIN: Duration = Duration::from_millis(1);

/// What the probers of one kind have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    blocks: AtomicU64,
    /// When the last block was received.
    last: AtomicU64,
    /// The longest that a block took from the call that fetched it to its receipt, of those that were
    /// received since this was last taken. The lease is checked within that call.
    hand_over: AtomicU64,
    refusals: AtomicU64,
    /// An error that is no refusal.
    odd: Mutex<Option<Error>>,
}

impl Seen {
    pub(crate) fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::SeqCst)
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::SeqCst)
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    pub(crate) fn take_hand_over(&self) -> u64 {
        self.hand_over.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn odd(&self) -> Option<Error> {
        self.odd.lock().expect("no prober panics").take()
    }

    fn received(&self, began: u64) {
        let now = moment();
        self.last.fetch_max(now, Ordering::SeqCst);
        self.hand_over.fetch_max(now - began, Ordering::SeqCst);
        self.blocks.fetch_add(1, Ordering::SeqCst);
    }

    fn failed(&self, error: Error) {
        if matches!(error, Error::PermissionDenied { .. }) {
            self.refusals.fetch_add(1, Ordering::SeqCst);
        } else {
            self.odd
                .lock()
                .expect("no prober panics")
                .get_or_insert(error);
        }
    }
}

/// Reads again and again.
#[derive(Clone)]
pub(crate) struct Prober {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) path: Path,
    /// None for the whole object.
    pub(crate) range: Option<Range<u64>>,
    /// How long it rests after each block.
    pub(crate) pause: Duration,
}

impl Prober {
    /// Begins, and goes on until `probers` is dropped.
    pub(crate) fn begin(self, probers: &mut JoinSet<()>) {
        probers.spawn(async move {
            loop {
                if let Err(error) = self.read().await {
                    self.seen.failed(error);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        });
    }

    async fn read(&self) -> Result<()> {
        let options = GetOptions {
            range: self.range.clone().map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let mut blocks = self
            .store
            .get_opts(&self.path, options)
            .await?
            .into_stream();
        loop {
            let next = poll_fn(|context| {
                let began = moment();
                let polled = blocks.poll_next_unpin(context);
                if let Poll::Ready(Some(Ok(_))) = &polled {
                    self.seen.received(began);
                }
                polled
            });
            match next.await {
                None => return Ok(()),
                Some(block) => drop(block?),
            }
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
    }
}
