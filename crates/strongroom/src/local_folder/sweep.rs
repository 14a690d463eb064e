//! What killed writes leave behind.
//!
//! An object is written beside its place under a name that ends in `#` and a number, and gets its own name
//! then. A process that is killed in between leaves that file: sealed bytes that nothing names.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, unlinkat};
use strongroom_base::Timestamp;

use super::LocalFolder;
use super::beneath::{Root, STORE, blocking, kind, look, modified, split};
use super::open::is_reserved;
use super::walk::Walk;
use super::write::new_name;

/// A write that has not gone on for so long is abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// All files are looked at, so not at every start.
const AT_MOST_EVERY: Duration = Duration::from_hours(24);

/// Its time is that of the last sweep. It lies above the objects of every resource.
const MARKER: &str = ".swept";

/// How the name of an object begins that an earlier version moved out of a rename's way. It is left alone: it
/// may be the only one of its bytes.
const ASIDE: &[u8] = b".renamed-";

impl LocalFolder {
    /// Removes abandoned writes, once a day: whoever opens the folder first does it.
    pub(crate) async fn sweep(&self, now: Timestamp) -> object_store::Result<()> {
        let root = Arc::clone(&self.root);
        let removed = blocking(move || {
            sweep(&root, now).map_err(|source| object_store::Error::Generic {
                store: STORE,
                source: Box::new(source),
            })
        })
        .await?;
        if removed > 0 {
            tracing::info!(removed, "abandoned writes were removed");
        }
        Ok(())
    }
}

fn sweep(root: &Arc<Root>, now: Timestamp) -> io::Result<u64> {
    // Anything else of that name is no marker of ours.
    let swept = match look(root, MARKER.as_bytes()) {
        Ok(found) if kind(&found) == FileType::RegularFile => Some(modified(&found)),
        Ok(_) => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let is_older = |time: SystemTime, age| now.saturating_since(timestamp(time)) >= age;
    if swept.is_some_and(|swept| !is_older(swept, AT_MOST_EVERY)) {
        return Ok(0);
    }
    let mut removed = 0;
    let mut walk = Walk::through(Arc::clone(root), b"")?;
    while let Some(entry) = walk.next() {
        let (_, name) = split(&entry.path);
        if entry.kind != FileType::RegularFile || !is_unfinished(name) {
            continue;
        }
        // What cannot be looked at or removed stays, and the rest goes.
        let gone = walk.folder().and_then(|folder| {
            let found = look(folder, name)?;
            let abandoned = kind(&found) == FileType::RegularFile
                && is_older(modified(&found), ABANDONED_AFTER);
            if abandoned {
                unlinkat(folder, name, AtFlags::empty())?;
            }
            Ok(abandoned)
        });
        match gone {
            Ok(gone) => removed += u64::from(gone),
            Err(error) => {
                let path = String::from_utf8_lossy(&entry.path);
                tracing::warn!(%path, %error, "an abandoned write could not be removed");
            }
        }
    }
    mark(root, now)?;
    Ok(removed)
}

/// Leaves a new marker in the place of what is there: nothing that is there is written to.
fn mark(root: &Root, now: Timestamp) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let name = new_name("swept");
    let file = openat(root, &name, flags, Mode::from_raw_mode(0o666))?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_unix_millis());
    let marked = std::fs::File::from(file)
        .set_modified(time)
        .and_then(|()| Ok(renameat(root, &name, root, MARKER)?));
    if marked.is_err() {
        let _ = unlinkat(root, &name, AtFlags::empty());
    }
    marked
}

fn is_unfinished(name: &[u8]) -> bool {
    is_reserved(name) && !name.starts_with(ASIDE)
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
    use std::fs;

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
        let mut written = fs::read_dir(folder.path().join("r/1/o")).unwrap();
        let left = written
            .find_map(|entry| Some(entry.ok()?.path()).filter(|path| !path.ends_with("kept")))
            .unwrap();
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
