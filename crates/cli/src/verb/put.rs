//! `strongroom put`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::args::Put;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::Output;
use crate::own::Own;
use crate::session::Session;
use crate::several::Several;
use crate::transfer::{Moved, Onto, Source, store_all};
use crate::walk::{Found, Taking, walk, walk_all};

/// What stands for standard input.
const STDIN: &str = "-";

pub(crate) async fn run(session: &Session, args: Put, output: &Output) -> Result<(), Failure> {
    let Put {
        sources,
        destination,
    } = args;
    let store = session.store(&destination.resource).await?;
    if sources.iter().any(|source| source == STDIN) {
        let location = stdin_location(&sources, &destination)?;
        let mut source = Source::stdin()?;
        let bar = output.bytes_bar("storing", 0);
        let bytes =
            crate::transfer::store(Onto::Any(&*store), &location, &mut source, &bar).await?;
        bar.finish_and_clear();
        return Moved { files: 1, bytes }.answer("stored", 0, output);
    }
    let own = session.own();
    let sources: Vec<PathBuf> = sources.into_iter().map(PathBuf::from).collect();
    let mut several = Several::new(output);
    let found = found(&sources, &destination, &own);
    for skipped in &found.skipped {
        output.warn(&format!("warning: {skipped} is skipped"));
    }
    let bar = output.bytes_bar("storing", found.bytes());
    for failed in found.failed {
        several.note(failed.into())?;
    }
    let base = destination.at(Vec::new());
    let mut stored = Moved::default();
    let each = store_all(&*store, &base, &found.entries, Some(&own), &bar);
    let ended = several.each(each, &bar, |bytes| stored.add(bytes)).await;
    bar.finish_and_clear();
    stored.answer("stored", several.count(), output)?;
    ended?;
    several.end()
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
fn found(sources: &[PathBuf], destination: &Address, own: &Own) -> Found {
    let renamed = match sources {
        [source] if !destination.folder && !destination.path.is_empty() => is_single(source),
        _ => false,
    };
    let mut found = match sources {
        [source] if renamed => {
            walk(source, Taking::Everything, Some(own)).unwrap_or_else(Found::nothing)
        }
        _ => walk_all(sources, Taking::Everything, Some(own)),
    };
    for entry in &mut found.entries {
        let below = if renamed {
            Vec::new()
        } else {
            std::mem::take(&mut entry.relative)
        };
        entry.relative = destination.joined(&below);
    }
    found
}

/// Whether the source is one file or link.
fn is_single(source: &Path) -> bool {
    source.symlink_metadata().is_ok_and(|found| !found.is_dir())
}
