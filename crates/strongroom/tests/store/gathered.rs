//! Inner stores that gather what they are to do, and files that claim more than they hold.

use std::fs::File;

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, Result};
use std::sync::Arc;
use strongroom::BindingMode::{Location, Resource};

use crate::bent::{Bend, Bent};
use crate::fresh::{Fresh, code};

/// Deletes so many at once, as S3's store does.
#[derive(Debug)]
struct Gathers;

#[async_trait]
impl Bend for Gathers {
    fn deleting(
        &self,
        inner: &Arc<InMemory>,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let inner = Arc::clone(inner);
        locations
            .try_chunks(1_000)
            .map(move |gathered| {
                let inner = Arc::clone(&inner);
                async move {
                    let gathered = gathered.map_err(|error| error.1)?;
                    let all = stream::iter(gathered.into_iter().map(Ok)).boxed();
                    let deleted: Vec<_> = inner.delete_stream(all).collect().await;
                    Ok::<_, Error>(stream::iter(deleted))
                }
            })
            .buffered(20)
            .try_flatten()
            .boxed()
    }
}

#[tokio::test]
async fn r17_what_was_gathered_to_be_deleted_is_kept_when_access_has_ended() {
    for binding in [Location, Resource] {
        let inner = Arc::new(Bent::new(Gathers));
        let fresh = Fresh::new(binding, Some(inner.clone())).await;
        let paths = ["a", "b", "c"].map(Path::from);
        for path in &paths {
            fresh.store.put(path, "text".into()).await.unwrap();
        }
        let (ended, wait) = oneshot::channel::<()>();
        let named = stream::iter(paths.clone().map(Ok)).chain(
            stream::once(async move {
                let _ = wait.await;
            })
            .filter_map(|()| async { None }),
        );
        let mut deleted = fresh.store.delete_stream(named.boxed());
        // They are gathered, and the stream of names goes on.
        assert!(futures::poll!(deleted.next()).is_pending());
        let resource = fresh.resource.clone();
        resource.delete().await.unwrap();
        ended.send(()).unwrap();
        let outcome: Vec<_> = deleted.collect().await;
        assert!(outcome.iter().all(Result::is_err), "{outcome:?}");
        assert!(!outcome.is_empty());
        for path in &paths {
            inner.head(&fresh.stored(path.as_ref())).await.unwrap();
        }
        fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_claims_a_terabyte_takes_no_memory_for_it() {
    let fresh = Fresh::new(Location, None).await;
    let path = Path::from("long");
    fresh
        .store
        .put(&path, vec![7; 100_000].into())
        .await
        .unwrap();
    let stored = fresh.file(path.as_ref());
    // With a size that an object can have.
    let length = (1 << 40) + 100_000 % 16_384 + 4_096;
    File::options()
        .write(true)
        .open(stored)
        .unwrap()
        .set_len(length)
        .unwrap();
    let (some, all): (u64, u64) = (1 << 39, u64::MAX);
    for (first, second) in [
        (0..all, None),
        (0..some, None),
        (0..10, Some(5..some)),
        (1 << 30..1 << 40, None),
    ] {
        let ranges: Vec<_> = [first].into_iter().chain(second).collect();
        let read = fresh.store.get_ranges(&path, &ranges).await;
        assert_eq!(code(read), "AuthenticationFailed", "{ranges:?}");
    }
    let whole = fresh.store.get(&path).await.unwrap().into_stream();
    let read: Result<Vec<_>> = whole.try_collect().await;
    assert!(read.is_err());
    fresh.room.close().await.unwrap();
}
