//! Opening an object's file on the thread that then reads it. Through the library's own `get_opts` that
//! would be a visit of the blocking pool of its own, which costs a small read a third of its time.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use object_store::path::Path;
use object_store::{Error as StoreError, GetOptions, ObjectMeta, Result};

use super::in_the_way::is_blocked;
use super::{LocalFolder, is_absence, local_io};

impl LocalFolder {
    /// The file of an object, and what the library says of it. Conditions are checked; a range is the
    /// caller's to check. It blocks.
    pub(crate) fn open_file(
        &self,
        location: &Path,
        options: &GetOptions,
    ) -> Result<(File, ObjectMeta)> {
        let path = self.inner.path_to_filesystem(location)?;
        let opened = File::open(&path).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "it is a folder"));
            }
            Ok((file, metadata))
        });
        let (file, metadata) = opened.map_err(|error| {
            if is_absence(&error) || is_blocked(&self.root, &path) {
                let path = location.to_string();
                let source = Box::new(error);
                return StoreError::NotFound { path, source };
            }
            local_io(error)
        })?;
        let meta = meta(&metadata, location).map_err(local_io)?;
        options.check_preconditions(&meta)?;
        Ok((file, meta))
    }
}

/// As the library has it, whose other answers must agree.
fn meta(metadata: &Metadata, location: &Path) -> io::Result<ObjectMeta> {
    let modified = metadata.modified()?;
    let since_1970 = modified.duration_since(SystemTime::UNIX_EPOCH);
    let (inode, size) = (metadata.ino(), metadata.len());
    let micros = since_1970.unwrap_or_default().as_micros();
    Ok(ObjectMeta {
        location: location.clone(),
        last_modified: modified.into(),
        size,
        e_tag: Some(format!("\"{inode:x}-{micros:x}-{size:x}\"")),
        version: None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use object_store::{ObjectStore as _, ObjectStoreExt as _};

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_opened_is_described_as_the_library_describes_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFolder::open(folder.path()).unwrap();
        for (name, length) in [("empty", 0), ("one", 1), ("a/b c/ü", 70_000)] {
            let path = Path::from(name);
            store.put(&path, vec![7; length].into()).await.unwrap();
            let any = GetOptions::default();
            let (file, meta) = store.open_file(&path, &any).unwrap();
            assert_eq!(meta, store.head(&path).await.unwrap());
            assert_eq!(file.metadata().unwrap().len(), length as u64);

            let other = GetOptions {
                if_match: Some("other".to_owned()),
                ..GetOptions::default()
            };
            let same = GetOptions {
                if_none_match: meta.e_tag.clone(),
                ..GetOptions::default()
            };
            for options in [other, same] {
                let ours = store.open_file(&path, &options).unwrap_err();
                let theirs = store.get_opts(&path, options).await.unwrap_err();
                assert_eq!(ours.to_string(), theirs.to_string());
            }
        }
        // A time before 1970 is none.
        let path = Path::from("one");
        let file = File::options()
            .write(true)
            .open(folder.path().join("one"))
            .unwrap();
        let before = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(5);
        file.set_modified(before).unwrap();
        let (_, meta) = store.open_file(&path, &GetOptions::default()).unwrap();
        assert_eq!(meta, store.head(&path).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_no_object_is_not_found_whoever_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFolder::open(folder.path()).unwrap();
        store.put(&"a/file".into(), "text".into()).await.unwrap();
        fs::write(folder.path().join("staged#1"), "text").unwrap();
        for name in ["a", "none", "a/file/below", "staged#1"] {
            let path = Path::from(name);
            let any = GetOptions::default();
            let ours = store.open_file(&path, &any).unwrap_err();
            let theirs = store.get_opts(&path, any).await.unwrap_err();
            let kind = std::mem::discriminant::<StoreError>;
            assert_eq!(kind(&ours), kind(&theirs), "{name}: {ours} {theirs}");
        }
    }
}
