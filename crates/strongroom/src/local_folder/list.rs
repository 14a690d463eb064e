//! Listings. What is no object is an error of its own, at its own place, and the listing goes on.

use std::io;
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::{Path, PathPart};
use object_store::{Error as StoreError, Extensions, ListResult, ObjectMeta, Result};
use rustix::fs::FileType;

use super::beneath::{Obstacle, Root, blocking, kind, look};
use super::in_the_way::{failed, foreign, trouble};
use super::open::{is_reserved, meta_of};
use super::walk::{Entry, Names, Walk, is_name};
use crate::error::Trouble;

/// What a delimited listing left out because it is no object (no plaintext has its size; it is a link, a
/// pipe, or has a name that no object has); found in the listing's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlistable {
    /// Where it lies. A name that no object has is spelled with a `%` before each byte of it that none has.
    pub locations: Vec<Path>,
}

/// How many entries are looked at in one visit of the blocking pool.
const AT_ONCE: usize = 1024;

/// Everything below `prefix`, in order, or what comes after `offset` in it.
pub(super) fn list(
    root: Arc<Root>,
    prefix: Option<&Path>,
    offset: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let prefix = prefix.cloned().unwrap_or_default();
    let offset = offset.cloned();
    stream::once(blocking(move || begin(&root, &prefix, offset.as_ref())))
        .flat_map(|begun| match begun {
            Ok(Some(listing)) => in_batches(listing),
            Ok(None) => stream::empty().boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .boxed()
}

fn begin(root: &Arc<Root>, prefix: &Path, offset: Option<&Path>) -> Result<Option<Listing>> {
    let path = prefix.as_ref().as_bytes();
    match Walk::through(Arc::clone(root), path) {
        Ok(walk) => {
            let walk = match offset {
                Some(offset) => walk.after(offset.as_ref().as_bytes()),
                None => walk,
            };
            let root = Arc::clone(root);
            Ok(Some(Listing { root, walk }))
        }
        Err(error) => nothing(root, prefix, error).map(|()| None),
    }
}

/// Whether a failed listing means that there is nothing.
fn nothing(root: &Root, prefix: &Path, error: io::Error) -> Result<()> {
    match root.unread(prefix, error) {
        // It may be an object's own path: none lies below it.
        StoreError::NotFound { .. } => Ok(()),
        error => Err(error),
    }
}

fn in_batches(listing: Listing) -> BoxStream<'static, Result<ObjectMeta>> {
    stream::unfold(Some(listing), |listing| async {
        let mut listing = listing?;
        let batch = blocking(move || {
            let batch: Vec<_> = listing.by_ref().take(AT_ONCE).collect();
            let more = batch.len() == AT_ONCE;
            Ok((batch, more.then_some(listing)))
        });
        let (batch, rest) = batch.await.unwrap_or_else(|lost| (vec![Err(lost)], None));
        Some((stream::iter(batch), rest))
    })
    .flatten()
    .boxed()
}

struct Listing {
    root: Arc<Root>,
    walk: Walk,
}

impl Iterator for Listing {
    type Item = Result<ObjectMeta>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.walk.next()?;
            let location = shown(&entry.path);
            if let Some(error) = entry.unread {
                match self.unread(&location, error) {
                    // It is gone, or an object since its name was read.
                    StoreError::NotFound { .. } => continue,
                    error => return Some(Err(error)),
                }
            }
            match what(&entry) {
                What::Object => {}
                What::Hidden => continue,
                What::Foreign(found) => return Some(Err(trouble(&location, found))),
            }
            let (_, name) = super::beneath::split(&entry.path);
            match self.walk.folder().and_then(|folder| look(folder, name)) {
                Ok(found) if kind(&found) == FileType::RegularFile => {
                    return Some(Ok(meta_of(&found, &location)));
                }
                // It was replaced by something else since its name was read.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Some(Err(failed(&location, error))),
            }
        }
    }
}

impl Listing {
    fn unread(&self, location: &Path, error: io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::InvalidFilename {
            // Deeper than any path goes.
            return trouble(location, Trouble::Name);
        }
        self.root.unread(location, error)
    }
}

/// One level below `prefix`. It blocks.
pub(super) fn one_level(root: &Arc<Root>, prefix: Option<&Path>) -> Result<ListResult> {
    let prefix = prefix.cloned().unwrap_or_default();
    let mut result = ListResult {
        common_prefixes: Vec::new(),
        objects: Vec::new(),
        extensions: Extensions::default(),
    };
    let read = root.folder(prefix.as_ref().as_bytes());
    let read = read.and_then(|folder| Ok((Names::of(&folder)?, folder)));
    let (mut names, folder) = match read {
        Ok(read) => read,
        Err(error) => return nothing(root, &prefix, error).map(|()| result),
    };
    let mut locations = Vec::new();
    while let Some((name, found)) = names.take_next() {
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let path = match prefix.as_ref() {
            "" => name.to_vec(),
            prefix => [prefix.as_bytes(), b"/", name].concat(),
        };
        let location = shown(&path);
        if found == FileType::Directory && is_name(name) {
            result.common_prefixes.push(location);
            continue;
        }
        let entry = Entry {
            path,
            kind: found,
            unread: None,
        };
        match what(&entry) {
            What::Object => match look(&folder, name) {
                Ok(found) if kind(&found) == FileType::RegularFile => {
                    result.objects.push(meta_of(&found, &location));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&location, error)),
            },
            What::Hidden => {}
            What::Foreign(_) => locations.push(location),
        }
    }
    result.common_prefixes.sort_unstable();
    if !locations.is_empty() {
        result.extensions.insert(Unlistable { locations });
    }
    Ok(result)
}

enum What {
    Object,
    /// A write under way.
    Hidden,
    /// Not put there by us.
    Foreign(Trouble),
}

fn what(entry: &Entry) -> What {
    let (_, name) = super::beneath::split(&entry.path);
    match entry.kind {
        FileType::RegularFile if is_reserved(name) => What::Hidden,
        FileType::RegularFile if is_name(name) => What::Object,
        FileType::RegularFile | FileType::Directory => What::Foreign(Trouble::Name),
        kind => What::Foreign(foreign(Obstacle { kind, below: 0 })),
    }
}

/// A path in the folder as an object's; each part that no object has is spelled so that one could.
fn shown(path: &[u8]) -> Path {
    if let Some(path) = std::str::from_utf8(path)
        .ok()
        .and_then(|path| Path::parse(path).ok())
    {
        return path;
    }
    let parts = path.split(|byte| *byte == b'/');
    parts
        .map(
            |part| match std::str::from_utf8(part).map(PathPart::parse) {
                Ok(Ok(part)) => part,
                _ => PathPart::from(part),
            },
        )
        .collect()
}
