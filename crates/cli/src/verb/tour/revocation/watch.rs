//! Reads that go on while access is taken away, and when the last byte was served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::BoxStream;
use indicatif::ProgressBar;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom_base::Outcome as _;
use tokio::time::{Instant, sleep, sleep_until};

use super::scene::Scene;
use crate::failure::Failure;
use crate::verb::tour::second_process::SecondProcess;

/// How long the reads go on before anything is taken away.
const BEFORE: Duration = Duration::from_millis(200);
/// How long they are still tried after the bound.
const AFTER: Duration = Duration::from_millis(300);
/// The pause between two small reads.
const SMALL_PAUSE: Duration = Duration::from_millis(5);
/// The pause between two blocks of a stream: one of eight blocks lives longer than a lease of a second,
/// and so shows whether what was begun under it ends with it.
const BLOCK_PAUSE: Duration = Duration::from_millis(160);
/// How many streams run at once, each a while after the other, so that some block is always about to be
/// asked for.
const STREAMS: u32 = 4;

/// When the last byte was served, measured from the acknowledgement of the change.
pub(super) struct Watched {
    pub(super) new: Duration,
    pub(super) running: Duration,
    /// Whether nothing was served any more when the reads were given up.
    pub(super) stopped: bool,
}

/// What one loop of reads has seen.
#[derive(Default)]
struct Seen {
    last: Option<Instant>,
    /// The code of the last refusal since.
    refused: Option<&'static str>,
}

impl Seen {
    fn served(&mut self) {
        *self = Self {
            last: Some(Instant::now()),
            refused: None,
        };
    }

    fn refused(&mut self, error: object_store::Error) {
        self.refused = Some(strongroom::Error::from(error).code());
    }

    /// How long after a moment the last byte came; nothing if it came before.
    fn after(&self, moment: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| {
            last.saturating_duration_since(moment)
        })
    }
}

/// Reads, has access taken away by the second process, and goes on reading until the bound is over.
pub(super) async fn watch(
    scene: &Scene,
    second: &SecondProcess,
    bound: Duration,
    line: &ProgressBar,
) -> Result<Watched, Failure> {
    let over = AtomicBool::new(false);
    let change = async {
        line.set_message("read in two ways");
        sleep(BEFORE).await;
        let told = second.ask_all(&scene.take_away).await;
        if let Ok(told) = told {
            line.set_message("taken away; reads are tried until the bound is over");
            sleep_until(told + bound + AFTER).await;
        }
        over.store(true, Ordering::Release);
        told
    };
    let streams = (0..STREAMS).map(|number| running_reads(&scene.store, &over, number));
    let (told, new, running) =
        tokio::join!(change, new_reads(&scene.store, &over), join_all(streams));
    let told = told?;
    Ok(Watched {
        new: new.after(told),
        running: running
            .iter()
            .map(|seen| seen.after(told))
            .max()
            .unwrap_or_default(),
        stopped: new.refused.is_some() && running.iter().all(|seen| seen.refused.is_some()),
    })
}

/// One small read after the other, and a last one when it is over.
async fn new_reads(store: &Arc<dyn ObjectStore>, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    loop {
        let last = over.load(Ordering::Acquire);
        match read_small(store).await {
            Ok(()) => seen.served(),
            Err(error) => seen.refused(error),
        }
        if last {
            return seen;
        }
        sleep(SMALL_PAUSE).await;
    }
}

async fn read_small(store: &Arc<dyn ObjectStore>) -> object_store::Result<()> {
    store.get(&Scene::small()).await?.bytes().await.map(drop)
}

/// One stream, block by block; another when it has ended or was refused; and a last block when it is over.
async fn running_reads(store: &Arc<dyn ObjectStore>, over: &AtomicBool, number: u32) -> Seen {
    let mut seen = Seen::default();
    let mut running: Option<BoxStream<'static, object_store::Result<Bytes>>> = None;
    sleep(BLOCK_PAUSE / STREAMS * number).await;
    loop {
        let last = over.load(Ordering::Acquire);
        let block = match &mut running {
            Some(blocks) => blocks.next().await,
            None => match store.get(&Scene::large()).await {
                Ok(answer) => {
                    running = Some(answer.into_stream());
                    continue;
                }
                Err(error) => Some(Err(error)),
            },
        };
        match block {
            Some(Ok(_)) => seen.served(),
            Some(Err(error)) => {
                running = None;
                seen.refused(error);
            }
            None => {
                running = None;
                continue;
            }
        }
        if last {
            return seen;
        }
        sleep(BLOCK_PAUSE).await;
    }
}
