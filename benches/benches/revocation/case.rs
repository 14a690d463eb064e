//! One case: who takes the key away, who notices how, and how much is going on.

use std::sync::Arc;
use std::time::Duration;

use strongroom::Danger;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::probe::{Prober, Seen, moment};
use crate::scene::{Open, Scene, leases, long, middle, short};
use crate::{Owner, owner};

/// How long after the bound it is still watched whether anything is given out.
const BEYOND: Duration = Duration::from_millis(100);

/// How long it may take until access that was given back is found again.
const HEALS_WITHIN: Duration = Duration::from_secs(20);

/// How many samples a quick look takes.
const QUICK: u32 = 3;

/// Who disables the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    AnotherProcess,
    ThisOne,
}

/// A case. Each has a prober that begins operations, and one whose stream runs for longer than the bound.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    by: By,
    danger: Danger,
    /// Others who read as fast as they can.
    readers: usize,
    samples: u32,
    /// Over how much time the changes are spread, from when access is there.
    spread: Duration,
    /// How long a stream rests after each of its 64 blocks.
    pause: Duration,
}

/// What became of one change, in nanoseconds from its acknowledgement.
pub(crate) struct Sample {
    /// To the last block of an operation that began; zero if there was none.
    pub(crate) operation: u64,
    /// To the last block of a running stream.
    pub(crate) stream: u64,
    /// The longest hand-over of a block.
    pub(crate) hand_over: u64,
}

const TOLD: Danger = Danger {
    unchecked_leases: false,
    unwatched_changes: false,
};

const NOT_TOLD: Danger = Danger {
    unwatched_changes: true,
    ..TOLD
};

const IDLE: Case = Case {
    name: "another process, told, idle",
    by: By::AnotherProcess,
    danger: TOLD,
    readers: 0,
    samples: 20,
    spread: Duration::from_millis(250),
    pause: Duration::from_millis(20),
};

/// Who is not told is found at any moment of a lease, so changes are spread over one.
const UNTOLD: Case = Case {
    name: "another process, not told, idle",
    danger: NOT_TOLD,
    samples: 15,
    spread: Duration::from_secs(1),
    ..IDLE
};

pub(crate) const CASES: [Case; 6] = [
    IDLE,
    Case {
        name: "another process, told, 64 readers",
        readers: 64,
        ..IDLE
    },
    UNTOLD,
    Case {
        name: "another process, not told, 64 readers",
        readers: 64,
        ..UNTOLD
    },
    Case {
        name: "this process, idle",
        by: By::ThisOne,
        samples: 15,
        ..IDLE
    },
    Case {
        name: "this process, 64 readers",
        by: By::ThisOne,
        samples: 15,
        readers: 64,
        ..IDLE
    },
];

/// Without the check before each block. Its stream runs for three times the bound.
pub(crate) const CONTROL: Case = Case {
    name: "control, running streams unchecked",
    danger: Danger {
        unchecked_leases: true,
        ..NOT_TOLD
    },
    samples: 3,
    spread: Duration::from_millis(200),
    pause: Duration::from_millis(50),
    ..IDLE
};

impl Case {
    pub(crate) fn full_name(&self) -> String {
        format!("revocation/{}", self.name)
    }

    pub(crate) fn is_control(&self) -> bool {
        self.danger.unchecked_leases
    }

    /// Takes all samples.
    pub(crate) fn run(&self, scene: &Scene, quick: bool) -> Vec<Sample> {
        let count = if quick {
            self.samples.min(QUICK)
        } else {
            self.samples
        };
        scene.runtime.block_on(async {
            let open = scene.open(self.danger).await;
            let mut owner = match self.by {
                By::AnotherProcess => Owner::There(owner::Process::start(&scene.data)),
                By::ThisOne => Owner::Here(open.room.administrator().clone()),
            };
            let mut samples = Vec::new();
            for turn in 0..count {
                samples.push(self.sample(&open, &mut owner, turn).await);
            }
            drop(owner);
            open.room.close().await.unwrap();
            samples
        })
    }

    /// The probers are begun anew for each sample: a stream runs when the key is taken away.
    async fn sample(&self, open: &Open, owner: &mut Owner, turn: u32) -> Sample {
        let operations = Arc::new(Seen::default());
        let streams = Arc::new(Seen::default());
        let mut probers = JoinSet::new();
        self.begin_all(open, &operations, &streams, &mut probers);
        let all = [&operations, &streams];
        for seen in all {
            let served = timeout(HEALS_WITHIN, async {
                while seen.blocks() == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let served = served.await;
            assert!(
                served.is_ok(),
                "{}: nothing is served: {:?}",
                self.name,
                seen.odd()
            );
        }
        sleep(self.spread.mul_f64(golden(turn))).await;

        // What is refused from here on is refused for the change.
        let refused = all.map(|seen| seen.refusals());
        for seen in all {
            seen.take_hand_over();
        }
        let acknowledged = owner.enable(false).await;
        let watched_until = acknowledged + nanos(self.watched_for());
        sleep(Duration::from_nanos(watched_until.saturating_sub(moment()))).await;
        let [operation, stream] = all.map(|seen| seen.last().saturating_sub(acknowledged));
        let hand_over = all.map(|seen| seen.take_hand_over());
        let asked_in_vain = all.map(|seen| seen.refusals());

        owner.enable(true).await;
        for seen in all {
            let odd = seen.odd();
            assert!(odd.is_none(), "{}: {odd:?}", self.name);
        }
        // They went on trying, or nothing was watched.
        assert!(
            refused
                .iter()
                .zip(&asked_in_vain)
                .all(|(before, after)| before < after),
            "{}: nobody was refused",
            self.name
        );
        Sample {
            operation,
            stream,
            hand_over: hand_over.into_iter().max().unwrap_or(0),
        }
    }

    fn begin_all(
        &self,
        open: &Open,
        operations: &Arc<Seen>,
        streams: &Arc<Seen>,
        probers: &mut JoinSet<()>,
    ) {
        let prober = |seen: &Arc<Seen>, path, pause| Prober {
            store: Arc::clone(&open.store),
            seen: Arc::clone(seen),
            path,
            range: None,
            pause,
        };
        prober(operations, short(), Duration::from_millis(1)).begin(probers);
        prober(streams, long(), self.pause).begin(probers);
        for reader in 0..self.readers {
            let reader = if reader % 2 == 0 {
                prober(streams, middle(), Duration::ZERO)
            } else {
                let from = (reader as u64) << 16;
                let range = Some(from..from + (64 << 10));
                Prober {
                    range,
                    ..prober(operations, middle(), Duration::ZERO)
                }
            };
            reader.begin(probers);
        }
    }

    /// A control is watched until its streams are over.
    fn watched_for(&self) -> Duration {
        if self.is_control() {
            self.pause * 64 + Duration::from_millis(300)
        } else {
            leases().bound() + BEYOND
        }
    }
}

/// The `turn`th of a row of parts that fills the whole evenly, however long it is.
fn golden(turn: u32) -> f64 {
    (f64::from(turn) * 0.618_033_988_75).fract()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).expect("a short time")
}
