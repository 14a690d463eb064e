//! The folder's files: stored, and read back.

use std::fs::File;

use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::ObjectStoreExt as _;

use super::patience::patiently;
use super::report::{Readback, Report};
use super::stage::{Stage, root};
use crate::address::Address;
use crate::digest::{Checksum, of_reader, of_stream};
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::bytes;
use crate::transfer::{Moved, store_all};
use crate::walk::{Entry, EntryKind};

/// How many files are read back at once.
const AT_ONCE: usize = 8;

/// Stores every file.
pub(super) async fn put(stage: &Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    let bar = report.bytes_bar("storing", stage.bytes());
    let root = root()?;
    let each = store_all(&*stage.store, &root, &stage.entries, None, &bar);
    let mut moved = Moved::default();
    each.try_for_each(|bytes| {
        moved.add(bytes);
        ready(Ok(()))
    })
    .await?;
    let Moved { files, bytes: size } = moved;
    let took = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let detail = format!("{files} files, {}, in {took:.1} s", bytes(size));
    let ok = files == stage.entries.len() as u64;
    report.step("put", &["R1", "R4"], ok, detail)
}

/// Reads every file back, and compares it with the folder's.
pub(super) async fn read_back(stage: &Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    let bar = report.bytes_bar("reading back", stage.bytes());
    let root = root()?;
    let mismatches = stream::iter(&stage.entries)
        .map(async |entry| {
            let same = patiently(async || reads_back(stage, &root, entry).await).await?;
            bar.inc(entry.size);
            Ok::<_, Failure>(u64::from(!same))
        })
        .buffer_unordered(AT_ONCE)
        .try_fold(0, async |sum, one| Ok(sum + one))
        .await?;
    let took = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    // The planted file is read back too, but it is not the folder's.
    report.readback = Readback {
        files: report.files,
        mismatches,
    };
    let detail = format!(
        "{} files and the planted one by SHA-256, {mismatches} differ, in {took:.1} s",
        report.files
    );
    report.step("read back", &["R1", "I3"], mismatches == 0, detail)
}

/// Whether what is stored is what the folder holds.
async fn reads_back(stage: &Stage, root: &Address, entry: &Entry) -> Result<bool, Failure> {
    let kind = match &entry.kind {
        EntryKind::File => ObjectKind::File,
        EntryKind::Link { .. } => ObjectKind::Link,
    };
    let stored = stage.store.get(&root.join(&entry.relative, kind)?).await?;
    let stored = of_stream(stored.into_stream()).await?;
    Ok(stored == checksum(entry).await?)
}

/// The checksum, and the length, of what the folder holds.
async fn checksum(entry: &Entry) -> Result<(Checksum, u64), Failure> {
    match &entry.kind {
        EntryKind::Link { target } => {
            of_reader(target.as_slice()).map_err(Failure::file("reading", &entry.os_path))
        }
        EntryKind::File => {
            let path = entry.os_path.clone();
            let hashed = tokio::task::spawn_blocking(move || of_reader(File::open(path)?)).await;
            hashed
                .unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)))
                .map_err(Failure::file("reading", &entry.os_path))
        }
    }
}
