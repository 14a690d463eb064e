//! A read that takes several requests answers with one version of the object, whole, however often
//! the object is replaced between them.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, ObjectStore as _, ObjectStoreExt as _, PutPayload, Result,
};
use strongroom::BindingMode;

use crate::bent::{Bend, Bent};
use crate::fresh::Fresh;

/// Puts an object back to another of its versions before each of the next requests.
#[derive(Debug, Default)]
struct Restless {
    without_etags: bool,
    versions: Mutex<Vec<(Path, Bytes)>>,
    swaps_left: AtomicUsize,
}

impl Restless {
    async fn swap(&self, inner: &InMemory) {
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
            inner.put(&path, bytes.into()).await.unwrap();
        }
    }
}

#[async_trait]
impl Bend for Restless {
    fn putting(&self, location: &Path, payload: &PutPayload) {
        let version = (location.clone(), payload.clone().into());
        self.versions.lock().unwrap().push(version);
    }

    /// After the answer: the next request meets another version.
    async fn got(
        &self,
        inner: &InMemory,
        _options: GetOptions,
        answer: Result<GetResult>,
    ) -> Result<GetResult> {
        self.swap(inner).await;
        let mut answer = answer?;
        if self.without_etags {
            answer.meta.e_tag = None;
        }
        Ok(answer)
    }
}

/// Two versions of one object, and the store that goes from one to the other.
struct Scene {
    fresh: Fresh,
    inner: Arc<Bent<Restless>>,
    path: Path,
    versions: [Vec<u8>; 2],
}

impl Scene {
    async fn new() -> Self {
        Self::over(Restless::default()).await
    }

    /// Both kinds of inner store: what tells versions apart is the etag, or else time and size.
    async fn each() -> [Self; 2] {
        let without_etags = Restless {
            without_etags: true,
            ..Restless::default()
        };
        [Self::new().await, Self::over(without_etags).await]
    }

    async fn over(restless: Restless) -> Self {
        let inner = Arc::new(Bent::new(restless));
        let fresh = Fresh::new(BindingMode::Location, Some(inner.clone())).await;
        let path = Path::from("object");
        // Of different lengths, so that a range of one does not fit the other.
        let versions = [vec![b'a'; 100_000], vec![b'b'; 70_000]];
        for version in &versions {
            let put = fresh.store.put(&path, version.clone().into());
            put.await.unwrap();
        }
        Self {
            fresh,
            inner,
            path,
            versions,
        }
    }

    fn restless_for(&self, swaps: usize) {
        self.inner.bend.swaps_left.store(swaps, Ordering::SeqCst);
    }

    fn is_of_one_version(&self, range: &Range<usize>, bytes: &[u8]) -> bool {
        self.versions
            .iter()
            .any(|version| version.get(range.clone()) == Some(bytes))
    }
}

#[tokio::test]
async fn a_range_is_of_one_version() {
    for scene in Scene::each().await {
        let range = 10_000..60_000;
        for swaps in 0..9 {
            scene.restless_for(swaps);
            let bytes = scene
                .fresh
                .store
                .get_range(&scene.path, 10_000..60_000)
                .await
                .unwrap();
            assert!(
                scene.is_of_one_version(&range, &bytes),
                "after {swaps} swaps"
            );
        }
        scene.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn several_ranges_are_of_one_version() {
    for scene in Scene::each().await {
        for swaps in 0..9 {
            scene.restless_for(swaps);
            let ranges = [0..10, 20_000..40_000, 69_000..70_000];
            let blocks = scene
                .fresh
                .store
                .get_ranges(&scene.path, &ranges)
                .await
                .unwrap();
            let all = blocks.concat();
            let first = all.first().copied();
            assert!(
                all.iter().all(|byte| Some(*byte) == first),
                "after {swaps} swaps"
            );
        }
        scene.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_suffix_is_the_end_of_one_version() {
    for scene in Scene::each().await {
        for swaps in 0..9 {
            scene.restless_for(swaps);
            let options = GetOptions {
                range: Some(GetRange::Suffix(30_000)),
                ..GetOptions::default()
            };
            let result = scene
                .fresh
                .store
                .get_opts(&scene.path, options)
                .await
                .unwrap();
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
        scene.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_object_that_never_rests_is_an_error_and_never_a_mixture() {
    for scene in Scene::each().await {
        scene.restless_for(usize::MAX);
        let error = scene
            .fresh
            .store
            .get_range(&scene.path, 10_000..60_000)
            .await
            .unwrap_err();
        assert!(
            matches!(error, object_store::Error::Precondition { .. }),
            "{error}"
        );
        scene.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_rename_keeps_what_was_written_to_its_source_meanwhile() {
    let scene = Scene::new().await;
    let [_, last] = &scene.versions;
    let to = Path::from("moved");
    // It is written anew once the rename has begun to read it.
    scene.restless_for(1);
    let error = scene
        .fresh
        .store
        .rename(&scene.path, &to)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, object_store::Error::Precondition { path, .. } if path == "object"),
        "{error:?}"
    );
    for path in [&scene.path, &to] {
        let found = scene
            .fresh
            .store
            .get(path)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert!(found == last.as_slice(), "{path}");
    }
    scene.fresh.room.close().await.unwrap();
}
