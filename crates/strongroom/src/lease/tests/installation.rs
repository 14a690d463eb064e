//! Leases of a real installation, by a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use strongroom_base::{Clock, Timestamp};

use crate::{InitOptions, NewResource, Options, Strongroom};

#[derive(Debug)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn r17_a_deletion_stops_streams_of_older_leases_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let hand = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
    let clock: Arc<dyn Clock> = hand.clone();
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock);
    let view = Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    let new = NewResource::new("notes".parse().unwrap(), view.region);
    let resource = room.create_resource(new).await.unwrap();
    let store = resource.store().await.unwrap();
    let path = Path::from("large");
    store.put(&path, vec![7; 5 << 20].into()).await.unwrap();

    let mut running = store.get(&path).await.unwrap().into_stream();
    assert!(running.next().await.unwrap().is_ok());
    hand.0.fetch_add(61_000, Ordering::SeqCst);
    store.head(&path).await.unwrap();
    // It goes on under the next lease.
    assert!(running.next().await.unwrap().is_ok());

    resource.delete().await.unwrap();
    assert!(running.next().await.unwrap().is_err());
    assert!(running.next().await.is_none());
    assert!(store.get(&path).await.is_err());
    room.close().await.unwrap();
}
