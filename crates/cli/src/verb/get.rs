//! `strongroom get`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use futures::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore};
use serde_json::json;

use super::cat::to_stdout;
use super::stat::find;
use crate::address::Address;
use crate::args::Get;
use crate::failure::Failure;
use crate::object_path::decode;
use crate::output::{Output, bytes};
use crate::session::Session;
use crate::transfer::{Moved, Target, restore_all};

pub(crate) async fn run(session: &Session, args: Get, output: &Output) -> Result<(), Failure> {
    let Get {
        source,
        destination,
        force,
    } = args;
    let store = session.store(&source.resource).await?;
    let single = match find_single(&*store, &source).await {
        Ok(found) => found,
        Err(other) => return Err(other),
    };
    if destination.as_os_str() == "-" {
        let Some(object) = single else {
            return Err(Failure::FolderToStdout(source.shown()));
        };
        return to_stdout(&*store, &object.location).await;
    }
    let (folder, targets) = match single {
        Some(object) => one_target(object, &source, &destination)?,
        None => (
            folder_for(&source, &destination),
            all_targets(&*store, &source).await?,
        ),
    };
    let size = targets.iter().map(|target| target.object.size).sum();
    let bar = output.bytes_bar("taking out", size);
    let Moved { files, bytes: size } = restore_all(&*store, &folder, &targets, force, &bar).await?;
    bar.finish_and_clear();
    output.answer(&json!({ "files": files, "bytes": size }), || {
        format!("{files} taken out, {}", bytes(size))
    })
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
fn one_target(
    object: ObjectMeta,
    source: &Address,
    destination: &Path,
) -> Result<(PathBuf, Vec<Target>), Failure> {
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
    Ok((
        folder,
        vec![Target {
            object,
            kind,
            relative: name,
        }],
    ))
}

/// Everything below `source`, by its path below it.
async fn all_targets(store: &dyn ObjectStore, source: &Address) -> Result<Vec<Target>, Failure> {
    let prefix = source.as_folder()?;
    let objects: Vec<ObjectMeta> = store.list(Some(&prefix)).try_collect().await?;
    if objects.is_empty() && !source.path.is_empty() {
        return Err(Failure::NotFound(source.shown()));
    }
    objects
        .into_iter()
        .map(|object| {
            let (path, kind) = decode(&object.location);
            let below = path.strip_prefix(source.path.as_slice()).unwrap_or(&path);
            let relative = below.strip_prefix(b"/").unwrap_or(below).to_vec();
            Ok(Target {
                object,
                kind,
                relative,
            })
        })
        .collect()
}

/// As `cp -r` has it: a folder goes below a destination that is there, and becomes one that is not.
fn folder_for(source: &Address, destination: &Path) -> PathBuf {
    let name = source.base_name();
    if name.is_empty() || source.folder || !destination.is_dir() {
        return destination.to_owned();
    }
    destination.join(OsStr::from_bytes(name))
}
