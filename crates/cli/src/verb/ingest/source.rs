//! Where plain data is taken from: a folder of this machine, or a store that a URL names.
//!
//! A folder is walked as `put` does it, and not listed by the local store: that one hides files whose
//! names end in `#` and a number, and spells names in a way of its own.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, parse_url_opts};
use tokio::fs;
use url::Url;

use super::take_away::take_away;
use crate::digest::Checksum;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::Output;
use crate::own::Own;
use crate::several::Several;
use crate::shown::{shortened, shown};
use crate::transfer::{Source, Stamp};
use crate::walk::{EntryKind, Taking, walk};

/// How the names of the variables begin that a source's store is set up by: those that each cloud's own tools
/// take. All others are somebody else's, and may be secrets.
const VARIABLES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// Something to ingest.
pub(super) struct Item {
    /// Its path below what was named.
    pub(super) name: Vec<u8>,
    pub(super) kind: ObjectKind,
    pub(super) size: u64,
    at: At,
}

enum At {
    File {
        path: PathBuf,
        own: Own,
    },
    Link {
        path: PathBuf,
        target: Vec<u8>,
    },
    Object {
        store: Arc<dyn ObjectStore>,
        meta: ObjectMeta,
    },
}

/// What was read of an item.
pub(super) struct Read {
    /// Of a file, what it was all the while.
    pub(super) stamp: Option<Stamp>,
    /// The checksum, and the number, of its bytes.
    pub(super) bytes: (Checksum, u64),
}

/// Everything at a URL or in a folder.
pub(super) async fn find(
    source: &str,
    own: &Own,
    output: &Output,
    several: &mut Several<'_>,
) -> Result<Vec<Item>, Failure> {
    let items = match Url::parse(source) {
        // One letter is no scheme of ours.
        Ok(url) if url.scheme() == "file" => {
            let path = url.to_file_path();
            let path = path.map_err(|()| Failure::NothingToIngest(source.to_owned()))?;
            in_folder(&path, own, output, several)?
        }
        Ok(url) => in_store(&url, several).await?,
        Err(_) => in_folder(Path::new(source), own, output, several)?,
    };
    if items.is_empty() && several.count() == 0 {
        return Err(Failure::NothingToIngest(source.to_owned()));
    }
    Ok(items)
}

fn in_folder(
    folder: &Path,
    own: &Own,
    output: &Output,
    several: &mut Several<'_>,
) -> Result<Vec<Item>, Failure> {
    let found = walk(folder, Taking::Everything, Some(own))?;
    for skipped in &found.skipped {
        output.warn(&format!("warning: {skipped} is skipped"));
    }
    for failed in found.failed {
        several.note(failed.into())?;
    }
    let items = found.entries.into_iter().map(|entry| {
        let path = entry.os_path;
        let (kind, at) = match entry.kind {
            EntryKind::Link { target } => (ObjectKind::Link, At::Link { path, target }),
            EntryKind::File => {
                let own = own.clone();
                (ObjectKind::File, At::File { path, own })
            }
        };
        Item {
            name: entry.relative,
            kind,
            size: entry.size,
            at,
        }
    });
    Ok(items.collect())
}

async fn in_store(url: &Url, several: &mut Several<'_>) -> Result<Vec<Item>, Failure> {
    let (store, prefix) = parse_url_opts(url, settings()?)?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let mut objects = Vec::new();
    let mut listed = store.list(Some(&prefix));
    while let Some(entry) = listed.next().await {
        match entry {
            Ok(meta) => objects.push(meta),
            // One name that is none; anything else is the store's.
            Err(error @ object_store::Error::InvalidPath { .. }) => several.note(error.into())?,
            Err(error) => return Err(error.into()),
        }
    }
    drop(listed);
    let item = |meta: ObjectMeta| Item {
        name: name_below(&meta.location, &prefix),
        kind: ObjectKind::File,
        size: meta.size,
        at: At::Object {
            store: Arc::clone(&store),
            meta,
        },
    };
    if objects.is_empty() && !prefix.as_ref().is_empty() {
        // A listing leaves the object out that has the very name.
        return match store.head(&prefix).await {
            Ok(meta) => Ok(vec![item(meta)]),
            Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        };
    }
    Ok(objects.into_iter().map(item).collect())
}

/// The text of a location below a prefix; its last part if it is the prefix.
fn name_below(location: &ObjectPath, prefix: &ObjectPath) -> Vec<u8> {
    let below: Vec<String> = location
        .prefix_match(prefix)
        .into_iter()
        .flatten()
        .map(|part| part.as_ref().to_owned())
        .collect();
    match location.filename() {
        Some(name) if below.is_empty() => name.as_bytes().to_vec(),
        _ => below.join("/").into_bytes(),
    }
}

/// What the environment says of a source's store.
fn settings() -> Result<Vec<(String, String)>, Failure> {
    let mut settings = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| is_of_a_cloud(name)) else {
            continue;
        };
        let Ok(value) = value.into_string() else {
            return Err(Failure::EnvironmentNotText(name.to_owned()));
        };
        settings.push((name.to_ascii_lowercase(), value));
    }
    Ok(settings)
}

fn is_of_a_cloud(variable: &str) -> bool {
    VARIABLES.iter().any(|begins| variable.starts_with(begins))
}

impl Item {
    /// Its bytes, from the first. Of an object in a store, those that were listed and no others.
    pub(super) async fn open(&self) -> Result<Source, Failure> {
        match &self.at {
            At::Object { store, meta } => {
                let as_listed = GetOptions {
                    if_match: meta.e_tag.clone(),
                    version: meta.version.clone(),
                    ..GetOptions::default()
                };
                match store.get_opts(&meta.location, as_listed).await {
                    Ok(found) if is_same(&found.meta, meta) => {
                        Ok(Source::blocks(found.into_stream()))
                    }
                    Ok(_) | Err(object_store::Error::Precondition { .. }) => {
                        Err(Failure::ChangedWhileRead(self.shown()))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            At::Link { target, .. } => {
                let target = Bytes::from(target.clone());
                let whole = stream::once(async move { Ok(target) });
                Ok(Source::blocks(whole.boxed()))
            }
            At::File { path, own } => Source::file(path, Some(own)).await,
        }
    }

    /// Reads all of it.
    pub(super) async fn read_through(&self) -> Result<Read, Failure> {
        let source = self.open().await?;
        Ok(Read {
            stamp: source.stamp(),
            bytes: source.checksum().await?,
        })
    }

    /// Removes it, unless it has changed since it was read.
    pub(super) async fn remove(&self, read: &Read) -> Result<(), Failure> {
        if !self.is_as_read(read).await? {
            return Err(Failure::ChangedMeanwhile(self.shown()));
        }
        match &self.at {
            // No store removes on a condition.
            At::Object { store, meta } => Ok(store.delete(&meta.location).await?),
            At::File { path, .. } => take_away(path, |_, now| {
                read.stamp
                    .is_some_and(|read| read.is_only_moved(&Stamp::of(now)))
            }),
            At::Link { path, target } => take_away(path, |moved, _| {
                let now = moved.read_link();
                now.is_ok_and(|now| now.as_os_str().as_bytes() == target)
            }),
        }
    }

    async fn is_as_read(&self, read: &Read) -> Result<bool, Failure> {
        match &self.at {
            At::Object { store, meta } => Ok(is_same(&store.head(&meta.location).await?, meta)),
            At::File { path, .. } => {
                let now = fs::symlink_metadata(path).await;
                let now = Stamp::of(&now.map_err(Failure::file("reading", path))?);
                if read.stamp != Some(now) {
                    return Ok(false);
                }
                // Its times need not show what was written to it just now.
                Ok(!now.is_fresh() || self.read_through().await?.bytes == read.bytes)
            }
            At::Link { path, target } => {
                let now = fs::read_link(path).await;
                let now = now.map_err(Failure::file("reading", path))?;
                Ok(now.as_os_str().as_bytes() == target)
            }
        }
    }

    /// What it is called where it lies.
    pub(super) fn shown(&self) -> String {
        match &self.at {
            At::Object { meta, .. } => shortened(meta.location.as_ref().as_bytes()),
            At::File { path, .. } | At::Link { path, .. } => shown(path),
        }
    }
}

/// Whether an object is the one that was listed. Not every store tells a time in both answers as exactly.
fn is_same(found: &ObjectMeta, listed: &ObjectMeta) -> bool {
    let unchanged = match &listed.e_tag {
        Some(_) => found.e_tag == listed.e_tag,
        None => found.last_modified == listed.last_modified,
    };
    let version = listed.version.is_none() || found.version == listed.version;
    unchanged && version && found.size == listed.size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_each_clouds_own_tools_take_is_handed_on() {
        for taken in ["AWS_REGION", "AZURE_STORAGE_ACCOUNT_KEY", "GOOGLE_BUCKET"] {
            assert!(is_of_a_cloud(taken));
        }
        for left in [
            "TOKEN",
            "ENDPOINT",
            "REGION",
            "MY_AWS_REGION",
            "aws_region",
            "AWSREGION",
        ] {
            assert!(!is_of_a_cloud(left), "{left}");
        }
    }
}
