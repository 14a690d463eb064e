//! A resource's data: everything that an application does with them, new and running.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, Result,
};
use strongroom::Error;
use strongroom_base::Outcome as _;

/// Longer than one block of a stream.
const LARGE: usize = 5 << 20;
const SMALL: usize = 40;

/// How long somebody waits for what another process does; it is far below the lease.
const PATIENCE: Duration = Duration::from_secs(20);

fn large() -> Path {
    "large".into()
}

fn small(number: usize) -> Path {
    format!("folder/{number}").into()
}

fn content(path: &Path) -> Bytes {
    let seed = path.as_ref().len() + path.as_ref().bytes().map(usize::from).sum::<usize>();
    let length = if *path == large() { LARGE } else { seed * 7 };
    let byte = |at: usize| u8::try_from((at * 31 + seed) % 251).unwrap();
    (0..length).map(byte).collect()
}

fn all() -> impl Iterator<Item = Path> {
    std::iter::once(large()).chain((0..SMALL).map(small))
}

pub(crate) async fn fill(store: &dyn ObjectStore) {
    for path in all() {
        store.put(&path, content(&path).into()).await.unwrap();
    }
}

/// Every object, whole.
pub(crate) async fn reads_back(store: &dyn ObjectStore) {
    for path in all() {
        let read = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, content(&path), "{path}");
    }
    let listed: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), SMALL + 1);
}

/// The change is seen without being told of.
pub(crate) async fn until_refused(store: &dyn ObjectStore) {
    until(async || store.head(&small(0)).await.is_err()).await;
}

pub(crate) async fn until_allowed(store: &dyn ObjectStore) {
    until(async || store.head(&small(0)).await.is_ok()).await;
}

async fn until(so: impl AsyncFn() -> bool) {
    let waited = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, waited).await;
    assert!(seen.is_ok(), "what another process did was not seen");
}

fn is<T>(what: &str, code: &str, answer: Result<T>) {
    let Err(error) = answer else {
        panic!("{what} went on in spite of {code}");
    };
    assert!(
        matches!(
            error,
            StoreError::PermissionDenied { .. } | StoreError::Generic { .. }
        ),
        "{what}: {error:?}"
    );
    let error = Error::from(error);
    assert_eq!(error.code(), code, "{what}: {error:?}");
}

/// Whatever is begun now is refused, with the cause.
pub(crate) async fn everything_is_refused(store: &dyn ObjectStore, code: &str) {
    let (path, other) = (small(1), Path::from("other"));
    is("get", code, store.get(&path).await);
    is("head", code, store.head(&path).await);
    is("range", code, store.get_range(&path, 0..4).await);
    is("ranges", code, store.get_ranges(&path, &[0..4, 5..6]).await);
    is("put", code, store.put(&other, "x".into()).await);
    is("multipart", code, store.put_multipart(&other).await);
    is("list", code, store.list(None).try_collect::<Vec<_>>().await);
    let listed = store.list_with_offset(None, &path);
    is("offset", code, listed.try_collect::<Vec<_>>().await);
    is("delimiter", code, store.list_with_delimiter(None).await);
    is("delete", code, store.delete(&path).await);
    let paths = stream::iter([Ok(path.clone())]).boxed();
    let deleted = store.delete_stream(paths);
    is("deletes", code, deleted.try_collect::<Vec<_>>().await);
    is("copy", code, store.copy(&path, &other).await);
    is("rename", code, store.rename(&path, &other).await);
}

/// What was begun while access was there.
pub(crate) struct Running {
    read: BoxStream<'static, Result<Bytes>>,
    listed: BoxStream<'static, Result<ObjectMeta>>,
    upload: Box<dyn MultipartUpload>,
    unfinished: Box<dyn MultipartUpload>,
}

impl Running {
    pub(crate) async fn begin(store: &dyn ObjectStore) -> Self {
        let mut read = store.get(&large()).await.unwrap().into_stream();
        assert!(!read.next().await.unwrap().unwrap().is_empty());
        let mut listed = store.list(None);
        assert!(listed.next().await.unwrap().is_ok());
        let mut upload = store.put_multipart(&"upload".into()).await.unwrap();
        upload.put_part(vec![1; 6 << 20].into()).await.unwrap();
        let mut unfinished = store.put_multipart(&"unfinished".into()).await.unwrap();
        unfinished.put_part(vec![1; 6 << 20].into()).await.unwrap();
        Self {
            read,
            listed,
            upload,
            unfinished,
        }
    }

    /// None of it goes on, or comes to an end as if nothing were.
    pub(crate) async fn is_stopped(&mut self, code: &str) {
        is("stream", code, self.read.next().await.unwrap());
        assert!(self.read.next().await.is_none());
        is("listing", code, self.listed.next().await.unwrap());
        assert!(self.listed.next().await.is_none());
        let part = self.upload.put_part(vec![2; 6 << 20].into());
        is("part", code, part.await);
        self.upload.abort().await.unwrap();
        is("complete", code, self.unfinished.complete().await);
        let _ = self.unfinished.abort().await;
    }
}
