//! `strongroom tour`: a folder put through everything that Strongroom promises.

mod report;
mod stage;

use std::path::PathBuf;

use crate::args::Tour;
use crate::failure::Failure;
use crate::output::Output;
use crate::walk::{Found, Taking, walk};

use self::report::Report;
use self::stage::Stage;

pub(crate) async fn run(data: Option<PathBuf>, args: Tour, output: &Output) -> Result<(), Failure> {
    let Tour { folder, keep } = args;
    let Found {
        entries, skipped, ..
    } = walk(&folder, Taking::LessIgnored)?;
    if entries.is_empty() {
        return Err(Failure::NothingToTour(folder));
    }
    let mut report = Report::new(output);
    report.opening(&folder, &entries, &skipped)?;
    let mut stage = Stage::set(data, keep, entries, &mut report).await?;
    let played = stage.play(&mut report).await;
    // Cleared whatever came of it; the first failure is the one to tell of.
    let cleared = stage.clear(output).await;
    played.and(cleared)?;
    report.close()
}
