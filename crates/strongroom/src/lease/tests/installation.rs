//! Leases of a real installation, by a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use strongroom_base::{Clock, Timestamp};
use strongroom_ledger::Version;

use crate::Options;
use crate::fresh::Fresh;

#[derive(Debug)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn r17_a_deletion_stops_streams_of_older_leases_too() {
    let hand = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
    let clock: Arc<dyn Clock> = hand.clone();
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock);
    let fresh = Fresh::with(options).await;
    let store = &fresh.store;
    let path = Path::from("large");
    store.put(&path, vec![7; 5 << 20].into()).await.unwrap();

    let mut running = store.get(&path).await.unwrap().into_stream();
    assert!(running.next().await.unwrap().is_ok());
    hand.0.fetch_add(61_000, Ordering::SeqCst);
    store.head(&path).await.unwrap();
    // It goes on under the next lease.
    assert!(running.next().await.unwrap().is_ok());

    fresh.resource.delete().await.unwrap();
    assert!(running.next().await.unwrap().is_err());
    assert!(running.next().await.is_none());
    assert!(store.get(&path).await.is_err());
    fresh.room.close().await.unwrap();
}

/// What is told of a removal has no version of its own to go on from.
#[tokio::test]
async fn whoever_looks_for_changes_comes_to_an_end_behind_a_removal() {
    // The resource's key was announced, and the announcement is removed last.
    let fresh = Fresh::new().await;
    let core = fresh.room.core();
    let changes = core.ledger.changes(Version::ABSENT, 1_000).await.unwrap();
    assert_eq!(changes.last().unwrap().version, Version::ABSENT);

    let (mut mark, mut seen) = (None, Version::ABSENT);
    let looked = core.look_for_changes(&mut mark, &mut seen);
    let looked = tokio::time::timeout(Duration::from_secs(20), looked).await;
    looked.expect("an end").unwrap();
    assert_eq!(seen, core.ledger.newest().await.unwrap());
    fresh.room.close().await.unwrap();
}
