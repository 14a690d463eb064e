//! Leases of a real installation, by a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use strongroom_base::{Clock, Timestamp};
use strongroom_ledger::Version;

use crate::fresh::Fresh;
use crate::lease::watch;
use crate::{
    Grantee, KeyPermission, LeaseSettings, LeaseTerm, NewKey, NewVault, Options, ResourceChange,
    RsaKeySize, VersionChange, WrapAlgorithm,
};

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
    let control = fresh.room.control();
    let changes = control
        .records
        .ledger
        .changes(Version::ABSENT, 1_000)
        .await
        .unwrap();
    assert_eq!(changes.last().unwrap().version, Version::ABSENT);

    let (mut mark, mut seen) = (None, Version::ABSENT);
    let looked = watch::look_for_changes(&control.records, &control.leases, &mut mark, &mut seen);
    let looked = tokio::time::timeout(Duration::from_secs(20), looked).await;
    looked.expect("an end").unwrap();
    assert_eq!(seen, control.records.ledger.newest().await.unwrap());
    fresh.room.close().await.unwrap();
}

/// A lease that is not kept for others is watched for as long as it is out.
#[tokio::test]
async fn r17_per_operation_a_stream_stops_at_once() {
    let settings = LeaseSettings::with_term(LeaseTerm::PER_OPERATION);
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_leases(settings);
    let fresh = Fresh::with(options).await;
    let me = fresh.room.administrator();
    let vault: crate::VaultName = "contoso".parse().unwrap();
    let new = NewVault {
        purge_protection: true,
        ..NewVault::new(vault.clone(), fresh.room.show().region.clone())
    };
    me.create_vault(new).await.unwrap();
    let grantee = Grantee {
        object: me.principal(),
        application: None,
    };
    let all = KeyPermission::ALL.iter().copied().collect();
    me.grant(&vault, grantee, all).await.unwrap();
    let key: crate::KeyName = "docs".parse().unwrap();
    let spec = strongroom_vault::KeySpec::Rsa(RsaKeySize::Rsa2048);
    let made = me.create_key(&vault, NewKey::new(key.clone()), spec).await;
    let version = made.unwrap().version.id;
    let set = ResourceChange::SetKey {
        key: version.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    };
    fresh.resource.change(set).await.unwrap();
    let path = Path::from("large");
    let store = &fresh.store;
    store.put(&path, vec![7; 5 << 20].into()).await.unwrap();

    let mut running = store.get(&path).await.unwrap().into_stream();
    assert!(running.next().await.unwrap().is_ok());
    let control = fresh.room.control();
    control.leases.sweep(control.records.moment());
    let off = VersionChange {
        enabled: Some(false),
        ..VersionChange::default()
    };
    let disabled = me.update_key(&vault, &key, Some(version.version), off);
    disabled.await.unwrap();
    assert!(running.next().await.unwrap().is_err());
    fresh.room.close().await.unwrap();
}

/// What was found damaged is asked about again when something has changed, and when time has passed; and
/// nothing of it stays for good.
#[tokio::test]
async fn r17_damage_is_watched_and_forgotten() {
    let hand = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
    let clock: Arc<dyn Clock> = hand.clone();
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock);
    let fresh = Fresh::with(options).await;
    let path = Path::from("small");
    fresh.store.put(&path, "x".into()).await.unwrap();
    let control = fresh.room.control();
    let [id] = &*control.keys.service_keys.ids(None, 2).await.unwrap() else {
        panic!("one key");
    };
    let sealed = control.keys.service_keys.load(id).await.unwrap().unwrap();
    let reads = async || fresh.store.head(&path).await.is_ok();
    let damage = async || {
        control.keys.service_keys.erase(id).await.unwrap();
        hand.0.fetch_add(61_000, Ordering::SeqCst);
        assert!(!reads().await);
        control.keys.service_keys.put(id, &sealed).await.unwrap();
        assert!(!reads().await, "taken for granted for a while");
    };
    damage().await;
    let on = ResourceChange::EnableIdentity;
    fresh.resource.change(on).await.unwrap();
    assert!(reads().await, "something has changed");
    damage().await;
    hand.0.fetch_add(60_000, Ordering::SeqCst);
    assert!(reads().await, "time has passed");
    damage().await;
    assert_eq!(control.leases.len(), 1);
    drop(fresh.store);
    hand.0.fetch_add(3 * 3_600_000, Ordering::SeqCst);
    control.leases.sweep(control.records.moment());
    control.leases.sweep(control.records.moment());
    assert_eq!(control.leases.len(), 0);
    fresh.room.close().await.unwrap();
}
