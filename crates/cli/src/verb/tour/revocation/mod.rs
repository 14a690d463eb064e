//! Access taken away in nine ways side by side, by a second process, while this one reads; and given back
//! (R17, R12, R13).

mod healing;
mod refused;
mod scene;
mod told;
mod watch;
mod way;

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use serde::Serialize;

use self::scene::{Scene, Site};
use self::watch::Watched;
use self::way::Way;
use super::report::Report;
use super::second_process::SecondProcess;
use super::stage::Stage;
use crate::failure::Failure;

/// How many of the scenes are prepared at once.
const AT_ONCE: usize = 3;

/// What came of one way.
#[derive(Serialize)]
pub(super) struct OfWay {
    way: Way,
    bound_ms: u64,
    observed_ms: u64,
    new_ms: u64,
    running_ms: u64,
    healed: bool,
    #[serde(skip)]
    stopped: bool,
    /// What was not refused as it must be.
    #[serde(skip)]
    exceptions: Vec<String>,
    #[serde(skip)]
    healed_after: Option<Duration>,
}

impl OfWay {
    /// Whether access ended in time, for everything, and came back whole.
    pub(super) fn held(&self) -> bool {
        self.ended() && self.healed
    }

    #[cfg(test)]
    pub(super) fn sample(healed: bool) -> Self {
        Self {
            way: Way::KeyDisabled,
            bound_ms: 1_000,
            observed_ms: 90,
            new_ms: 90,
            running_ms: 0,
            healed,
            stopped: true,
            exceptions: Vec::new(),
            healed_after: None,
        }
    }

    fn ended(&self) -> bool {
        self.stopped && self.observed_ms <= self.bound_ms && self.exceptions.is_empty()
    }
}

/// Shows every way.
pub(super) async fn each_way(stage: &Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    let bar = report.files_bar("preparing nine ways to take access away", 9);
    let site = Box::pin(Site::prepare(stage)).await?;
    let scenes: Vec<Scene> = stream::iter(Way::ALL)
        .map(|way| {
            let (site, bar) = (&site, &bar);
            Box::pin(async move {
                let scene = site.scene(way).await;
                bar.inc(1);
                scene
            })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    bar.finish_and_clear();
    let board = report.board(Way::ALL.map(Way::words));
    let bound = stage.leases.bound();
    // Each in a task of its own, so that none waits for another's reads.
    let tasks: Vec<_> = scenes
        .into_iter()
        .zip(&board)
        .map(|(scene, line)| {
            let one = one_way(scene, Arc::clone(&stage.second), bound, line.clone());
            AbortOnDrop(tokio::spawn(one))
        })
        .collect();
    let mut ways = Vec::with_capacity(tasks.len());
    for task in tasks {
        ways.push(task.await?);
    }
    board.iter().for_each(ProgressBar::finish_and_clear);
    told::tell(report, &ways)?;
    report.revocation = ways;
    Ok(())
}

/// Takes access away, sees that all of it ended, and that it comes back.
async fn one_way(
    scene: Scene,
    second: Arc<SecondProcess>,
    bound: Duration,
    line: ProgressBar,
) -> Result<OfWay, Failure> {
    let Watched {
        new,
        running,
        stopped,
    } = Box::pin(watch::watch(&scene, &second, bound, &line)).await?;
    line.set_message(if stopped {
        "refused; everything else is tried"
    } else {
        "still served"
    });
    let exceptions = Box::pin(refused::exceptions(&scene)).await;
    line.set_message("given back");
    let healed_after = Box::pin(healing::heal(&scene, &second)).await?;
    line.set_message(if healed_after.is_some() {
        "healed"
    } else {
        "not healed"
    });
    Ok(OfWay {
        way: scene.way,
        bound_ms: millis(bound),
        observed_ms: millis(new.max(running)),
        new_ms: millis(new),
        running_ms: millis(running),
        healed: healed_after.is_some(),
        stopped,
        exceptions,
        healed_after,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<Result<OfWay, Failure>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for AbortOnDrop {
    type Output = Result<OfWay, Failure>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0)
            .poll(context)
            .map(|joined| joined.unwrap_or_else(|stopped| Err(Failure::TaskStopped(stopped))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_a_way_that_serves_on_or_too_long_or_in_part_does_not_hold() {
        assert!(OfWay::sample(true).held());
        let late = OfWay {
            observed_ms: 1_001,
            ..OfWay::sample(true)
        };
        let on = OfWay {
            stopped: false,
            ..OfWay::sample(true)
        };
        let in_part = OfWay {
            exceptions: vec!["list was done".to_owned()],
            ..OfWay::sample(true)
        };
        for one in [late, on, in_part, OfWay::sample(false)] {
            assert!(!one.held());
        }
    }
}
