//! Copies, renames and removals: names are given and taken away, bytes are not touched.

use std::io;
use std::os::fd::OwnedFd;

use object_store::path::Path;
use object_store::{CopyMode, Error as StoreError, RenameTargetMode, Result};
use rustix::fs::{AtFlags, Stat, fsync, renameat, unlinkat};
use rustix::io::Errno;

use super::beneath::{Root, kind, look, split};
use super::in_the_way::not_found;
use super::open::{is_reserved, meta_of};
use super::write::{Held, Publish, TRIED, free, only_a_file};

/// An object where it lies.
struct Source {
    folder: OwnedFd,
    found: Stat,
}

impl Root {
    /// Gives an object a second name: a copy is never written to, so it stays one.
    pub(super) fn copy(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<()> {
        let source = self.source(from)?;
        self.storable(to)?;
        let how = match mode {
            CopyMode::Overwrite if self.is_at(to, &source.found) => return Ok(()),
            CopyMode::Overwrite => Publish::Over,
            CopyMode::Create => Publish::New,
        };
        let (_, name) = split(from.as_ref().as_bytes());
        let staged = self.stage_link(&source.folder, name, to);
        let staged = staged.map_err(|error| self.gone_or_unwritten(from, to, error))?;
        let published = staged.publish(to, how);
        published.map_err(|error| self.unwritten(to, error))
    }

    /// Gives an object another name.
    pub(super) fn rename(&self, from: &Path, to: &Path, mode: RenameTargetMode) -> Result<()> {
        let source = self.source(from)?;
        self.storable(to)?;
        match mode {
            RenameTargetMode::Overwrite if from == to => Ok(()),
            RenameTargetMode::Overwrite => self.rename_over(from, to, &source),
            RenameTargetMode::Create => {
                self.copy(from, to, CopyMode::Create)?;
                // What was put meanwhile was not copied.
                let same = |found: &Stat| is_same(found, &source.found);
                self.remove_if(from, same).map(drop)
            }
        }
    }

    fn rename_over(&self, from: &Path, to: &Path, source: &Source) -> Result<()> {
        let (_, old) = split(from.as_ref().as_bytes());
        let (above, new) = split(to.as_ref().as_bytes());
        let is_one = self.is_at(to, &source.found);
        let once = || {
            let folder = self.make_folder(above)?;
            let held = Held::by_writers(&folder)?;
            free(&folder, new)?;
            renameat(&source.folder, old, &folder, new)?;
            drop(held);
            fsync(&folder)?;
            Ok(fsync(&source.folder)?)
        };
        let mut moved: io::Result<()> = once();
        for _ in 0..TRIED {
            match &moved {
                // The folder was empty and is gone, or the source is.
                Err(error) if is_gone(error) && self.source(from).is_ok() => moved = once(),
                _ => break,
            }
        }
        moved.map_err(|error| self.gone_or_unwritten(from, to, error))?;
        if is_one {
            // POSIX has it that a rename of one name of a file to another of its names does nothing at all.
            let same = |found: &Stat| is_same(found, &source.found);
            self.remove_if(from, same)?;
        }
        Ok(())
    }

    /// Removes a name, whatever it is the name of but a folder. What a link leads to is not touched.
    pub(super) fn remove(&self, location: &Path) -> Result<()> {
        let path = location.as_ref().as_bytes();
        if is_reserved(path) {
            return Err(not_found(location, Errno::NOENT.into()));
        }
        let (above, name) = split(path);
        let removed = self.folder(above).and_then(|folder| {
            let removed = unlinkat(folder, name, AtFlags::empty());
            Ok(removed?)
        });
        removed.map_err(|error| self.unread(location, error))?;
        let cleared = self.remove_empty(above);
        cleared.map_err(|error| self.unread(location, error))
    }

    /// Removes an object if it is still the one that has this etag. Whoever puts another there waits
    /// meanwhile: what is acknowledged stays.
    pub(super) fn remove_if_unchanged(&self, location: &Path, e_tag: &str) -> Result<bool> {
        self.remove_if(location, |found| {
            meta_of(found, location).e_tag.as_deref() == Some(e_tag)
        })
    }

    fn remove_if(&self, location: &Path, is_it: impl Fn(&Stat) -> bool) -> Result<bool> {
        let (above, name) = split(location.as_ref().as_bytes());
        let removed = self.folder(above).and_then(|folder| {
            let held = Held::alone(&folder)?;
            let is_it = match look(&folder, name) {
                Ok(found) => is_it(&found),
                Err(error) if is_gone(&error) => false,
                Err(error) => return Err(error),
            };
            if is_it {
                unlinkat(&folder, name, AtFlags::empty())?;
            }
            drop(held);
            Ok(is_it)
        });
        let removed = match removed {
            Err(error) if is_gone(&error) => false,
            removed => removed.map_err(|error| self.unwritten(location, error))?,
        };
        if removed {
            let cleared = self.remove_empty(above);
            cleared.map_err(|error| self.unread(location, error))?;
        }
        Ok(removed)
    }

    /// An object to copy or to move.
    fn source(&self, from: &Path) -> Result<Source> {
        let path = from.as_ref().as_bytes();
        if is_reserved(path) {
            return Err(not_found(from, Errno::NOENT.into()));
        }
        let (above, name) = split(path);
        let source = self.folder(above).and_then(|folder| {
            let found = look(&folder, name)?;
            only_a_file(kind(&found))?;
            Ok(Source { folder, found })
        });
        source.map_err(|error| self.unread(from, error))
    }

    /// Whether this object lies at `location` too.
    fn is_at(&self, location: &Path, object: &Stat) -> bool {
        let (above, name) = split(location.as_ref().as_bytes());
        let found = self.folder(above).and_then(|folder| look(folder, name));
        found.is_ok_and(|found| is_same(&found, object))
    }

    fn gone_or_unwritten(&self, from: &Path, to: &Path, error: io::Error) -> StoreError {
        match self.source(from) {
            Err(missing) => missing,
            Ok(_) => self.unwritten(to, error),
        }
    }
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
