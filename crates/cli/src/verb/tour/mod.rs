//! `strongroom tour`: a folder put through everything that Strongroom promises.

mod at_rest;
mod audit;
mod customer_key;
mod files;
mod ground;
mod patience;
mod refusals;
mod report;
mod revocation;
mod rotation;
mod search;
mod second_process;
mod stage;
mod stored;

use std::path::PathBuf;

use strongroom::LeaseTerm;

use crate::args::Tour;
use crate::failure::Failure;
use crate::output::Output;
use crate::own::Own;
use crate::walk::{Found, Taking, walk};

use self::ground::Ground;
use self::report::Report;
use self::stage::Stage;

/// Removes what a tour that was ended may have left in clear.
pub(crate) fn forget() {
    search::forget();
}

pub(crate) async fn run(
    data: Option<PathBuf>,
    lease: Option<LeaseTerm>,
    args: Tour,
    output: &Output,
) -> Result<(), Failure> {
    let Tour { folder, keep } = args;
    let Found {
        entries, skipped, ..
    } = walk(&folder, Taking::LessIgnored, Some(&Own::default()))?.whole()?;
    if entries.is_empty() {
        return Err(Failure::NothingToTour(folder));
    }
    let mut report = Report::new(output);
    report.opening(&folder, &entries, &skipped)?;
    let mut stage = Box::pin(Stage::set(data, keep, lease, entries, &mut report)).await?;
    let played = Box::pin(play(&mut stage, &mut report)).await;
    // Cleared whatever came of it; the first failure is the one to tell of.
    let cleared = stage.clear(output).await;
    played.and(cleared)?;
    report.close()
}

/// Every step, in order.
async fn play(stage: &mut Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    search::choose_canaries(stage, report)?;
    files::put(stage, report).await?;
    search::in_an_unsealed_copy(stage, report).await?;
    search::at_rest(stage, report, "search at rest")?;
    let ground = Box::pin(Ground::prepare(stage, report)).await?;
    Box::pin(refusals::each(stage, &ground, report)).await?;
    let stored = Box::pin(customer_key::enable(stage, &ground, report)).await?;
    Box::pin(rotation::rotate(stage, &ground, &stored, report)).await?;
    Box::pin(revocation::each_way(stage, report)).await?;
    files::read_back(stage, report).await?;
    search::at_rest(stage, report, "search again")?;
    audit::verify(stage, report).await?;
    audit::one_record(stage, &ground, report).await
}
