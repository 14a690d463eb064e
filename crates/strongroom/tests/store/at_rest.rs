//! What lies in the inner store, and what comes of changing it there (`docs/format.md`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use strongroom::BindingMode::{Location, Resource};
use strongroom::{BindingMode, Error, Options, SystemClock, Unlistable};
use strongroom_base::{Clock, Outcome as _, Timestamp};

use crate::fresh::{Fresh, code};

/// A resource whose inner store is at hand.
struct Bare {
    fresh: Fresh,
    inner: Arc<InMemory>,
}

/// The machine's clock, and as many milliseconds more as a test says.
#[derive(Debug, Default)]
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now().as_unix_millis();
        Timestamp::from_unix_millis(now + self.0.load(Ordering::SeqCst))
    }
}

impl Bare {
    async fn new(binding: BindingMode) -> Self {
        Self::with_clock(binding, Arc::new(SystemClock)).await
    }

    async fn with_clock(binding: BindingMode, clock: Arc<dyn Clock>) -> Self {
        let inner = Arc::new(InMemory::new());
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER)
            .with_clock(clock)
            .with_objects(inner.clone());
        let fresh = Fresh::with(binding, options).await;
        Self { fresh, inner }
    }

    async fn sealed(&self, location: &str) -> Bytes {
        let stored = self.inner.get(&self.fresh.stored(location)).await.unwrap();
        stored.bytes().await.unwrap()
    }

    async fn replace(&self, location: &str, sealed: Bytes) {
        let path = self.fresh.stored(location);
        self.inner.put(&path, sealed.into()).await.unwrap();
    }

    async fn code(&self, location: &str) -> &'static str {
        let opened = match self.fresh.store.get(&location.into()).await {
            Ok(result) => result.bytes().await,
            Err(error) => Err(error),
        };
        code(opened)
    }
}

#[tokio::test]
async fn f60_objects_lie_below_the_uid_by_the_text_of_their_path() {
    for binding in [Location, Resource] {
        let bare = Bare::new(binding).await;
        for location in ["a", "folder/b.txt", "Grüße/a%2Fb", "100%25"] {
            let path = Path::parse(location).unwrap();
            bare.fresh.store.put(&path, "text".into()).await.unwrap();
            assert!(
                bare.sealed(location)
                    .await
                    .starts_with(b"\x93STRROOM\x01\x01")
            );
        }
        let uid = bare.fresh.resource.uid().to_string();
        assert_eq!(uid.len(), 32);
        let prefix = Path::from(format!("r/{uid}"));
        let all: Vec<_> = bare.inner.list(None).try_collect().await.unwrap();
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|one| one.location.prefix_matches(&prefix)));
        let empty = bare.fresh.store.put(&Path::default(), "x".into()).await;
        assert_eq!(code(empty), "EmptyPath");
        bare.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn f61_what_is_staged_is_no_data_and_is_swept() {
    let ahead = Arc::new(Ahead::default());
    let bare = Bare::with_clock(Location, ahead.clone()).await;
    let store = &bare.fresh.store;
    store.put(&"kept".into(), "text".into()).await.unwrap();
    let staged = Path::from(format!("r/{}/s/left-behind", bare.fresh.resource.uid()));
    let sealed = bare.sealed("kept").await;
    bare.inner.put(&staged, sealed.into()).await.unwrap();
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    store.copy(&"kept".into(), &"copy".into()).await.unwrap();
    // It may be at work still: only what is old is abandoned.
    bare.inner.head(&staged).await.unwrap();
    ahead.0.store(25 * 3_600_000, Ordering::SeqCst);
    let store = bare.fresh.resource.encrypted_store().await.unwrap();
    // Who opens a store asks the inner store for nothing.
    bare.inner.head(&staged).await.unwrap();
    store.copy(&"kept".into(), &"copy".into()).await.unwrap();
    bare.inner.head(&staged).await.unwrap_err();
    let kept = store.get(&"kept".into()).await.unwrap();
    assert_eq!(kept.bytes().await.unwrap(), "text");
    bare.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn f19_an_older_whole_object_in_its_place_is_authentic() {
    let bare = Bare::new(Location).await;
    let store = &bare.fresh.store;
    let first = store.put(&"plan".into(), "old".into()).await.unwrap();
    let old = bare.sealed("plan").await;
    let second = store.put(&"plan".into(), "new".into()).await.unwrap();
    bare.replace("plan", old).await;
    let found = store.get(&"plan".into()).await.unwrap();
    // The format cannot tell; whoever kept the etag of what they wrote can.
    assert_ne!(found.meta.e_tag, second.e_tag);
    assert_ne!(first.e_tag, second.e_tag);
    assert_eq!(found.bytes().await.unwrap(), "old");
    bare.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn f15_what_depends_on_the_length_waits_for_the_last_chunk() {
    let bare = Bare::new(Location).await;
    let store = &bare.fresh.store;
    let plain: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).collect();
    store
        .put(&"long".into(), plain.clone().into())
        .await
        .unwrap();
    let mut cut = bare.sealed("long").await;
    cut.truncate(cut.len() - 10);
    bare.replace("long", cut).await;

    let seen = plain.len() as u64 - 10;
    let head = store.head(&"long".into()).await.unwrap();
    assert_eq!(head.size, seen, "a size is computed, not authenticated");
    let early = store.get_range(&"long".into(), 0..100).await.unwrap();
    assert_eq!(
        early,
        plain[..100],
        "a range that is inside says nothing of the end"
    );
    let dependent = [
        GetRange::Suffix(100_000),
        GetRange::Offset(0),
        GetRange::Offset(100_000),
        GetRange::Bounded(0..seen + 1),
    ];
    for range in dependent {
        let options = GetOptions {
            range: Some(range.clone()),
            ..GetOptions::default()
        };
        // Not one byte: the answer itself is an error.
        let answer = store.get_opts(&"long".into(), options).await;
        assert_eq!(code(answer), "AuthenticationFailed", "{range:?}");
    }
    bare.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn f8_a_foreign_object_is_told_from_a_damaged_one_whatever_its_size() {
    for binding in [Location, Resource] {
        let bare = Bare::new(binding).await;
        bare.fresh
            .store
            .put(&"whole".into(), "text".into())
            .await
            .unwrap();
        let sealed = bare.sealed("whole").await;
        for length in [0, 3, 8, 16, 71, 72, 87, 100, 16_471, 16_472] {
            bare.replace("foreign", vec![b'#'; length].into()).await;
            let expected = match length {
                0..8 => "ObjectTruncated",
                _ => "NotSealed",
            };
            assert_eq!(bare.code("foreign").await, expected, "{length} bytes");
        }
        for length in [0, 15, 16, 71, 72, 87, sealed.len() - 16] {
            bare.replace("cut", sealed.slice(..length)).await;
            assert_eq!(bare.code("cut").await, "ObjectTruncated", "{length} bytes");
        }
        bare.replace("moved", sealed.clone()).await;
        if binding == Location {
            assert_eq!(bare.code("moved").await, "AuthenticationFailed");
        }
        bare.fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn f12_an_object_of_impossible_size_is_told_of_by_every_listing() {
    let bare = Bare::new(Location).await;
    let store = &bare.fresh.store;
    let folder = Path::from("folder");
    for name in ["folder/cut", "folder/whole"] {
        store.put(&name.into(), "text".into()).await.unwrap();
    }
    let listed = store.list_with_delimiter(Some(&folder)).await.unwrap();
    assert_eq!(listed.objects.len(), 2);
    assert_eq!(listed.extensions.get::<Unlistable>(), None);

    let cut = bare.sealed("folder/cut").await.slice(..80);
    bare.replace("folder/cut", cut).await;
    let listed = store.list_with_delimiter(Some(&folder)).await.unwrap();
    let whole: Vec<_> = listed
        .objects
        .iter()
        .map(|one| one.location.as_ref())
        .collect();
    assert_eq!(whole, ["folder/whole"]);
    let Unlistable { locations, .. } = listed.extensions.get().unwrap();
    assert_eq!(locations, &[Path::from("folder/cut")]);

    // One entry is an error, and the listing goes on.
    let entries: Vec<_> = store.list(None).collect().await;
    let (whole, cut): (Vec<_>, Vec<_>) = entries.into_iter().partition(Result::is_ok);
    assert_eq!((whole.len(), cut.len()), (1, 1));
    for error in cut {
        let error = Error::from(error.unwrap_err());
        assert_eq!(error.code(), "ObjectTruncated");
        assert!(error.to_string().contains("folder/cut"), "{error}");
    }
    bare.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn i01_a_store_says_where_its_objects_are_and_nothing_of_their_keys() {
    let bare = Bare::new(Location).await;
    let store = &bare.fresh.store;
    store.put(&"x".into(), "text".into()).await.unwrap();
    let place = format!("r/{}", bare.fresh.resource.uid());
    let expected = format!("EncryptedStore({place} in InMemory)");
    assert_eq!(store.to_string(), expected);
    let text = format!("{store:?}");
    let beside = text.replace(&format!("{:?}", bare.inner), "INNER");
    let (shown, paths) = beside.split_once("place: Place").unwrap();
    assert_eq!(shown, "EncryptedStore { inner: INNER, ");
    assert!(paths.contains(&place), "{paths}");
    assert!(
        paths.ends_with("mode: Location }, clear_metadata: false, .. }"),
        "{paths}"
    );
    bare.fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn an_object_of_another_resource_or_mode_is_refused() {
    let (one, other) = (Bare::new(Location).await, Bare::new(Resource).await);
    one.fresh
        .store
        .put(&"x".into(), "text".into())
        .await
        .unwrap();
    other
        .fresh
        .store
        .put(&"x".into(), "text".into())
        .await
        .unwrap();
    let (of_one, of_other) = (one.sealed("x").await, other.sealed("x").await);
    one.replace("x", of_other).await;
    other.replace("x", of_one).await;
    assert_eq!(one.code("x").await, "WrongBindingMode");
    assert_eq!(other.code("x").await, "WrongBindingMode");
    one.fresh.room.close().await.unwrap();
    other.fresh.room.close().await.unwrap();
}
