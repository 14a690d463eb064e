//! Reads that go on while access is taken away, and when the last byte was served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom_base::Outcome as _;
use tokio::time::{Instant, sleep, sleep_until};

use super::scene::Scene;
use crate::failure::Failure;
use crate::verb::tour::second_process::SecondProcess;

/// How long the reads go on before anything is taken away.
const BEFORE: Duration = Duration::from_millis(200);
/// How long they are still tried after the bound: longer than any of them pauses.
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
) -> Result<Watched, Failure> {
    let over = AtomicBool::new(false);
    let change = async {
        sleep(BEFORE).await;
        let told = second.ask_all(&scene.take_away).await;
        if let Ok(told) = told {
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

/// One small read after the other.
async fn new_reads(store: &Arc<dyn ObjectStore>, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Acquire) {
        match read_small(store).await {
            Ok(()) => seen.served(),
            Err(error) => seen.refused(error),
        }
        sleep(SMALL_PAUSE).await;
    }
    seen
}

async fn read_small(store: &Arc<dyn ObjectStore>) -> object_store::Result<()> {
    store.get(&Scene::small()).await?.bytes().await.map(drop)
}

/// One stream, block by block; another when it has ended.
async fn running_reads(store: &Arc<dyn ObjectStore>, over: &AtomicBool, number: u32) -> Seen {
    let mut seen = Seen::default();
    sleep(BLOCK_PAUSE / STREAMS * number).await;
    while !over.load(Ordering::Acquire) {
        match store.get(&Scene::large()).await {
            Ok(answer) => {
                let mut blocks = answer.into_stream();
                while let Some(block) = blocks.next().await {
                    match block {
                        Ok(_) => seen.served(),
                        Err(error) => seen.refused(error),
                    }
                    if seen.refused.is_some() || over.load(Ordering::Acquire) {
                        break;
                    }
                    sleep(BLOCK_PAUSE).await;
                }
            }
            Err(error) => seen.refused(error),
        }
        sleep(BLOCK_PAUSE / STREAMS).await;
    }
    seen
}
