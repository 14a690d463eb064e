//! What is asked of the inner store for an answer, and no more: no object is moved to learn of its
//! attributes, and further requests name the version that the first one met.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use object_store::ObjectStore as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, GetResult, ObjectStoreExt as _, PutOptions, Result,
};
use strongroom::BindingMode;

use crate::bent::{Bend, Bent, out_of_reach};
use crate::fresh::{Fresh, code};

/// A store with versions, that tells what it was asked.
#[derive(Debug, Default)]
struct Asked {
    gets: Mutex<Vec<GetOptions>>,
    without_etags: Mutex<bool>,
    /// It answers as if it could not be reached, if a range begins here or further on.
    refuses_from: Mutex<Option<u64>>,
}

const VERSION: &str = "the only one";

#[async_trait]
impl Bend for Asked {
    async fn got(
        &self,
        _inner: &InMemory,
        options: GetOptions,
        answer: Result<GetResult>,
    ) -> Result<GetResult> {
        let begins = match &options.range {
            Some(GetRange::Bounded(range)) => Some(range.start),
            _ => None,
        };
        let refuses_from = *self.refuses_from.lock().unwrap();
        let refused = refuses_from.is_some_and(|from| begins >= Some(from));
        self.gets.lock().unwrap().push(options);
        if refused {
            return Err(out_of_reach());
        }
        let mut answer = answer?;
        answer.meta.version = Some(VERSION.to_owned());
        if *self.without_etags.lock().unwrap() {
            answer.meta.e_tag = None;
        }
        Ok(answer)
    }
}

struct Scene {
    fresh: Fresh,
    inner: Arc<Bent<Asked>>,
    path: Path,
}

impl Scene {
    /// With an object of several chunks.
    async fn new(binding: BindingMode) -> Self {
        let inner = Arc::new(Bent::<Asked>::default());
        let fresh = Fresh::new(binding, Some(inner.clone())).await;
        let path = Path::from("object");
        let options = PutOptions {
            attributes: Attributes::from_iter([(Attribute::ContentType, "a/b")]),
            ..PutOptions::default()
        };
        let put = fresh
            .store
            .put_opts(&path, vec![7; 100_000].into(), options);
        put.await.unwrap();
        Self { fresh, inner, path }
    }

    /// What was asked since this was asked last.
    fn asked(&self) -> Vec<GetOptions> {
        std::mem::take(&mut *self.inner.bend.gets.lock().unwrap())
    }

    fn heads(&self) -> Vec<bool> {
        self.asked().iter().map(|options| options.head).collect()
    }
}

#[tokio::test]
async fn what_needs_no_bytes_asks_for_none() {
    let scene = Scene::new(BindingMode::Resource).await;
    let (store, path) = (&scene.fresh.store, &scene.path);
    store.rename(path, path).await.unwrap();
    assert_eq!(scene.heads(), [true]);
    // Of the source, and of an empty object and its copy.
    store
        .copy_if_not_exists(path, &"copy".into())
        .await
        .unwrap();
    assert_eq!(scene.heads(), [true; 3]);
    store.copy(path, &"copy".into()).await.unwrap();
    assert!(scene.heads().is_empty());
    scene.fresh.room.close().await.unwrap();

    let scene = Scene::new(BindingMode::Location).await;
    let moved = Path::from("moved");
    scene.fresh.store.rename(&scene.path, &moved).await.unwrap();
    // It is read once, and looked at again before it is removed.
    assert_eq!(scene.heads(), [false, true]);
    scene.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn a_head_is_of_the_whole_object_whatever_range_is_asked_for() {
    let scene = Scene::new(BindingMode::Location).await;
    let options = GetOptions {
        head: true,
        range: Some(GetRange::Offset(200_000)),
        ..GetOptions::default()
    };
    let found = scene.fresh.store.get_opts(&scene.path, options).await;
    assert_eq!(found.unwrap().meta.size, 100_000);
    assert!(scene.asked().iter().all(|options| options.range.is_none()));
    scene.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn further_requests_name_the_version_that_the_first_one_met() {
    let scene = Scene::new(BindingMode::Location).await;
    let (store, path) = (&scene.fresh.store, &scene.path);
    store.get_range(path, 20_000..30_000).await.unwrap();
    let ranges = [0..1, 50_000..50_001];
    store.get_ranges(path, &ranges).await.unwrap();
    let named: Vec<_> = scene
        .asked()
        .into_iter()
        .map(|options| (options.version, options.if_match.is_some()))
        .collect();
    let first = (None, false);
    let further = (Some(VERSION.to_owned()), true);
    let expected = [&first, &further, &first, &further, &further];
    assert!(named.iter().eq(expected), "{named:?}");
    scene.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn f15_the_end_is_asked_for_first_only_where_the_answer_depends_on_the_length() {
    let scene = Scene::new(BindingMode::Location).await;
    let last_chunk = GetRange::Bounded(72 + 6 * 16_400..100_184);
    for (range, end_first) in [
        (GetRange::Bounded(0..100_000), false),
        (GetRange::Bounded(50_000..100_001), true),
        (GetRange::Offset(50_000), true),
        (GetRange::Suffix(50_000), true),
        // The last chunk is the only one.
        (GetRange::Bounded(99_990..100_001), false),
        (GetRange::Offset(99_990), false),
        (GetRange::Suffix(10), false),
    ] {
        let options = GetOptions {
            range: Some(range.clone()),
            ..GetOptions::default()
        };
        let found = scene.fresh.store.get_opts(&scene.path, options);
        found.await.unwrap().bytes().await.unwrap();
        let asked: Vec<_> = scene.asked().into_iter().map(|one| one.range).collect();
        assert_eq!(asked.len(), 2 + usize::from(end_first), "{range:?}");
        if end_first {
            assert_eq!(asked[1].as_ref(), Some(&last_chunk), "{range:?}");
        }
    }
    scene.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn f12_an_empty_object_is_damaged_and_one_that_cannot_be_had_is_not() {
    let scene = Scene::new(BindingMode::Location).await;
    let of = async |name: &str| code(scene.fresh.store.get_range(&name.into(), 0..10).await);
    let empty = scene.fresh.stored("empty");
    scene.inner.put(&empty, Vec::new().into()).await.unwrap();
    assert_eq!(of("empty").await, "ObjectTruncated");
    assert_eq!(of("missing").await, "ObjectNotFound");
    *scene.inner.bend.refuses_from.lock().unwrap() = Some(0);
    scene.asked();
    assert_eq!(of("object").await, "StoreFailed");
    // What it is was asked without moving it.
    assert_eq!(scene.heads(), [false, true]);
    scene.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn a_chunk_that_cannot_be_had_is_not_taken_for_overwritten() {
    let scene = Scene::new(BindingMode::Location).await;
    *scene.inner.bend.refuses_from.lock().unwrap() = Some(1);
    for (without_etags, heads) in [
        // The store would have said that it is another version.
        (false, vec![false, false]),
        (true, vec![false, false, true]),
    ] {
        *scene.inner.bend.without_etags.lock().unwrap() = without_etags;
        let answer = scene.fresh.store.get_range(&scene.path, 0..10).await;
        assert_eq!(code(answer), "StoreFailed");
        assert_eq!(scene.heads(), heads);
    }
    scene.fresh.room.close().await.unwrap();
}
