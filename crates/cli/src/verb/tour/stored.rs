//! The sealed objects as they lie in storage, to see that a change of key touches none of them (I4).

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::digest::{Checksum, of_reader};
use crate::failure::Failure;

/// Where an installation with no other store keeps its objects, below its data folder.
const OBJECTS: &str = "objects";
/// How many files are read at once.
const AT_ONCE: usize = 8;

/// Every stored object, by its path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stored(BTreeMap<PathBuf, Object>);

/// What would show that a file was written, or written anew with the same bytes.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    size: u64,
    inode: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    checksum: Checksum,
}

impl Stored {
    /// Everything that is stored now.
    pub(super) async fn in_data(data: &Path) -> Result<Self, Failure> {
        let folder = data.join(OBJECTS);
        let files = files_below(&folder).map_err(Failure::file("reading", &folder))?;
        let objects = stream::iter(files)
            .map(async |path| {
                let read = path.clone();
                let object = tokio::task::spawn_blocking(move || Object::read(&read)).await;
                let object = object.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
                let object = object.map_err(Failure::file("reading", &path))?;
                Ok::<_, Failure>((path, object))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self(objects))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many objects are not in the other what they are here: changed, gone, or new.
    pub(super) fn differing_from(&self, other: &Self) -> u64 {
        let changed = self
            .0
            .iter()
            .filter(|(path, object)| other.0.get(*path) != Some(object));
        let new = other.0.keys().filter(|path| !self.0.contains_key(*path));
        (changed.count() + new.count()) as u64
    }
}

impl Object {
    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata: Metadata = file.metadata()?;
        let (checksum, size) = of_reader(file)?;
        Ok(Self {
            size,
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            checksum,
        })
    }
}

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn control_whatever_is_written_anew_is_seen() {
        let data = tempfile::tempdir().unwrap();
        let objects = data.path().join(OBJECTS);
        fs::create_dir_all(objects.join("below")).unwrap();
        let one = objects.join("below/one");
        fs::write(&one, "one").unwrap();
        fs::write(objects.join("two"), "two").unwrap();
        let before = Stored::in_data(data.path()).await.unwrap();
        assert_eq!(before.len(), 2);
        let again = Stored::in_data(data.path()).await.unwrap();
        assert_eq!(before.differing_from(&again), 0);

        // The same bytes in another file, as a store that replaces by renaming writes them.
        fs::write(objects.join("draft"), "one").unwrap();
        fs::rename(objects.join("draft"), &one).unwrap();
        fs::remove_file(objects.join("two")).unwrap();
        fs::write(objects.join("three"), "three").unwrap();
        let after = Stored::in_data(data.path()).await.unwrap();
        assert_eq!(before.differing_from(&after), 3);
    }
}
