//! Removing a file on condition that it is still the one that was read.
//!
//! No call removes a file on a condition. So it is moved out of the way first, into a folder of ours beside it,
//! and looked at there, where nobody else replaces it; another one than was read is put back.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::Failure;

/// Removes what lies at `path` if `is_it` says so of it. It blocks.
pub(super) fn take_away(
    path: &Path,
    is_it: impl Fn(&Path, &Metadata) -> bool,
) -> Result<(), Failure> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let failed = |error| Failure::file("removing", path)(error);
    let Some(name) = path.file_name() else {
        return Err(failed(io::ErrorKind::InvalidFilename.into()));
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let aside = path.with_file_name(format!(".strongroom-{}-{number}", std::process::id()));
    fs::create_dir(&aside).map_err(failed)?;
    let moved = aside.join(name);
    let taken = fs::rename(path, &moved).and_then(|()| {
        if is_it(&moved, &moved.symlink_metadata()?) {
            return fs::remove_file(&moved).map(|()| true);
        }
        put_back(&moved, path).map(|()| false)
    });
    let emptied = fs::remove_dir(&aside);
    match taken {
        Ok(true) => emptied.map_err(failed),
        Ok(false) => Err(Failure::ChangedMeanwhile(path.display().to_string())),
        // It lies where it was moved to if it could not be put back.
        Err(_) if emptied.is_err() => Err(Failure::ChangedMeanwhile(moved.display().to_string())),
        Err(error) => Err(failed(error)),
    }
}

/// Never over what was put there meanwhile.
fn put_back(moved: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(moved, path) {
        Ok(()) => fs::remove_file(moved),
        // A folder has no second name, nor has anything on some file systems.
        Err(_) if path.symlink_metadata().is_err() => fs::rename(moved, path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_another_by_then_is_put_back_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        fs::write(&path, "new").unwrap();
        let refused = take_away(&path, |_, found| found.len() == 99);
        assert!(matches!(refused, Err(Failure::ChangedMeanwhile(_))));
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(), 1);
        take_away(&path, |_, found| found.len() == 3).unwrap();
        assert_eq!(names(), 0);
        assert!(take_away(&path, |_, _| true).is_err());
        assert_eq!(names(), 0);
        // One that was put there meanwhile stays, and so does the one that was moved.
        fs::write(&path, "moved").unwrap();
        let refused = take_away(&path, |_, _| {
            fs::write(&path, "newest").unwrap();
            false
        });
        assert!(matches!(refused, Err(Failure::ChangedMeanwhile(_))));
        assert_eq!(fs::read(&path).unwrap(), b"newest");
        assert_eq!(names(), 2);
    }
}
