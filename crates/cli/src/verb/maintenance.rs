//! `strongroom maintenance …`, and what a verb that changes something does after it.

use serde_json::json;
use strongroom::{Maintained, MaintenanceLimit, Strongroom};

use crate::args::Maintenance;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

pub(crate) async fn run(
    session: &Session,
    args: &Maintenance,
    output: &Output,
) -> Result<(), Failure> {
    let Maintenance::Run = args;
    let counter = output.counter("items");
    let maintenance = session.room.maintenance();
    let telling = |done: Maintained| counter.set_position(done.items as u64);
    let done = maintenance.run_due_telling(telling).await;
    counter.finish_and_clear();
    let done = done?;
    let answer = json!({ "items": done.items, "failed": done.failed });
    output.answer(&answer, || match (done.items, done.failed) {
        (0, _) => "nothing was due".to_owned(),
        (items, 0) => format!("{items} items were due, and are done"),
        (items, failed) => format!("{items} items were due; {failed} of them are due still"),
    })?;
    match done.failure {
        None => Ok(()),
        Some(kind) => Err(Failure::StillDue {
            items: done.failed,
            kind,
        }),
    }
}

/// Does some of what is due, once a verb has given its answer. What fails stays due, and is in the log.
pub(crate) async fn some(room: &Strongroom) {
    let maintenance = room.maintenance();
    let done = maintenance.run_some(MaintenanceLimit::default()).await;
    if let Err(error) = done {
        tracing::warn!(%error, "what is due could not be found: run `strongroom maintenance run`");
    }
}
