//! What killed writes leave behind.
//!
//! The local store writes an object beside its place under the name `NAME#N`, and renames it. A
//! process that is killed in between leaves that file: sealed bytes that nothing names.

use std::fs::{self, File};
use std::io;
use std::path::Path as OsPath;
use std::time::{Duration, SystemTime};

use strongroom_base::Timestamp;
use walkdir::WalkDir;

use super::{LocalFolder, blocking, is_absence};

/// A write that has not gone on for so long is abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// All files are looked at, so not at every start.
const AT_MOST_EVERY: Duration = Duration::from_hours(24);

/// Its time is that of the last sweep. It lies above the objects of every resource.
const MARKER: &str = ".swept";

impl LocalFolder {
    /// Removes abandoned writes, once a day: whoever opens the folder first does it.
    pub(crate) async fn sweep(&self, now: Timestamp) -> object_store::Result<()> {
        let root = self.root.clone();
        let removed = blocking(move || sweep(&root, now)).await?;
        if removed > 0 {
            tracing::info!(removed, "abandoned writes were removed");
        }
        Ok(())
    }
}

fn sweep(root: &OsPath, now: Timestamp) -> io::Result<u64> {
    let marker = root.join(MARKER);
    let is_older = |path: &OsPath, age: Duration| {
        path.symlink_metadata()
            .and_then(|found| found.modified())
            .map(|changed| now.saturating_since(timestamp(changed)) >= age)
    };
    match is_older(&marker, AT_MOST_EVERY) {
        Ok(false) => return Ok(0),
        Ok(true) => {}
        Err(error) if is_absence(&error) => {}
        Err(error) => return Err(error),
    }
    let mut removed = 0;
    for entry in WalkDir::new(root) {
        let entry = match entry {
            Ok(entry) => entry,
            // Gone since its folder was read.
            Err(error) if error.io_error().is_some_and(is_absence) => continue,
            Err(error) => return Err(error.into()),
        };
        let is_write =
            entry.file_type().is_file() && is_unfinished(entry.file_name().as_encoded_bytes());
        if !is_write || !is_older(entry.path(), ABANDONED_AFTER).unwrap_or(false) {
            continue;
        }
        match fs::remove_file(entry.path()) {
            Ok(()) => removed += 1,
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    File::create(marker)?
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_unix_millis()))?;
    Ok(removed)
}

/// Whether this is the name of a write under way, which no object can have. A renamed object that was
/// moved aside is left alone: it may be the only one of its bytes.
fn is_unfinished(name: &[u8]) -> bool {
    let mut parts = name.splitn(2, |byte| *byte == b'#');
    let (before, after) = (parts.next(), parts.next().unwrap_or_default());
    !after.is_empty()
        && after.iter().all(u8::is_ascii_digit)
        && !before.is_some_and(|before| before.starts_with(super::ASIDE.as_bytes()))
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    Timestamp::from_unix_millis(millis)
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt as _;
    use object_store::path::Path;
    use strongroom_base::Clock as _;

    use super::*;
    use crate::SystemClock;

    fn later(hours: u64) -> Timestamp {
        Timestamp::from_unix_millis(SystemClock.now().as_unix_millis() + hours * 3_600_000)
    }

    #[tokio::test]
    async fn abandoned_writes_go_once_a_day_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFolder::open(folder.path()).unwrap();
        let kept = Path::from("r/1/o/kept");
        store.put(&kept, "text".into()).await.unwrap();
        // A process that is killed leaves what an upload has written so far.
        let mut upload = store.put_multipart(&kept).await.unwrap();
        upload.put_part("more".into()).await.unwrap();
        std::mem::forget(upload);
        let left = folder.path().join("r/1/o/kept#1");
        let others = ["r/1/o/a#b", "r/1/o/#", "r/1/o/.renamed-7#1"];
        for other in others {
            fs::write(folder.path().join(other), "text").unwrap();
        }
        assert!(left.exists());
        store.sweep(later(0)).await.unwrap();
        assert!(left.exists(), "it may be at work still");
        store.sweep(later(23)).await.unwrap();
        assert!(left.exists());
        store.sweep(later(25)).await.unwrap();
        assert!(!left.exists());
        for other in others {
            assert!(folder.path().join(other).exists(), "{other}");
        }
        store.head(&kept).await.unwrap();

        fs::write(&left, "again").unwrap();
        store.sweep(later(26)).await.unwrap();
        assert!(left.exists(), "not every start looks at every file");
        store.sweep(later(50)).await.unwrap();
        assert!(!left.exists());
    }
}
