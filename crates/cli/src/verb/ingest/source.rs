//! Where plain data is taken from: a folder of this machine, or a store that a URL names.
//!
//! A folder is walked as `put` does it, and not listed by the local store: that one hides files whose
//! names end in `#` and a number, and spells names in a way of its own.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, parse_url_opts};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use url::Url;

use super::take_away::take_away;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::Output;
use crate::transfer::Blocks;
use crate::walk::{EntryKind, Taking, walk};

/// What is read of a file at once.
const BLOCK: usize = 1 << 20;

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
        stamp: Stamp,
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

/// What changes when a file is written to or replaced.
#[derive(PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            file: (found.dev(), found.ino()),
            size: found.len(),
            modified: found.modified().ok(),
        }
    }
}

/// Everything at a URL or in a folder.
pub(super) async fn find(source: &str, output: &Output) -> Result<Vec<Item>, Failure> {
    let items = match Url::parse(source) {
        // One letter is no scheme of ours.
        Ok(url) if url.scheme() == "file" => {
            let path = url.to_file_path();
            let path = path.map_err(|()| Failure::NothingToIngest(source.to_owned()))?;
            in_folder(&path, output)?
        }
        Ok(url) => in_store(&url).await?,
        Err(_) => in_folder(Path::new(source), output)?,
    };
    if items.is_empty() {
        return Err(Failure::NothingToIngest(source.to_owned()));
    }
    Ok(items)
}

fn in_folder(folder: &Path, output: &Output) -> Result<Vec<Item>, Failure> {
    let found = walk(folder, Taking::Everything)?;
    for skipped in &found.skipped {
        output.warn(&format!("warning: {skipped} is skipped"));
    }
    found
        .entries
        .into_iter()
        .map(|entry| {
            let path = entry.os_path;
            let (kind, at) = match entry.kind {
                EntryKind::Link { target } => (ObjectKind::Link, At::Link { path, target }),
                EntryKind::File => {
                    let metadata = path.symlink_metadata();
                    let stamp = metadata.map_err(Failure::file("reading", &path))?;
                    let stamp = Stamp::of(&stamp);
                    (ObjectKind::File, At::File { path, stamp })
                }
            };
            Ok(Item {
                name: entry.relative,
                kind,
                size: entry.size,
                at,
            })
        })
        .collect()
}

async fn in_store(url: &Url) -> Result<Vec<Item>, Failure> {
    let settings = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let (store, prefix) = parse_url_opts(url, settings)?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let objects: Vec<ObjectMeta> = store.list(Some(&prefix)).try_collect().await?;
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

impl Item {
    /// Its bytes, from the first.
    pub(super) async fn blocks(&self) -> Result<Blocks, Failure> {
        match &self.at {
            At::Object { store, meta } => Ok(store.get(&meta.location).await?.into_stream()),
            At::Link { target, .. } => {
                let target = Bytes::from(target.clone());
                Ok(stream::once(async move { Ok(target) }).boxed())
            }
            At::File { path, .. } => {
                let file = File::open(path).await;
                Ok(of_file(file.map_err(Failure::file("opening", path))?))
            }
        }
    }

    /// Removes it, unless it has changed since it was found.
    pub(super) async fn remove(&self) -> Result<(), Failure> {
        use std::os::unix::ffi::OsStrExt as _;

        match &self.at {
            // No store removes on a condition.
            At::Object { store, meta } if store.head(&meta.location).await? == *meta => {
                Ok(store.delete(&meta.location).await?)
            }
            At::Object { .. } => Err(Failure::ChangedMeanwhile(self.shown())),
            At::File { path, stamp } => take_away(path, |_, now| Stamp::of(now) == *stamp),
            At::Link { path, target } => take_away(path, |moved, _| {
                let now = moved.read_link();
                now.is_ok_and(|now| now.as_os_str().as_bytes() == target)
            }),
        }
    }

    /// What it is called where it lies.
    pub(super) fn shown(&self) -> String {
        match &self.at {
            At::Object { meta, .. } => meta.location.to_string(),
            At::File { path, .. } | At::Link { path, .. } => path.display().to_string(),
        }
    }
}

fn of_file(file: File) -> Blocks {
    stream::try_unfold(file, |mut file| async move {
        let mut block = BytesMut::with_capacity(BLOCK);
        let read = file.read_buf(&mut block).await.map_err(unreadable)?;
        Ok((read > 0).then(|| (block.freeze(), file)))
    })
    .boxed()
}

fn unreadable(source: io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "file",
        source: Box::new(source),
    }
}
