//! Objects in a local folder, so that what was acknowledged survives a power cut, and so that nothing that
//! somebody else leaves in the folder leads out of it.

mod beneath;
mod in_the_way;
mod list;
mod moves;
mod open;
mod purge;
mod sweep;
mod walk;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path as OsPath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error as StoreError, Extensions, GetOptions, GetRange, GetResult,
    GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use self::beneath::{Root, STORE, blocking};
use self::in_the_way::{failed, not_found};
pub use self::list::Unlistable;
use self::open::{is_reserved, meta_of_file};
use self::write::Upload;
use crate::Error;

/// Deletions that are carried out at once, in order.
const DELETES_AT_ONCE: usize = 10;

/// A local folder that is an object store: a file for each object, its path that of the object.
///
/// It is not `object_store`'s own, which follows every link.
#[derive(Clone, Debug)]
pub(crate) struct LocalFolder {
    root: Arc<Root>,
}

impl LocalFolder {
    /// A store in `folder`, which exists and is no link itself.
    pub(crate) fn open(folder: &OsPath) -> std::io::Result<Self> {
        let root = Arc::new(Root::open(folder)?);
        Ok(Self { root })
    }

    /// The same, as with a kernel that cannot follow a path in one call.
    #[cfg(test)]
    pub(crate) fn open_in_steps(folder: &OsPath) -> std::io::Result<Self> {
        let root = Arc::new(Root::open(folder)?.in_steps());
        Ok(Self { root })
    }

    /// Removes everything at and below `prefix`, whatever it is.
    pub(crate) async fn remove_all(&self, prefix: &Path) -> Result<()> {
        let prefix = prefix.clone();
        self.with_root(move |root| root.remove_all(&prefix)).await
    }

    /// Removes an object if it is the one that has this etag; tells whether it was.
    pub(crate) async fn remove_if_unchanged(&self, location: &Path, e_tag: &str) -> Result<bool> {
        let (location, e_tag) = (location.clone(), e_tag.to_owned());
        self.with_root(move |root| root.remove_if_unchanged(&location, &e_tag))
            .await
    }

    async fn with_root<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Root>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = Arc::clone(&self.root);
        blocking(move || work(&root)).await
    }

    /// A file has no attributes.
    fn without(&self, attributes: &Attributes, operation: &str) -> Result<()> {
        if attributes.is_empty() {
            return Ok(());
        }
        Err(self.not_implemented(operation))
    }

    fn not_implemented(&self, operation: &str) -> StoreError {
        StoreError::NotImplemented {
            operation: operation.to_owned(),
            implementer: self.to_string(),
        }
    }
}

impl std::fmt::Display for LocalFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{STORE}({})", self.root.path().display())
    }
}

impl LocalFolder {
    /// The file of an object, and what there is to say of it. Conditions are checked; a range is the
    /// caller's to check. It blocks, on the thread that then reads: a visit of the blocking pool of its own
    /// would cost a small read a third of its time.
    pub(crate) fn open_file(
        &self,
        location: &Path,
        options: &GetOptions,
    ) -> Result<(File, ObjectMeta)> {
        let path = location.as_ref().as_bytes();
        if is_reserved(path) {
            let hidden = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(not_found(location, hidden));
        }
        let opened = self.root.file(path);
        let (file, metadata) = opened.map_err(|error| self.root.unread(location, error))?;
        let meta = meta_of_file(&metadata, location).map_err(|error| failed(location, error))?;
        options.check_preconditions(&meta)?;
        Ok((file, meta))
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
        if matches!(options.mode, PutMode::Update(_)) {
            return Err(self.not_implemented("a put that updates a version"));
        }
        self.without(&options.attributes, "a put with attributes")?;
        let location = location.clone();
        self.with_root(move |root| write::put(root, &location, &payload, &options.mode))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.without(&options.attributes, "an upload with attributes")?;
        let location = location.clone();
        let upload = self.with_root(move |root| Upload::begin(root, &location));
        Ok(Box::new(upload.await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (folder, location) = (self.clone(), location.clone());
        blocking(move || {
            let (file, meta) = folder.open_file(&location, &options)?;
            let range = match &options.range {
                Some(range) => range.as_range(meta.size).map_err(bad_range)?,
                None => 0..meta.size,
            };
            let path = folder.root.path().join(location.as_ref());
            Ok(GetResult {
                payload: GetResultPayload::File(file, path),
                meta,
                range,
                attributes: Attributes::default(),
                extensions: Extensions::default(),
            })
        })
        .await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (folder, location) = (self.clone(), location.clone());
        let ranges = ranges.to_vec();
        blocking(move || {
            let (file, meta) = folder.open_file(&location, &GetOptions::default())?;
            let read = |range: Range<u64>| {
                let range = GetRange::Bounded(range).as_range(meta.size);
                let range = range.map_err(bad_range)?;
                let length = usize::try_from(range.end - range.start).map_err(bad_range)?;
                let mut bytes = vec![0; length];
                let read = file.read_exact_at(&mut bytes, range.start);
                read.map_err(|error| failed(&location, error))?;
                Ok(bytes.into())
            };
            ranges.into_iter().map(read).collect()
        })
        .await
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
                    let removed = store.with_root(move |root| {
                        root.remove(&location)?;
                        Ok(location)
                    });
                    removed.await
                }
            })
            .buffered(DELETES_AT_ONCE)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(Arc::clone(&self.root), prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(Arc::clone(&self.root), prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned();
        self.with_root(move |root| list::one_level(root, prefix.as_ref()))
            .await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.with_root(move |root| root.copy(&from, &to, options.mode))
            .await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.with_root(move |root| root.rename(&from, &to, options.target_mode))
            .await
    }
}

fn bad_range(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Generic {
        store: STORE,
        source: Box::new(Error::Range(Box::new(error))),
    }
}
