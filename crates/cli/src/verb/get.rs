//! `strongroom get`.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use futures::StreamExt as _;
use object_store::{ObjectMeta, ObjectStore};

use super::cat::to_stdout;
use super::stat::find;
use crate::address::Address;
use crate::args::Get;
use crate::failure::Failure;
use crate::object_path::{ObjectKind, decode};
use crate::output::Output;
use crate::session::Session;
use crate::several::Several;
use crate::transfer::{Moved, Restoring, Target};

pub(crate) async fn run(session: &Session, args: Get, output: &Output) -> Result<(), Failure> {
    let Get {
        source,
        destination,
        force,
    } = args;
    let store = session.store(&source.resource).await?;
    let mut several = Several::new(output);
    let single = find_single(&*store, &source).await?;
    if destination.as_os_str() == "-" {
        let Some(object) = single else {
            return Err(Failure::FolderToStdout(source.shown()));
        };
        return to_stdout(&*store, &object.location).await;
    }
    let (folder, targets) = match single {
        Some(object) => one_target(object, &source, &destination),
        None => (
            folder_for(&source, &destination),
            all_targets(&*store, &source, &mut several).await?,
        ),
    };
    let size = targets.iter().map(|target| target.object.size).sum();
    let bar = output.bytes_bar("taking out", size);
    let own = session.own();
    let restoring = Restoring {
        store: &*store,
        folder: &folder,
        force,
        own: &own,
        bar: &bar,
    };
    let mut taken = Moved::default();
    let each = restoring.all(&targets)?;
    let ended = several.each(each, &bar, |bytes| taken.add(bytes)).await;
    bar.finish_and_clear();
    taken.answer("taken out", several.count(), output)?;
    ended?;
    several.end()
}

/// The one object at `source`, if it names one and not a folder.
async fn find_single(
    store: &dyn ObjectStore,
    source: &Address,
) -> Result<Option<ObjectMeta>, Failure> {
    if source.path.is_empty() || source.folder {
        return Ok(None);
    }
    match find(store, source).await {
        Ok(object) => Ok(Some(object)),
        Err(Failure::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// One object goes to the path that is named, or below it if that is a folder.
fn one_target(object: ObjectMeta, source: &Address, destination: &Path) -> (PathBuf, Vec<Target>) {
    let (_, kind) = decode(&object.location);
    let is_folder = destination.is_dir() || destination.as_os_str().as_bytes().ends_with(b"/");
    let (folder, name) = if is_folder {
        (destination.to_owned(), source.base_name().to_vec())
    } else {
        let parent = destination.parent().unwrap_or(Path::new(""));
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        let name = destination
            .file_name()
            .unwrap_or(OsStr::new(""))
            .as_bytes()
            .to_vec();
        (parent.to_owned(), name)
    };
    let target = Target {
        object,
        kind,
        relative: name,
    };
    (folder, vec![target])
}

/// Everything below `source`, by its path below it.
async fn all_targets(
    store: &dyn ObjectStore,
    source: &Address,
    several: &mut Several<'_>,
) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    let mut listed = store.list(Some(&source.as_folder()?));
    while let Some(entry) = listed.next().await {
        let target = entry.map_err(Failure::from).map(|object| {
            let (path, kind) = decode(&object.location);
            let below = path.strip_prefix(source.path.as_slice()).unwrap_or(&path);
            let relative = below.strip_prefix(b"/").unwrap_or(below).to_vec();
            Target {
                object,
                kind,
                relative,
            }
        });
        match target {
            Ok(target) => targets.push(target),
            Err(failure) => several.note(failure)?,
        }
    }
    without_links_onto_files(&mut targets, source, several)?;
    if targets.is_empty() && several.count() == 0 && !source.path.is_empty() {
        return Err(Failure::NotFound(source.shown()));
    }
    Ok(targets)
}

/// A link that has the path of a file is named: where the file is written there is no place for it.
fn without_links_onto_files(
    targets: &mut Vec<Target>,
    source: &Address,
    several: &mut Several<'_>,
) -> Result<(), Failure> {
    let (links, mut kept): (Vec<Target>, Vec<Target>) = std::mem::take(targets)
        .into_iter()
        .partition(|target| target.kind == ObjectKind::Link);
    let files: HashSet<Vec<u8>> = if links.is_empty() {
        HashSet::new()
    } else {
        kept.iter().map(|file| file.relative.clone()).collect()
    };
    for link in links {
        if !files.contains(&link.relative) {
            kept.push(link);
            continue;
        }
        let address = Address {
            link: true,
            ..source.at(source.joined(&link.relative))
        };
        let link = address.shown();
        several.note(Failure::PathOfFile { link })?;
    }
    *targets = kept;
    Ok(())
}

/// As `cp -r` has it: a folder goes below a destination that is there, and becomes one that is not.
fn folder_for(source: &Address, destination: &Path) -> PathBuf {
    let name = source.base_name();
    if name.is_empty() || source.folder || !destination.is_dir() {
        return destination.to_owned();
    }
    destination.join(OsStr::from_bytes(name))
}
