//! A file that is being written: it has its name once it is whole, and whatever cuts it off leaves nothing.
//!
//! It has no name at all meanwhile, where the file system can do that. Elsewhere it has one that `put` knows
//! and leaves out, and that is removed with the value here; only a process that is killed leaves it.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// How the name begins that a file has before it is whole. Two numbers follow.
const NAME: &str = ".strongroom-";

/// A number of this process alone: process ids are not, where two containers write to one folder.
static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

/// Whether a file of this name is one that was never finished.
pub(crate) fn is_unfinished(name: &OsStr) -> bool {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let numbers = name.as_bytes().strip_prefix(NAME.as_bytes());
    numbers.is_some_and(|numbers| {
        let mut parts = numbers.splitn(2, |byte| *byte == b'-');
        parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number)
    })
}

/// A name that is removed again unless it is given up for another.
pub(super) struct Provisional {
    path: PathBuf,
}

impl Provisional {
    /// Beside `path`. `number` is nobody else's in this process.
    pub(super) fn beside(path: &Path, number: usize) -> Self {
        Self {
            path: path.with_file_name(format!("{NAME}{}-{number}", *PROCESS)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it the name that it is to have.
    pub(super) fn rename(self, to: &Path, replace: bool) -> io::Result<()> {
        if replace {
            return fs::rename(&self.path, to);
        }
        match rustix::fs::renameat_with(CWD, &self.path, CWD, to, RenameFlags::NOREPLACE) {
            // The file system does not know the flag.
            Err(Errno::INVAL | Errno::NOSYS) if fs::symlink_metadata(to).is_err() => {
                fs::rename(&self.path, to)
            }
            Err(Errno::INVAL | Errno::NOSYS) => Err(io::ErrorKind::AlreadyExists.into()),
            renamed => Ok(renamed?),
        }
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        // Not there any more once it was renamed.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file on its way to `path`.
pub(super) struct Unfinished {
    path: PathBuf,
    number: usize,
    /// None while the file has no name.
    named: Option<Provisional>,
}

impl Unfinished {
    pub(super) fn begin(path: &Path, number: usize) -> io::Result<(Self, File)> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let nameless = open_without_name(folder.unwrap_or(Path::new(".")));
        let (file, named) = if let Some(file) = nameless {
            (file, None)
        } else {
            let named = Provisional::beside(path, number);
            let file = File::create_new(named.path())?;
            (file, Some(named))
        };
        let unfinished = Self {
            path: path.to_owned(),
            number,
            named,
        };
        Ok((unfinished, file))
    }

    /// Gives the file its name, now that it is whole.
    pub(super) fn publish(self, file: &File, replace: bool) -> io::Result<()> {
        let named = match self.named {
            Some(named) => named,
            None => match link(file, &self.path) {
                // A link replaces nothing: it is made beside, and takes the place by a rename.
                Err(error) if replace && error.kind() == io::ErrorKind::AlreadyExists => {
                    let named = Provisional::beside(&self.path, self.number);
                    link(file, named.path())?;
                    named
                }
                linked => return linked,
            },
        };
        named.rename(&self.path, replace)
    }
}

/// A new file without a name. None where there is no such thing: then it needs one from the start.
fn open_without_name(folder: &Path) -> Option<File> {
    // What gives it its name later.
    fs::symlink_metadata(DESCRIPTORS).ok()?;
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    rustix::fs::open(folder, flags, mode).ok().map(File::from)
}

/// Where a process finds its open files.
const DESCRIPTORS: &str = "/proc/self/fd";

fn link(file: &File, to: &Path) -> io::Result<()> {
    let from = Path::new(DESCRIPTORS).join(file.as_raw_fd().to_string());
    Ok(rustix::fs::linkat(
        CWD,
        from,
        CWD,
        to,
        AtFlags::SYMLINK_FOLLOW,
    )?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Writes a file, by way of a name or without one.
    fn write(path: &Path, text: &str, replace: bool, by_name: bool) -> io::Result<()> {
        let (mut unfinished, mut file) = Unfinished::begin(path, 7)?;
        if by_name {
            let named = Provisional::beside(path, 7);
            file = File::create_new(named.path())?;
            unfinished.named = Some(named);
        }
        file.write_all(text.as_bytes())?;
        unfinished.publish(&file, replace)
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole_and_replaces_only_what_is_meant() {
        for by_name in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("it");
            write(&path, "one", false, by_name).unwrap();
            let there = write(&path, "two", false, by_name).unwrap_err();
            assert_eq!(there.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&path).unwrap(), b"one");
            write(&path, "two", true, by_name).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"two");
            assert_eq!(names(folder.path()), ["it"]);
        }
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it");
        let (unfinished, mut file) = Unfinished::begin(&path, 1).unwrap();
        file.write_all(b"clear").unwrap();
        drop((unfinished, file));
        let named = Provisional::beside(&path, 2);
        fs::write(named.path(), "clear").unwrap();
        assert!(is_unfinished(named.path().file_name().unwrap()));
        drop(named);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn nothing_else_has_such_a_name() {
        for name in [
            ".strongroom-",
            ".strongroom-1",
            ".strongroom-1-",
            ".strongroom-1-2x",
            "strongroom-1-2",
        ] {
            assert!(!is_unfinished(OsStr::new(name)), "{name}");
        }
        assert!(!is_unfinished(OsStr::new(".strongroom-planted-canary")));
        assert!(is_unfinished(OsStr::new(".strongroom-12-0")));
    }
}
