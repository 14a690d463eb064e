//! Objects in a local folder, so that what was acknowledged survives a power cut.

mod in_the_way;
mod open;
mod sweep;

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path as OsPath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Extensions, GetOptions, GetResult, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, RenameTargetMode, Result,
};

use self::in_the_way::Upload;

/// Deletions that are carried out at once, in order.
const DELETES_AT_ONCE: usize = 10;

/// How the name of a file begins that was moved out of a rename's way.
const ASIDE: &str = ".renamed-";

/// `object_store`'s local store with fsync, and with durable deletes, which it leaves to its users.
#[derive(Clone, Debug)]
pub(crate) struct LocalFolder {
    inner: std::sync::Arc<LocalFileSystem>,
    root: PathBuf,
}

impl LocalFolder {
    /// A store in `folder`, which exists.
    pub(crate) fn open(folder: &OsPath) -> Result<Self> {
        let inner = LocalFileSystem::new_with_prefix(folder)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            inner: inner.into(),
            // As the store spells it, links resolved.
            root: folder.canonicalize().map_err(local_io)?,
        })
    }
}

impl std::fmt::Display for LocalFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for LocalFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        match self.inner.put_opts(location, payload, options).await {
            Ok(result) => Ok(result),
            Err(error) => Err(self.unwritten(location, error).await),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        match self.inner.put_multipart_opts(location, options).await {
            Ok(inner) => Ok(Box::new(Upload {
                inner,
                folder: self.clone(),
                location: location.clone(),
            })),
            Err(error) => Err(self.unwritten(location, error).await),
        }
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.inner.get_opts(location, options).await {
            Ok(result) => Ok(result),
            Err(error) => Err(self.unread(location, error).await),
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.inner.get_ranges(location, ranges).await {
            Ok(blocks) => Ok(blocks),
            Err(error) => Err(self.unread(location, error).await),
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .map(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    match store.inner.delete(&location).await {
                        Ok(()) => store.sync_parent(&location).await?,
                        Err(error) => return Err(store.unread(&location, error).await),
                    }
                    Ok(location)
                }
            })
            .buffered(DELETES_AT_ONCE)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.without_paths_below_objects(prefix, self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.without_paths_below_objects(prefix, self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.inner.list_with_delimiter(prefix).await {
            Err(error) if self.is_nothing(prefix, &error).await => Ok(ListResult {
                common_prefixes: Vec::new(),
                objects: Vec::new(),
                extensions: Extensions::default(),
            }),
            listed => listed,
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        if matches!(options.mode, CopyMode::Overwrite) && self.are_one_file(from, to).await? {
            return Ok(());
        }
        match self.inner.copy_opts(from, to, options).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.uncopied(from, to, error).await),
        }
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.is_no_folder(from).await?;
        let overwrites = matches!(options.target_mode, RenameTargetMode::Overwrite);
        if let Err(error) = self.inner.rename_opts(from, to, options).await {
            return Err(self.uncopied(from, to, error).await);
        }
        if overwrites && from != to && self.are_one_file(from, to).await? {
            self.unlink_after_rename(from, to).await?;
        }
        Ok(())
    }
}

impl LocalFolder {
    fn without_paths_below_objects(
        &self,
        prefix: Option<&Path>,
        listed: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (folder, prefix) = (self.clone(), prefix.cloned());
        listed
            .filter_map(move |entry| {
                let asked = entry.is_err().then(|| (folder.clone(), prefix.clone()));
                async move {
                    match (entry, asked) {
                        (Err(error), Some((folder, prefix)))
                            if folder.is_nothing(prefix.as_ref(), &error).await =>
                        {
                            None
                        }
                        (entry, _) => Some(entry),
                    }
                }
            })
            .boxed()
    }

    async fn is_nothing(&self, prefix: Option<&Path>, error: &object_store::Error) -> bool {
        match prefix {
            Some(prefix) => self.is_below_an_object(prefix, error).await,
            None => false,
        }
    }
}

// A copy is a link to the same file. POSIX has it that a rename of one such name to the other does
// nothing at all and succeeds: it would leave the old name, or the name of a staged copy.
impl LocalFolder {
    /// Whether both names are there and are links to one file.
    async fn are_one_file(&self, from: &Path, to: &Path) -> Result<bool> {
        let (from, to) = (
            self.inner.path_to_filesystem(from)?,
            self.inner.path_to_filesystem(to)?,
        );
        blocking(move || are_one_file(&from, &to)).await
    }

    /// Takes the old name away after a rename that did nothing.
    async fn unlink_after_rename(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (
            self.inner.path_to_filesystem(from)?,
            self.inner.path_to_filesystem(to)?,
        );
        blocking(move || unlink_after_rename(&from, &to)).await
    }

    /// Makes the removal of `location` durable: no folder names it on disk either.
    async fn sync_parent(&self, location: &Path) -> Result<()> {
        let file = self.inner.path_to_filesystem(location)?;
        blocking(move || sync_nearest(&file)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    strongroom_ledger::runtime::blocking(work)
        .await?
        .map_err(local_io)
}

fn local_io(source: io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "LocalFolder",
        source: Box::new(source),
    }
}

fn are_one_file(from: &OsPath, to: &OsPath) -> io::Result<bool> {
    let id = |path: &OsPath| match path.symlink_metadata() {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    };
    let from = id(from)?;
    Ok(from.is_some() && from == id(to)?)
}

/// The old name is moved out of sight first, so that an object which is put there meanwhile is not
/// removed but renamed, as if it had been put before.
fn unlink_after_rename(from: &OsPath, to: &OsPath) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // No listing of the local store shows a name that ends in `#` and digits; the process id keeps
    // two processes apart.
    let aside = from.with_file_name(format!("{ASIDE}{}#{number}", std::process::id()));
    let gone = |error: io::Error| {
        if is_absence(&error) {
            Ok(())
        } else {
            Err(error)
        }
    };
    match fs::rename(from, &aside) {
        Ok(()) => {}
        Err(error) => return gone(error),
    }
    fs::rename(&aside, to)?;
    fs::remove_file(&aside).or_else(gone)?;
    sync_nearest(from)?;
    sync_nearest(to)
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Syncs the nearest folder above `file` that is left: those that became empty are gone with it.
fn sync_nearest(file: &OsPath) -> io::Result<()> {
    for folder in file.ancestors().skip(1) {
        match File::open(folder) {
            Ok(folder) => return folder.sync_all(),
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    /// The names of all files below a folder.
    fn names(folder: &OsPath) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn copies_are_renamed_and_overwritten_as_objects_not_as_links() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFolder::open(folder.path()).unwrap();
        let [one, two] = ["one", "two"].map(Path::from);
        store.put(&one, "bytes".into()).await.unwrap();
        for _ in 0..2 {
            store.copy(&one, &two).await.unwrap();
            assert_eq!(names(folder.path()), ["one", "two"]);
        }
        store.rename(&one, &two).await.unwrap();
        assert_eq!(names(folder.path()), ["two"]);
        store.rename(&two, &two).await.unwrap();
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(
            store.get(&two).await.unwrap().bytes().await.unwrap(),
            "bytes"
        );
    }
}
