//! What lies where a database lies, looked at before SQLite opens it: SQLite obeys more than the
//! database itself.
//!
//! The database, and its `-shm`, are never opened here: closing a file that this process has open
//! through SQLite would drop SQLite's locks (POSIX).

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use crate::{Damage, Hindrance};

/// What stands at the end of a journal that names another one, a *super-journal*. When SQLite has
/// played such a journal back it deletes the file that is named, whatever that is. Only a commit over
/// several databases makes one, and there is none here.
const SUPER_JOURNAL: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// The shortest journal that can name another.
const SHORTEST: u64 = 16;

/// Whether there is a file at `path`. What SQLite would take for a part of the database must be one.
pub(super) fn look(path: &Path) -> Result<bool, Fault> {
    let Some(database) = metadata(path)? else {
        return Ok(false);
    };
    // A folder is refused by SQLite itself.
    if !database.is_file() && !database.is_dir() {
        return Err(odd(path.to_owned()));
    }
    for part in ["-journal", "-wal", "-shm"] {
        let path = beside(path, part);
        let Some(found) = metadata(&path)? else {
            continue;
        };
        // Under a second name it may be any file of the account, which SQLite would write over.
        if !found.is_file() || found.nlink() > 1 {
            return Err(odd(path));
        }
        if part == "-journal" && names_another(&path)? {
            return Err(Fault::damaged(Damage::Journal(path)));
        }
    }
    Ok(true)
}

fn odd(path: PathBuf) -> Fault {
    Fault::damaged(Damage::NoFile(path))
}

fn beside(path: &Path, part: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(part);
    name.into()
}

/// Links are not followed.
fn metadata(path: &Path) -> Result<Option<Metadata>, Fault> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_absence(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn names_another(journal: &Path) -> Result<bool, Fault> {
    let file = match File::open(journal) {
        Ok(file) => file,
        // Another process has committed.
        Err(error) if is_absence(&error) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata()?.len();
    if length < SHORTEST {
        return Ok(false);
    }
    let mut end = [0; 8];
    file.read_exact_at(&mut end, length - 8)?;
    Ok(end == SUPER_JOURNAL)
}

/// How a database without a log is found that is opened as one that nobody changes: as long as this
/// stays the same, nobody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Still(Vec<Option<[i64; 7]>>);

/// How a database can be read that cannot be written.
pub(super) enum Reading {
    /// Together with its log, or without one.
    Shared,
    /// There is no log, and none can be made: only as a file that nobody changes.
    Still(Still),
}

/// How the database at `path`, which keeps a log, can be read where nothing can be written.
pub(super) fn reading(path: &Path) -> Result<Reading, Fault> {
    let log = metadata(&beside(path, "-wal"))?;
    let index = metadata(&beside(path, "-shm"))?;
    match (log, index) {
        (Some(_), Some(_)) => Ok(Reading::Shared),
        // What is in the log cannot be found without an index of it, and none can be made.
        (Some(log), None) if log.len() > 0 => Err(Hindrance::ReadOnly.into()),
        _ => Ok(Reading::Still(still(path)?)),
    }
}

/// How the database and its log are now.
pub(super) fn still(path: &Path) -> Result<Still, Fault> {
    let of = |path: &Path| -> Result<_, Fault> {
        Ok(metadata(path)?.map(|found| {
            let (device, inode) = (found.dev().cast_signed(), found.ino().cast_signed());
            [
                device,
                inode,
                found.len().cast_signed(),
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            ]
        }))
    };
    let parts = [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")];
    Ok(Still(
        parts
            .iter()
            .map(|part| of(part))
            .collect::<Result<_, _>>()?,
    ))
}
