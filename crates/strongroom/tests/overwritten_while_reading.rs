//! A read that takes several requests answers with one version of the object, whole, however often
//! the object is replaced between them.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use strongroom::{InitOptions, NewResource, Options, Strongroom};

/// A store that puts an object back to another of its versions before each of the next requests.
#[derive(Debug)]
struct Restless {
    inner: InMemory,
    versions: std::sync::Mutex<Vec<(Path, Bytes)>>,
    swaps_left: AtomicUsize,
}

impl Restless {
    fn new() -> Self {
        let (versions, swaps_left) = Default::default();
        Self {
            inner: InMemory::new(),
            versions,
            swaps_left,
        }
    }

    async fn swap(&self) {
        let take = |left: usize| left.checked_sub(1);
        let Ok(left) = self
            .swaps_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        else {
            return;
        };
        let version = {
            let versions = self.versions.lock().unwrap();
            versions.get(left % versions.len().max(1)).cloned()
        };
        if let Some((path, bytes)) = version {
            self.inner.put(&path, bytes.into()).await.unwrap();
        }
    }
}

impl fmt::Display for Restless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Restless")
    }
}

#[async_trait]
impl ObjectStore for Restless {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let bytes = Bytes::from(payload.clone());
        self.versions
            .lock()
            .unwrap()
            .push((location.clone(), bytes));
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let result = self.inner.get_opts(location, options).await;
        // After the answer: the next request meets another version.
        self.swap().await;
        result
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Two versions of one object, and the store that goes from one to the other.
struct Scene {
    _folder: tempfile::TempDir,
    room: Strongroom,
    restless: Arc<Restless>,
    store: Arc<dyn ObjectStore>,
    path: Path,
    versions: [Vec<u8>; 2],
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let restless = Arc::new(Restless::new());
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER)
            .with_objects(Arc::clone(&restless) as Arc<dyn ObjectStore>);
        let data = folder.path().join("data");
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("scene".parse().unwrap(), view.region);
        let store = room
            .create_resource(new)
            .await
            .unwrap()
            .store()
            .await
            .unwrap();
        let path = Path::from("object");
        // Of different lengths, so that a range of one does not fit the other.
        let versions = [vec![b'a'; 100_000], vec![b'b'; 70_000]];
        for version in &versions {
            store.put(&path, version.clone().into()).await.unwrap();
        }
        Self {
            _folder: folder,
            room,
            restless,
            store,
            path,
            versions,
        }
    }

    fn restless_for(&self, swaps: usize) {
        self.restless.swaps_left.store(swaps, Ordering::SeqCst);
    }

    fn is_of_one_version(&self, range: &Range<usize>, bytes: &[u8]) -> bool {
        self.versions
            .iter()
            .any(|version| version.get(range.clone()) == Some(bytes))
    }
}

#[tokio::test]
async fn a_range_is_of_one_version() {
    let scene = Scene::new().await;
    let range = 10_000..60_000;
    for swaps in 0..9 {
        scene.restless_for(swaps);
        let bytes = scene
            .store
            .get_range(&scene.path, 10_000..60_000)
            .await
            .unwrap();
        assert!(
            scene.is_of_one_version(&range, &bytes),
            "after {swaps} swaps"
        );
    }
    scene.room.close().await.unwrap();
}

#[tokio::test]
async fn several_ranges_are_of_one_version() {
    let scene = Scene::new().await;
    for swaps in 0..9 {
        scene.restless_for(swaps);
        let ranges = [0..10, 20_000..40_000, 69_000..70_000];
        let blocks = scene.store.get_ranges(&scene.path, &ranges).await.unwrap();
        let all = blocks.concat();
        let first = all.first().copied();
        assert!(
            all.iter().all(|byte| Some(*byte) == first),
            "after {swaps} swaps"
        );
    }
    scene.room.close().await.unwrap();
}

#[tokio::test]
async fn a_suffix_is_the_end_of_one_version() {
    let scene = Scene::new().await;
    for swaps in 0..9 {
        scene.restless_for(swaps);
        let options = GetOptions {
            range: Some(GetRange::Suffix(30_000)),
            ..GetOptions::default()
        };
        let result = scene.store.get_opts(&scene.path, options).await.unwrap();
        let size = usize::try_from(result.meta.size).unwrap();
        let bytes = result.bytes().await.unwrap();
        let of_its_size = scene
            .versions
            .iter()
            .find(|version| version.len() == size)
            .unwrap();
        assert_eq!(
            of_its_size.get(size - 30_000..),
            Some(&*bytes),
            "after {swaps} swaps"
        );
    }
    scene.room.close().await.unwrap();
}

#[tokio::test]
async fn an_object_that_never_rests_is_an_error_and_never_a_mixture() {
    let scene = Scene::new().await;
    scene.restless_for(usize::MAX);
    let error = scene
        .store
        .get_range(&scene.path, 10_000..60_000)
        .await
        .unwrap_err();
    assert!(
        matches!(error, object_store::Error::Precondition { .. }),
        "{error}"
    );
    scene.room.close().await.unwrap();
}

#[tokio::test]
async fn a_rename_keeps_what_was_written_to_its_source_meanwhile() {
    let scene = Scene::new().await;
    let [_, last] = &scene.versions;
    let to = Path::from("moved");
    // It is written anew once the rename has begun to read it.
    scene.restless_for(1);
    let error = scene.store.rename(&scene.path, &to).await.unwrap_err();
    assert!(
        matches!(&error, object_store::Error::Precondition { .. }),
        "{error:?}"
    );
    for path in [&scene.path, &to] {
        let found = scene.store.get(path).await.unwrap().bytes().await.unwrap();
        assert!(found == last.as_slice(), "{path}");
    }
    scene.room.close().await.unwrap();
}
