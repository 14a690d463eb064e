//! Looking at every object of a resource: what is found damaged, and what is not taken for damage.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, GetResult, ObjectMeta, ObjectStoreExt as _, Result,
};
use strongroom::{BindingMode, Checked, Depth, EncryptedStore};
use strongroom_base::Outcome as _;

use crate::bent::{Bend, Bent, out_of_reach};
use crate::fresh::Fresh;

/// How the inner store answers.
#[derive(Clone, Copy, Debug, Default)]
enum Answers {
    #[default]
    AsItShould,
    /// Every object was removed since it was listed.
    Gone,
    /// No object can be read.
    Unread,
    /// A listing breaks off before its first entry.
    Unlisted,
}

#[async_trait]
impl Bend for Mutex<Answers> {
    async fn got(
        &self,
        _inner: &InMemory,
        _options: GetOptions,
        answer: Result<GetResult>,
    ) -> Result<GetResult> {
        match *self.lock().unwrap() {
            Answers::AsItShould | Answers::Unlisted => answer,
            Answers::Gone => Err(StoreError::NotFound {
                path: String::new(),
                source: "bent by a test".into(),
            }),
            Answers::Unread => Err(out_of_reach()),
        }
    }

    fn listed(
        &self,
        entries: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        match *self.lock().unwrap() {
            Answers::Unlisted => stream::once(ready(Err(out_of_reach()))).boxed(),
            _ => entries,
        }
    }
}

/// A resource with objects, among them an empty one and one of several chunks.
struct Checking {
    fresh: Fresh,
    inner: Arc<Bent<Mutex<Answers>>>,
}

const OBJECTS: [(&str, usize); 4] = [
    ("empty", 0),
    ("short", 10),
    ("long", 100_000),
    ("folder/other", 40_000),
];

impl Checking {
    async fn new(binding: BindingMode) -> Self {
        let inner = Arc::new(Bent::<Mutex<Answers>>::default());
        let fresh = Fresh::new(binding, Some(inner.clone())).await;
        for (name, length) in OBJECTS {
            let path = Path::from(name);
            let put = fresh.store.put(&path, vec![7; length].into());
            put.await.unwrap();
        }
        Self { fresh, inner }
    }

    fn store(&self) -> &EncryptedStore {
        &self.fresh.store
    }

    async fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let at = self.fresh.stored(name);
        let stored = self.inner.get(&at).await.unwrap().bytes().await.unwrap();
        let mut stored = stored.to_vec();
        change(&mut stored);
        self.inner.put(&at, stored.into()).await.unwrap();
    }

    /// What a check says of each object, by its path.
    async fn seen(&self, prefix: Option<&str>, depth: Depth) -> Vec<(String, u64, &'static str)> {
        let prefix = prefix.map(Path::from);
        let all = self.store().check(prefix.as_ref(), depth);
        let all: Vec<Checked> = all.try_collect().await.unwrap();
        let mut seen: Vec<_> = all
            .into_iter()
            .map(|one| {
                let damage = one.damage.map_or("", |damage| damage.code());
                (one.location.to_string(), one.opened, damage)
            })
            .collect();
        seen.sort();
        seen
    }
}

fn expected(objects: &[(&str, u64, &'static str)]) -> Vec<(String, u64, &'static str)> {
    let owned = |(name, opened, damage): &(&str, u64, &'static str)| {
        (String::from(*name), *opened, *damage)
    };
    objects.iter().map(owned).collect()
}

#[tokio::test]
async fn r01_a_check_opens_the_end_of_each_object_or_every_byte() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let checking = Checking::new(binding).await;
        let structure = [
            ("empty", 0, ""),
            ("folder/other", 1, ""),
            ("long", 1, ""),
            ("short", 1, ""),
        ];
        let found = checking.seen(None, Depth::Structure).await;
        assert_eq!(found, expected(&structure));
        let every_byte = [
            ("empty", 0, ""),
            ("folder/other", 40_000, ""),
            ("long", 100_000, ""),
            ("short", 10, ""),
        ];
        let found = checking.seen(None, Depth::EveryByte).await;
        assert_eq!(found, expected(&every_byte));
        let below = checking.seen(Some("folder"), Depth::EveryByte).await;
        assert_eq!(below, expected(&every_byte[1..2]));
        checking.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn r01_a_check_reports_each_damaged_object_and_goes_on() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let checking = Checking::new(binding).await;
        checking.change("long", |bytes| bytes[40_000] ^= 1).await;
        checking.change("short", |bytes| bytes.truncate(60)).await;
        checking.change("empty", |bytes| bytes.fill(b'#')).await;
        let structure = [
            ("empty", 0, "NotSealed"),
            ("folder/other", 1, ""),
            ("long", 1, ""),
            ("short", 0, "ObjectTruncated"),
        ];
        let found = checking.seen(None, Depth::Structure).await;
        assert_eq!(found, expected(&structure));
        let every_byte = [
            ("empty", 0, "NotSealed"),
            ("folder/other", 40_000, ""),
            ("long", 0, "AuthenticationFailed"),
            ("short", 0, "ObjectTruncated"),
        ];
        let found = checking.seen(None, Depth::EveryByte).await;
        assert_eq!(found, expected(&every_byte));
        checking.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_was_removed_since_it_was_listed_is_no_damage() {
    let checking = Checking::new(BindingMode::Location).await;
    *checking.inner.bend.lock().unwrap() = Answers::Gone;
    for depth in [Depth::Structure, Depth::EveryByte] {
        assert_eq!(checking.seen(None, depth).await, []);
    }
    checking.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn a_check_ends_with_an_error_if_objects_cannot_be_looked_at() {
    let checking = Checking::new(BindingMode::Location).await;
    for answers in [Answers::Unread, Answers::Unlisted] {
        *checking.inner.bend.lock().unwrap() = answers;
        let all = checking.store().check(None, Depth::Structure);
        let failed = all.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(failed.code(), "StoreFailed", "{answers:?}");
    }
    checking.fresh.room.close().await.unwrap();
}
