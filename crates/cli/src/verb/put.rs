//! `strongroom put`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::address::Address;
use crate::args::Put;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::{Output, bytes};
use crate::session::Session;
use crate::transfer::{Moved, store_all, store_stdin};
use crate::walk::{Found, Taking, walk, walk_all};

/// What stands for standard input.
const STDIN: &str = "-";

pub(crate) async fn run(session: &Session, args: Put, output: &Output) -> Result<(), Failure> {
    let Put {
        sources,
        destination,
    } = args;
    let store = session.store(&destination.resource).await?;
    let stored = if sources.iter().any(|source| source == STDIN) {
        let location = stdin_location(&sources, &destination)?;
        let bar = output.bytes_bar("storing", 0);
        let bytes = store_stdin(&*store, &location, &bar).await?;
        bar.finish_and_clear();
        Moved { files: 1, bytes }
    } else {
        let sources: Vec<PathBuf> = sources.into_iter().map(PathBuf::from).collect();
        let found = found(&sources, &destination)?;
        for skipped in &found.skipped {
            output.warn(&format!("warning: {skipped} is skipped"));
        }
        let bar = output.bytes_bar("storing", found.bytes());
        let base = Address {
            path: Vec::new(),
            ..destination
        };
        let stored = store_all(&*store, &base, &found.entries, &bar).await?;
        bar.finish_and_clear();
        stored
    };
    let Moved { files, bytes: size } = stored;
    output.answer(&json!({ "files": files, "bytes": size }), || {
        format!("{files} stored, {}", bytes(size))
    })
}

fn stdin_location(
    sources: &[OsString],
    destination: &Address,
) -> Result<object_store::path::Path, Failure> {
    if sources.len() > 1 {
        return Err(Failure::StdinAlone);
    }
    if destination.path.is_empty() || destination.folder {
        return Err(Failure::StdinNeedsName);
    }
    Ok(destination.join(b"", ObjectKind::File)?)
}

/// What there is to store, each entry with its path in the resource.
///
/// As `cp` has it: one file goes to the path that is named, unless that is a folder's; everything
/// else keeps its name below it.
fn found(sources: &[PathBuf], destination: &Address) -> Result<Found, Failure> {
    let renamed = match sources {
        [source] if !destination.folder && !destination.path.is_empty() => is_single(source),
        _ => false,
    };
    let mut found = match sources {
        [source] if renamed => walk(source, Taking::Everything)?,
        _ => walk_all(sources, Taking::Everything)?,
    };
    for entry in &mut found.entries {
        let below = if renamed {
            Vec::new()
        } else {
            std::mem::take(&mut entry.relative)
        };
        entry.relative = destination.joined(&below);
    }
    Ok(found)
}

/// Whether the source is one file or link.
fn is_single(source: &Path) -> bool {
    source.symlink_metadata().is_ok_and(|found| !found.is_dir())
}
