//! Access given back: everything is there again, by no command on the resource itself (R17, I3).

use std::time::Duration;

use object_store::ObjectStoreExt as _;
use tokio::time::{Instant, sleep};

use super::scene::Scene;
use crate::digest::of_stream;
use crate::failure::Failure;
use crate::verb::tour::second_process::SecondProcess;

/// How long a resource may take to heal: a denial is remembered for a few seconds where nobody tells of
/// its end.
const LIMIT: Duration = Duration::from_secs(15);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Has access given back; answers with how long it took until every object read back as it was, if they
/// did.
pub(super) async fn heal(
    scene: &Scene,
    second: &SecondProcess,
) -> Result<Option<Duration>, Failure> {
    let told = second.ask_all(&scene.give_back).await?;
    loop {
        match reads_back(scene).await {
            Ok(same) => {
                let took = Instant::now().saturating_duration_since(told);
                return Ok(same.then_some(took));
            }
            Err(_) if told.elapsed() < LIMIT => sleep(PAUSE).await,
            Err(_) => return Ok(None),
        }
    }
}

/// Whether every object holds what it held.
async fn reads_back(scene: &Scene) -> Result<bool, object_store::Error> {
    for (path, held) in &scene.objects {
        let stored = scene.store.get(path).await?;
        if of_stream(stored.into_stream()).await? != *held {
            return Ok(false);
        }
    }
    Ok(true)
}
