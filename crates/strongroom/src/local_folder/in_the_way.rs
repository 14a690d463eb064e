//! What is in the way of an object in the folder, and what a failed call means.
//!
//! A folder keeps no object at a path above or below another's, as other stores do, and takes no path of
//! any length. And what lies in it was not all put there by us: a link, a pipe or a name that no object
//! has is said to be what it is, at the path of the object that was asked for, and never used.

use std::io;

use object_store::Error as StoreError;
use object_store::path::Path;
use rustix::fs::FileType;
use rustix::io::Errno;

use super::beneath::{Obstacle, Root, STORE, is_absence};
use crate::error::{Error, FolderError, Trouble};

impl From<FolderError> for StoreError {
    fn from(error: FolderError) -> Self {
        Self::Generic {
            store: STORE,
            source: Box::new(Error::Folder(error)),
        }
    }
}

/// What is wrong at `location`.
pub(super) fn trouble(location: &Path, trouble: Trouble) -> StoreError {
    let path = location.to_string();
    FolderError { path, trouble }.into()
}

impl Root {
    /// What a failed read means: nothing can lie below an object, nor in a folder's own place.
    pub(super) fn unread(&self, location: &Path, error: io::Error) -> StoreError {
        let is_none =
            is_absence(&error) || is(&error, &[Errno::NAMETOOLONG, Errno::ISDIR, Errno::NXIO]);
        match self.obstacle(location.as_ref().as_bytes()) {
            Some(found) if !is_file(found) => trouble(location, foreign(found)),
            Some(Obstacle { below: 1.., .. }) => not_found(location, error),
            _ if is_none => not_found(location, error),
            _ => failed(location, error),
        }
    }

    /// What a failed write means.
    pub(super) fn unwritten(&self, location: &Path, error: io::Error) -> StoreError {
        if is(&error, &[Errno::NAMETOOLONG]) {
            return trouble(location, Trouble::TooLong);
        }
        if is(&error, &[Errno::WOULDBLOCK]) {
            return trouble(location, Trouble::Held);
        }
        let blocked = [
            Errno::NOTDIR,
            Errno::LOOP,
            Errno::ISDIR,
            Errno::NXIO,
            Errno::NOTEMPTY,
        ];
        match self.obstacle(location.as_ref().as_bytes()) {
            Some(found) if !is_file(found) => trouble(location, foreign(found)),
            Some(Obstacle { below: 0, .. }) if is(&error, &[Errno::EXIST]) => {
                let (path, source) = (location.to_string(), Box::new(error));
                StoreError::AlreadyExists { path, source }
            }
            Some(Obstacle { below, .. }) if below > 0 && is(&error, &blocked) => {
                trouble(location, Trouble::ObjectAbove { below })
            }
            None if is(&error, &[Errno::ISDIR, Errno::EXIST, Errno::NOTEMPTY]) => {
                trouble(location, Trouble::FolderThere)
            }
            _ => failed(location, error),
        }
    }
}

/// What a thing that we did not make means for who meets it.
pub(super) fn foreign(found: Obstacle) -> Trouble {
    let below = found.below;
    match found.kind {
        FileType::Symlink => Trouble::Link { below },
        _ => Trouble::NotAFile { below },
    }
}

fn is_file(found: Obstacle) -> bool {
    found.kind == FileType::RegularFile
}

fn is(error: &io::Error, any: &[Errno]) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| any.contains(&errno))
}

pub(super) fn not_found(location: &Path, error: io::Error) -> StoreError {
    let (path, source) = (location.to_string(), Box::new(error));
    StoreError::NotFound { path, source }
}

/// What the operating system said, of the object that it was about.
pub(super) fn failed(location: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let (path, source) = (location.to_string(), Box::new(error));
            StoreError::PermissionDenied { path, source }
        }
        _ => StoreError::Generic {
            store: STORE,
            source: Box::new(error),
        },
    }
}
