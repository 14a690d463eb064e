//! The search for plaintext: in everything that the installation wrote, and in a copy that must show it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use futures::TryStreamExt as _;
use futures::future::ready;
use object_store::local::LocalFileSystem;

use super::at_rest::AtRest;
use super::report::Report;
use super::stage::{Stage, root};
use crate::canary::Findings;
use crate::failure::Failure;
use crate::object_path::{ObjectKind, display_file};
use crate::output::bytes;
use crate::transfer::store_all;

/// Where the folder lies in clear, for a while. Writes that are under way when the tour is ended go on after it
/// was removed.
static UNSEALED: OnceLock<PathBuf> = OnceLock::new();

/// Removes the unsealed copy of a tour that was ended.
pub(super) fn forget() {
    if let Some(copy) = UNSEALED.get() {
        let _ = std::fs::remove_dir_all(copy);
    }
}

/// Takes a window of every file, and sets those aside that lie in a fresh data folder already,
/// or in the names that are visible by design.
pub(super) fn choose_canaries(stage: &mut Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    let files = stage.files();
    let bar = report.files_bar("choosing", files.len() as u64);
    let without = stage.canaries.add_files(&files, &|done| bar.inc(done))?;
    bar.finish_and_clear();
    let AtRest {
        places, databases, ..
    } = stage.at_rest()?;
    let in_files = stage.canaries.search(&places, &|_| ())?;
    let in_databases = stage.canaries.search_bytes(&databases);
    let names = visible_names(stage)?;
    let mut aside = stage.canaries.set_aside(&in_files).len();
    aside += stage.canaries.set_aside(&in_databases).len();
    let in_names = stage.canaries.search_bytes(&names);
    aside += stage.canaries.set_aside(&in_names).len();
    let detail = format!(
        "{} windows of 32 bytes and 64 KiB of random bytes; {without} files have none, {aside} \
         stand in what is visible by design",
        stage.canaries.len(),
    );
    report.step("canaries", &["I1"], true, detail)
}

/// The control: what finds nothing in sealed bytes must find everything in unsealed ones.
pub(super) async fn in_an_unsealed_copy(
    stage: &Stage,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    // Removed however this ends.
    let copy = tempfile::Builder::new()
        .prefix("unsealed-")
        .tempdir_in(stage.scratch())
        .map_err(Failure::file("making", stage.scratch()))?;
    let _ = UNSEALED.set(copy.path().to_owned());
    let plain = LocalFileSystem::new_with_prefix(copy.path())?;
    let bar = report.bytes_bar("copying", stage.bytes());
    let root = root()?;
    let each = store_all(&plain, &root, &stage.entries, None, &bar);
    each.try_for_each(|_| ready(Ok(()))).await?;
    bar.finish_and_clear();
    let found = search(stage, &[copy.path().to_owned()], report)?;
    let unseen = stage.canaries.unseen(&found).count();
    let path = copy.path().to_owned();
    copy.close().map_err(Failure::file("removing", path))?;
    let sought = stage.canaries.len();
    let detail = format!(
        "{} of {sought} canaries found in an unsealed copy",
        sought - unseen
    );
    report.step("search control", &["I1"], unseen == 0, detail)
}

/// Everything that lies in storage, as it does now.
pub(super) fn at_rest(
    stage: &mut Stage,
    report: &mut Report<'_>,
    name: &'static str,
) -> Result<(), Failure> {
    let AtRest {
        places,
        databases,
        database_files,
    } = stage.at_rest()?;
    let in_files = search(stage, &places, report)?;
    let in_databases = stage.canaries.search_bytes(&databases);
    let hits = in_files.total() + in_databases.total();
    report.canary_hits += hits;
    let mut seen = stage.canaries.seen(&in_files);
    let seen = seen.next().or(stage.canaries.seen(&in_databases).next());
    let seen = seen.map_or_else(String::new, |(_, form, hit)| {
        let file = hit.file.as_deref().unwrap_or(Path::new("the databases"));
        format!(
            "; the first, in {}, at byte {} of {}",
            form.name(),
            hit.offset,
            display_file(file)
        )
    });
    let detail = format!(
        "{hits} canaries found in {} at rest ({} files), raw, hex or base64{seen}",
        bytes(in_files.bytes + in_databases.bytes),
        in_files.files + database_files,
    );
    report.step(name, &["R1", "I1"], hits == 0, detail)
}

fn search(stage: &Stage, places: &[PathBuf], report: &Report<'_>) -> Result<Findings, Failure> {
    let bar = report.bytes_bar("searching", stage.bytes());
    let found = stage
        .canaries
        .search(places, &|searched| bar.inc(searched))?;
    bar.finish_and_clear();
    Ok(found)
}

/// Everything that is visible in storage by design.
fn visible_names(stage: &Stage) -> Result<Vec<u8>, Failure> {
    let root = root()?;
    let mut names = Vec::new();
    for entry in &stage.entries {
        let location = root.join(&entry.relative, ObjectKind::File)?;
        names.extend_from_slice(location.as_ref().as_bytes());
        names.push(b'\n');
    }
    Ok(names)
}
