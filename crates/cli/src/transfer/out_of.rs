//! Stored files and links back into a folder.
//!
//! What is stored does not decide where it is written: a path that goes through a symbolic link is
//! refused.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::{AT_ONCE, Moved};
use crate::failure::Failure;
use crate::object_path::ObjectKind;

/// One object and where it goes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) object: ObjectMeta,
    pub(crate) kind: ObjectKind,
    /// Below the folder that everything is written to.
    pub(crate) relative: Vec<u8>,
}

/// Writes every target below `folder`, several at once.
pub(crate) async fn restore_all(
    store: &dyn ObjectStore,
    folder: &Path,
    targets: &[Target],
    force: bool,
    bar: &ProgressBar,
) -> Result<Moved, Failure> {
    fs::create_dir_all(folder)
        .await
        .map_err(Failure::file("making", folder))?;
    stream::iter(targets.iter().enumerate())
        .map(|(number, target)| async move {
            let path = prepare(folder, &target.relative).await?;
            restore(store, &path, target, force, number, bar).await
        })
        .buffer_unordered(AT_ONCE)
        .try_fold(Moved::default(), async |moved, bytes| {
            Ok(moved.and_one(bytes))
        })
        .await
}

/// Writes one target under another name first: whatever cuts this off leaves the old file or the
/// new one.
async fn restore(
    store: &dyn ObjectStore,
    path: &Path,
    target: &Target,
    force: bool,
    number: usize,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    if !force && fs::symlink_metadata(path).await.is_ok() {
        return Err(Failure::Exists(path.to_owned()));
    }
    let unfinished = path.with_file_name(format!(".strongroom-{}-{number}", std::process::id()));
    let written = match target.kind {
        ObjectKind::File => write_file(store, target, &unfinished, bar).await,
        ObjectKind::Link => write_link(store, target, &unfinished, bar).await,
    };
    let published = match written {
        Ok(bytes) => {
            let renamed = fs::rename(&unfinished, path).await;
            renamed
                .map(|()| bytes)
                .map_err(Failure::file("writing", path))
        }
        Err(failure) => Err(failure),
    };
    if published.is_err() {
        let _ = fs::remove_file(&unfinished).await;
    }
    published
}

/// The path below `folder`, its folders made and none of them a link.
async fn prepare(folder: &Path, relative: &[u8]) -> Result<PathBuf, Failure> {
    let mut path = folder.to_owned();
    let mut names = relative.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        path.push(OsStr::from_bytes(name));
        if names.peek().is_some() {
            make_folder(&path).await?;
        }
    }
    Ok(path)
}

async fn make_folder(path: &Path) -> Result<(), Failure> {
    match fs::create_dir(path).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path)
                .await
                .map_err(Failure::file("reading", path))?;
            if found.is_symlink() {
                Err(Failure::ThroughLink(path.to_owned()))
            } else if found.is_dir() {
                Ok(())
            } else {
                Err(Failure::Exists(path.to_owned()))
            }
        }
        made => made.map_err(Failure::file("making", path)),
    }
}

async fn write_file(
    store: &dyn ObjectStore,
    target: &Target,
    path: &Path,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let mut plain = store.get(&target.object.location).await?.into_stream();
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .await
        .map_err(Failure::file("making", path))?;
    let mut bytes = 0;
    while let Some(block) = plain.try_next().await? {
        file.write_all(&block)
            .await
            .map_err(Failure::file("writing", path))?;
        bytes += block.len() as u64;
        bar.inc(block.len() as u64);
    }
    file.flush().await.map_err(Failure::file("writing", path))?;
    Ok(bytes)
}

async fn write_link(
    store: &dyn ObjectStore,
    target: &Target,
    path: &Path,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let leads_to = store.get(&target.object.location).await?.bytes().await?;
    fs::symlink(OsStr::from_bytes(&leads_to), path)
        .await
        .map_err(Failure::file("linking", path))?;
    bar.inc(leads_to.len() as u64);
    Ok(leads_to.len() as u64)
}
