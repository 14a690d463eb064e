//! What lies below the objects folder, reached without a symbolic link.
//!
//! Whoever may write in the folder could leave a link there, at any time, also between a look at a path and
//! its use. So a path is never used as such: it is opened part by part from the folder's own descriptor, by
//! the kernel in one call where it can, and what is done to a name is done to it in the folder that was
//! opened.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path as OsPath, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fsync, mkdirat, openat, openat2,
    statat, unlinkat,
};
use rustix::io::Errno;

use crate::error::LONGEST_PATH;

/// What errors of the folder name themselves after.
pub(super) const STORE: &str = "LocalFolder";

/// How often a folder is made again that was removed, being empty, before anything was put in it.
const MADE_AGAIN: usize = 1_000;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Runs what blocks away from the async workers, if there are any.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> object_store::Result<T> + Send + 'static,
) -> object_store::Result<T> {
    strongroom_ledger::runtime::blocking(work).await?
}

/// To look at a folder and what it names, and no more.
const GLANCE: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A pipe or a device must not keep whoever opens it.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The objects folder. Whatever becomes of its path, it stays the one that was opened.
#[derive(Debug)]
pub(super) struct Root {
    folder: OwnedFd,
    path: PathBuf,
    /// Whether the kernel follows a whole path without links, in one call.
    in_one_call: bool,
}

/// What lies at a path instead of a folder that leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) kind: FileType,
    /// How many parts of the path come after it.
    pub(super) below: usize,
}

impl Root {
    /// The folder at `path`, which itself must not be a link; what leads there may.
    pub(super) fn open(path: &OsPath) -> io::Result<Self> {
        let folder = openat(CWD, path, FOLDER, Mode::empty())?;
        Ok(Self {
            in_one_call: in_one_call(&folder, b".", GLANCE).is_ok(),
            folder,
            // For messages, as links are resolved now.
            path: path.canonicalize()?,
        })
    }

    /// The same, as with a kernel that cannot follow a path in one call.
    #[cfg(test)]
    pub(super) fn in_steps(mut self) -> Self {
        self.in_one_call = false;
        self
    }

    pub(super) fn path(&self) -> &OsPath {
        &self.path
    }

    /// A folder below.
    pub(super) fn folder(&self, path: &[u8]) -> io::Result<OwnedFd> {
        self.open_below(path, FOLDER)
    }

    /// A regular file, and what there is to say of it.
    pub(super) fn file(&self, path: &[u8]) -> io::Result<(File, std::fs::Metadata)> {
        let file = File::from(self.open_below(path, FILE)?);
        let found = file.metadata()?;
        if found.is_file() {
            return Ok((file, found));
        }
        Err(Errno::NXIO.into())
    }

    /// A folder below, made if it is not there. Its name is durable, and those above it.
    pub(super) fn make_folder(&self, path: &[u8]) -> io::Result<OwnedFd> {
        match self.folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        for _ in 0..MADE_AGAIN {
            match self.make_each(path) {
                // It was empty, so whoever removed the last object next to it has removed it.
                Err(Errno::NOENT) => {}
                made => return Ok(made?),
            }
        }
        Err(Errno::NOENT.into())
    }

    fn make_each(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        let mut above = openat(&self.folder, ".", FOLDER, Mode::empty())?;
        for part in parts(path) {
            let mode = Mode::RWXU | Mode::RWXG | Mode::RWXO;
            match mkdirat(&above, part, mode) {
                Ok(()) => fsync(&above)?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            above = openat(&above, part, FOLDER, Mode::empty())?;
        }
        Ok(above)
    }

    /// What is in the way of `path`, from the root down; none if there is nothing, or folders alone.
    pub(super) fn obstacle(&self, path: &[u8]) -> Option<Obstacle> {
        let all: Vec<_> = parts(path).collect();
        let mut above = openat(&self.folder, ".", GLANCE, Mode::empty()).ok()?;
        for (number, part) in all.iter().enumerate() {
            let found = statat(&above, *part, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let kind = kind(&found);
            if kind != FileType::Directory {
                let below = all.len().saturating_sub(number + 1);
                return Some(Obstacle { kind, below });
            }
            above = openat(&above, *part, GLANCE, Mode::empty()).ok()?;
        }
        None
    }

    /// Removes folders that have become empty, from `path` up to the root, and makes that durable.
    pub(super) fn remove_empty(&self, path: &[u8]) -> io::Result<()> {
        let mut path = path;
        loop {
            let (above, name) = split(path);
            let removed = !path.is_empty()
                && self
                    .open_below(above, GLANCE)
                    .is_ok_and(|folder| unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok());
            if !removed {
                break;
            }
            path = above;
        }
        self.sync_nearest(path)
    }

    /// Syncs a folder, or the nearest above it if it is gone: the names in it are gone with it.
    pub(super) fn sync_nearest(&self, path: &[u8]) -> io::Result<()> {
        let mut path = path;
        loop {
            match self.folder(path) {
                Ok(folder) => return Ok(fsync(folder)?),
                Err(error) if is_absence(&error) && !path.is_empty() => path = split(path).0,
                Err(error) => return Err(error),
            }
        }
    }

    fn open_below(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        if path.len() > LONGEST_PATH {
            return Err(Errno::NAMETOOLONG.into());
        }
        let path = if path.is_empty() { b"." } else { path };
        if self.in_one_call {
            return Ok(in_one_call(&self.folder, path, flags)?);
        }
        let (above, name) = split(path);
        let mut folder: Option<OwnedFd> = None;
        for part in parts(above) {
            let from = folder.as_ref().unwrap_or(&self.folder);
            folder = Some(openat(from, part, GLANCE, Mode::empty())?);
        }
        let from = folder.as_ref().unwrap_or(&self.folder);
        Ok(openat(from, name, flags, Mode::empty())?)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

fn in_one_call(root: &OwnedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(root, path, flags, Mode::empty(), resolve)
}

/// The folder of a path, and the name in it.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => {
            let (above, name) = path.split_at(at);
            (above, name.get(1..).unwrap_or_default())
        }
        None => (b"", path),
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &OsStr> {
    path.split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty())
        .map(OsStr::from_bytes)
}

/// What a name is, itself: a link is a link.
pub(super) fn look(folder: impl AsFd, name: &[u8]) -> io::Result<Stat> {
    Ok(statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

pub(super) fn kind(found: &Stat) -> FileType {
    FileType::from_raw_mode(found.st_mode)
}

/// When it was written last.
pub(super) fn modified(found: &Stat) -> SystemTime {
    let seconds = Duration::from_secs(found.st_mtime.unsigned_abs());
    let whole = if found.st_mtime < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    let nanos = Duration::from_nanos(found.st_mtime_nsec);
    whole
        .and_then(|whole| whole.checked_add(nanos))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
