//! Removing everything below a prefix, whatever it is and whatever it is called. No link is followed, and a
//! tree of any depth takes two open folders: what lies deeper is moved up, to be removed there.

use std::io;
use std::os::fd::OwnedFd;

use object_store::Result;
use object_store::path::Path;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::beneath::{Root, kind, look, split};
use super::walk::Names;
use super::write::new_name;

/// How often it is looked again whether anything was put there meanwhile.
const PASSES: usize = 16;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Root {
    /// Removes `prefix` and all that lies below it. What is gone already is no error. It blocks.
    pub(super) fn remove_all(&self, prefix: &Path) -> Result<()> {
        let path = prefix.as_ref().as_bytes();
        let (above, name) = split(path);
        match self.folder(above).and_then(|above| remove(&above, name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.unread(prefix, error)),
        }
        let cleared = self.remove_empty(above);
        cleared.map_err(|error| self.unread(prefix, error))
    }
}

fn remove(above: &OwnedFd, name: &[u8]) -> io::Result<()> {
    if kind(&look(above, name)?) != FileType::Directory {
        return Ok(unlinkat(above, name, AtFlags::empty())?);
    }
    let folder = openat(above, name, FOLDER, Mode::empty())?;
    for _ in 0..PASSES {
        empty(&folder)?;
        match unlinkat(above, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            removed => return Ok(removed?),
        }
    }
    Err(Errno::NOTEMPTY.into())
}

/// Goes on after what cannot be removed, and says it in the end.
fn empty(top: &OwnedFd) -> io::Result<()> {
    let mut failed = None;
    let mut keep = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            failed.get_or_insert(error);
        }
        _ => {}
    };
    let mut to_do: Vec<Vec<u8>> = Vec::new();
    let mut names = Names::of(top)?;
    loop {
        if let Some(name) = to_do.pop() {
            keep(empty_one(top, &name, &mut to_do));
            continue;
        }
        let Some((name, found)) = names.take_next() else {
            break;
        };
        if found == FileType::Directory {
            to_do.push(name.strip_suffix(b"/").unwrap_or(name).to_vec());
        } else {
            keep(unlinkat(top, name, AtFlags::empty()).map_err(io::Error::from));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Removes a folder in `top`, and moves the folders in it up there.
fn empty_one(top: &OwnedFd, name: &[u8], to_do: &mut Vec<Vec<u8>>) -> io::Result<()> {
    let folder = openat(top, name, FOLDER, Mode::empty())?;
    let mut names = Names::of(&folder)?;
    let mut failed = None;
    while let Some((inner, found)) = names.take_next() {
        let removed = if found == FileType::Directory {
            let inner = inner.strip_suffix(b"/").unwrap_or(inner);
            move_up(top, &folder, inner, to_do)
        } else {
            unlinkat(&folder, inner, AtFlags::empty())
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match (unlinkat(top, name, AtFlags::REMOVEDIR), failed) {
        // Something was put there meanwhile: the next pass finds it.
        (Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST), None) => Ok(()),
        (_, Some(error)) | (Err(error), None) => Err(error.into()),
    }
}

fn move_up(
    top: &OwnedFd,
    folder: &OwnedFd,
    inner: &[u8],
    to_do: &mut Vec<Vec<u8>>,
) -> std::result::Result<(), Errno> {
    // Most often it is a folder of files alone, or empty.
    match unlinkat(folder, inner, AtFlags::REMOVEDIR) {
        Err(Errno::NOTEMPTY | Errno::EXIST) => {}
        removed => return removed,
    }
    loop {
        let name = new_name("purged");
        // A folder never replaces one that has something in it, and one that was left by another process has.
        match renameat(folder, inner, top, &name) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(error),
            Ok(()) => {
                to_do.push(name.into_bytes());
                return Ok(());
            }
        }
    }
}
