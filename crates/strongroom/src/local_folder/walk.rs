//! Everything below a folder, in the order of its paths, with one folder's names in memory a level.

use std::cmp::Ordering;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use object_store::path::PathPart;
use rustix::fs::{Dir, FileType};

use super::beneath::{Root, is_absence, kind, look, split};

/// The names in a folder, in order: that of the paths they begin, so a folder's name ends in `/`.
///
/// They lie one after another: a million of them must not be a million pieces of memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    bytes: Vec<u8>,
    places: Vec<Name>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    start: usize,
    length: usize,
    kind: FileType,
}

impl Names {
    /// Reads a folder.
    pub(super) fn of(folder: &OwnedFd) -> io::Result<Self> {
        let mut all = Self::default();
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match look(folder, name) {
                    Ok(found) => kind(&found),
                    Err(error) if is_absence(&error) => continue,
                    Err(error) => return Err(error),
                },
                known => known,
            };
            let start = all.bytes.len();
            all.bytes.extend_from_slice(name);
            if kind == FileType::Directory {
                all.bytes.push(b'/');
            }
            let length = all.bytes.len() - start;
            all.places.push(Name {
                start,
                length,
                kind,
            });
        }
        let bytes = &all.bytes;
        all.places
            .sort_unstable_by(|one, other| text(bytes, *one).cmp(text(bytes, *other)));
        Ok(all)
    }

    /// The next name, a folder's with its `/`.
    pub(super) fn take_next(&mut self) -> Option<(&[u8], FileType)> {
        let name = *self.places.get(self.next)?;
        self.next += 1;
        Some((text(&self.bytes, name), name.kind))
    }
}

fn text(bytes: &[u8], name: Name) -> &[u8] {
    bytes
        .get(name.start..)
        .and_then(|bytes| bytes.get(..name.length))
        .unwrap_or_default()
}

/// Something in the tree that is no folder to walk through.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path below the root.
    pub(super) path: Vec<u8>,
    pub(super) kind: FileType,
    /// A folder that could not be read, and why.
    pub(super) unread: Option<io::Error>,
}

/// A walk through all that lies below a folder.
#[derive(Debug)]
pub(super) struct Walk {
    root: Arc<Root>,
    /// Only what comes after it in order is wanted.
    after: Option<Vec<u8>>,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    /// With a `/` at its end, unless it is the root.
    path: Vec<u8>,
    names: Names,
    /// Open while something in it is looked at, and not while one below it is: a deep tree must not use
    /// all descriptors.
    folder: Option<OwnedFd>,
}

impl Walk {
    /// Through what lies below `path`, which must be a folder.
    pub(super) fn through(root: Arc<Root>, path: &[u8]) -> io::Result<Self> {
        let mut walk = Self {
            root,
            after: None,
            levels: Vec::new(),
        };
        let mut path = path.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        walk.enter(path)?;
        Ok(walk)
    }

    /// The same without what does not come after `path`.
    pub(super) fn after(mut self, path: &[u8]) -> Self {
        self.after = Some(path.to_vec());
        self
    }

    /// The folder that the last entry lies in. Fails if it is gone.
    pub(super) fn folder(&mut self) -> io::Result<&OwnedFd> {
        let Some(level) = self.levels.last_mut() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let folder = match level.folder.take() {
            Some(folder) => folder,
            None => self.root.folder(without_slash(&level.path))?,
        };
        Ok(level.folder.insert(folder))
    }

    fn enter(&mut self, path: Vec<u8>) -> io::Result<()> {
        let folder = self.root.folder(without_slash(&path))?;
        let names = Names::of(&folder)?;
        if let Some(above) = self.levels.last_mut() {
            above.folder = None;
        }
        self.levels.push(Level {
            path,
            names,
            folder: Some(folder),
        });
        Ok(())
    }

    /// Whether nothing at this path, which ends in `/` if it is a folder's, is wanted.
    fn is_over(&self, path: &[u8]) -> bool {
        let Some(after) = &self.after else {
            return false;
        };
        match path.cmp(after.as_slice()) {
            Ordering::Greater => false,
            Ordering::Less | Ordering::Equal => !(path.ends_with(b"/") && after.starts_with(path)),
        }
    }
}

impl Iterator for Walk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        loop {
            let level = self.levels.last_mut()?;
            let Some((name, kind)) = level.names.take_next() else {
                self.levels.pop();
                continue;
            };
            let path = [level.path.as_slice(), name].concat();
            if self.is_over(&path) {
                continue;
            }
            if kind != FileType::Directory || !is_name(without_slash(name_of(&path))) {
                let path = without_slash(&path).to_vec();
                let unread = None;
                return Some(Entry { path, kind, unread });
            }
            match self.enter(path.clone()) {
                Ok(()) => {}
                // Gone since its name was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let path = without_slash(&path).to_vec();
                    // It may have become something else.
                    let unread = Some(error);
                    return Some(Entry { path, kind, unread });
                }
            }
        }
    }
}

/// The name at the end of a path, with its `/`.
fn name_of(path: &[u8]) -> &[u8] {
    let (above, _) = split(without_slash(path));
    let skip = if above.is_empty() { 0 } else { above.len() + 1 };
    path.get(skip..).unwrap_or_default()
}

fn without_slash(path: &[u8]) -> &[u8] {
    path.strip_suffix(b"/").unwrap_or(path)
}

/// Whether an object may have this name in its path.
pub(super) fn is_name(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| PathPart::parse(name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_in_the_order_of_paths_and_after_any_of_them_comes_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = [
            "a/b",
            "a-b",
            "a.b",
            "a/b-c/d",
            "a/b/c.d",
            "a0",
            "b",
            "ä/ö",
            "a/b.c",
            "a/c/d/e/f",
            "a/c/d",
        ];
        // Those that a folder cannot have both of are left out.
        paths.sort_unstable();
        let mut there = Vec::new();
        for path in paths {
            let file = folder.path().join(path);
            let made = std::fs::create_dir_all(file.parent().unwrap());
            if made.is_ok() && !file.exists() && std::fs::write(&file, path).is_ok() {
                there.push(path.as_bytes().to_vec());
            }
        }
        assert!(there.len() > 7);
        for root in [
            Root::open(folder.path()).unwrap(),
            Root::open(folder.path()).unwrap().in_steps(),
        ] {
            let root = Arc::new(root);
            let walk = |after: &[u8]| -> Vec<Vec<u8>> {
                let walk = Walk::through(Arc::clone(&root), b"").unwrap().after(after);
                walk.map(|entry| entry.path).collect()
            };
            assert_eq!(walk(b""), there);
            for after in there
                .iter()
                .map(Vec::as_slice)
                .chain([&b"a/b/"[..], b"a/", b"a/z", b"zz"])
            {
                let rest: Vec<_> = there
                    .iter()
                    .filter(|path| path.as_slice() > after)
                    .cloned()
                    .collect();
                assert_eq!(walk(after), rest, "{}", String::from_utf8_lossy(after));
            }
        }
    }
}
