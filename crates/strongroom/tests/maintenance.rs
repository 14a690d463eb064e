//! What time makes due: opening does none of it, a limit is kept, and what somebody rests on is found done.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom::{
    Grantee, InitOptions, KeyName, KeyPermission, KeySpec, MaintenanceLimit, NewKey, NewResource,
    NewVault, Options, ResourceChange, RotateWhen, RotationPolicy, RsaKeySize, SecretBytes,
    Strongroom, VaultName, WrapAlgorithm,
};
use strongroom_base::{Clock, Outcome as _, ResourceUid, Timestamp};
use strongroom_ledger::key_file::{KeyFile as _, SqliteKeyFile};
use strongroom_ledger::sqlite::SqliteOptions;

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// A clock of which only the hours go on, if any do: nothing is timed by it.
fn at(hours: u64) -> Arc<dyn Clock> {
    Arc::new(START.saturating_add(Duration::from_hours(hours)))
}

async fn open(data: &Path, hours: u64) -> Strongroom {
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_clock(at(hours));
    if !data.exists() {
        Strongroom::init(data, InitOptions::default(), &options)
            .await
            .unwrap();
    }
    Strongroom::open(data, &options).await.unwrap()
}

/// How many service-managed keys there are: each resource that is not destroyed has one.
async fn keys(data: &Path) -> usize {
    let path = data.join("service-keys.db");
    let file = SqliteKeyFile::open(&path, SqliteOptions::new()).await;
    let file = file.unwrap();
    let keys = file.ids(None, 1_000).await.unwrap().len();
    file.close().await.unwrap();
    keys
}

fn new(name: &str) -> NewResource {
    NewResource::new(name.parse().unwrap(), "local".parse().unwrap())
}

/// Resources that were deleted one hour after the other.
async fn with_deleted(data: &Path, count: u64) {
    for hours in 0..count {
        let room = open(data, hours).await;
        let resource = room.create_resource(new(&format!("n{hours}"))).await;
        resource.unwrap().delete().await.unwrap();
        room.close().await.unwrap();
    }
}

fn items(items: usize) -> MaintenanceLimit {
    MaintenanceLimit {
        items,
        time: Duration::MAX,
    }
}

#[tokio::test]
async fn i03_opening_does_nothing_that_is_due_and_a_little_does_the_oldest() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    with_deleted(&data, 5).await;

    let room = open(&data, 100).await;
    assert_eq!(keys(&data).await, 5);
    // Nobody is shown what is over.
    assert_eq!(room.resources().await.unwrap().len(), 0);
    assert_eq!(keys(&data).await, 5);

    let no_time = MaintenanceLimit {
        time: Duration::ZERO,
        ..MaintenanceLimit::default()
    };
    let done = room.maintenance().run_some(no_time).await.unwrap();
    assert_eq!((done.items, done.limited), (0, true));

    let done = room.maintenance().run_some(items(2)).await.unwrap();
    assert_eq!((done.items, done.failed, done.limited), (2, 0, true));
    assert_eq!(keys(&data).await, 3);
    room.close().await.unwrap();

    // The oldest are gone: those that came later are there at an hour at which the oldest would not be.
    let room = open(&data, 48).await;
    let left: Vec<_> = room.resources().await.unwrap();
    let left: BTreeSet<_> = left.iter().map(|left| left.name.as_str()).collect();
    assert_eq!(left, BTreeSet::from(["n2", "n3", "n4"]));
    room.close().await.unwrap();

    let room = open(&data, 100).await;
    let done = room.maintenance().run_due().await.unwrap();
    assert_eq!((done.items, done.failed, done.limited), (3, 0, false));
    assert_eq!(keys(&data).await, 0);
    let done = room.maintenance().run_due().await.unwrap();
    assert_eq!(done.items, 0);
    room.close().await.unwrap();
}

#[tokio::test]
async fn i03_a_spawned_maintenance_does_what_is_due_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    with_deleted(&data, 2).await;
    let room = open(&data, 100).await;
    let task = room.maintenance().spawn(Duration::from_millis(5));
    let gone = async {
        while keys(&data).await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(20), gone).await;
    gone.expect("it is done");
    drop(task);
    room.close().await.unwrap();
}

#[tokio::test]
async fn i03_whoever_rests_on_a_resource_that_is_over_finds_it_gone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    with_deleted(&data, 3).await;
    let room = open(&data, 47).await;
    let kept = room.resource(&"n0".parse().unwrap()).await.unwrap();
    room.close().await.unwrap();

    let room = open(&data, 100).await;
    let by_name = room.resource(&"n0".parse().unwrap()).await;
    assert_eq!(by_name.unwrap_err().code(), "ResourceNotFound");
    // The same that is said of what never was.
    let by_uid = async |uid| room.administrator().resource_by_uid(uid).await.unwrap_err();
    let never = by_uid(ResourceUid::from_bytes([7; 16])).await;
    assert_eq!(by_uid(kept.uid()).await.code(), never.code());
    assert_eq!(keys(&data).await, 2);
    // Its name is free.
    room.create_resource(new("n1")).await.unwrap();
    assert_eq!(keys(&data).await, 2);
    room.close().await.unwrap();
}

async fn vault(room: &Strongroom) -> (VaultName, KeyName) {
    let me = room.administrator();
    let vault: VaultName = "contoso".parse().unwrap();
    let made = NewVault::new(vault.clone(), "local".parse().unwrap());
    me.create_vault(made).await.unwrap();
    let grantee = Grantee {
        object: me.principal(),
        application: None,
    };
    let all = KeyPermission::ALL.iter().copied().collect();
    me.grant(&vault, grantee, all).await.unwrap();
    let key: KeyName = "docs".parse().unwrap();
    let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let made = me.create_key(&vault, NewKey::new(key.clone()), spec).await;
    made.unwrap();
    (vault, key)
}

const YEAR: u64 = 365 * 24;

#[tokio::test]
async fn r14_whoever_rests_on_a_vault_or_a_key_that_is_over_finds_it_gone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data, 0).await;
    let (vault, key) = vault(&room).await;
    let me = room.administrator();
    me.delete_key(&vault, &key).await.unwrap();
    room.close().await.unwrap();

    let room = open(&data, YEAR).await;
    let me = room.administrator();
    assert_eq!(me.keys(&vault).await.unwrap().len(), 0);
    let over = me.key(&vault, &key, None).await;
    assert_eq!(over.unwrap_err().code(), "KeyNotFound");
    let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let made = me.create_key(&vault, NewKey::new(key.clone()), spec).await;
    made.unwrap();
    me.delete_vault(&vault).await.unwrap();
    room.close().await.unwrap();

    let room = open(&data, 2 * YEAR).await;
    let me = room.administrator();
    assert_eq!(me.vaults().await.unwrap().len(), 0);
    let over = me.recover_vault(&vault).await;
    assert_eq!(over.unwrap_err().code(), "VaultNotFound");
    let again = NewVault::new(vault.clone(), "local".parse().unwrap());
    me.create_vault(again).await.unwrap();
    room.close().await.unwrap();
}

#[tokio::test]
async fn r16_whoever_uses_the_latest_version_of_a_key_finds_it_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data, 0).await;
    let (vault, key) = vault(&room).await;
    let me = room.administrator();
    let policy = RotationPolicy::new(RotateWhen::AfterCreate { days: 30 }, None).unwrap();
    let set = me.set_rotation_policy(&vault, &key, policy).await;
    let first = set.unwrap().version.id;
    room.close().await.unwrap();

    let room = open(&data, 31 * 24).await;
    let me = room.administrator();
    let uri = first.to_string();
    let (latest, _) = uri.rsplit_once('/').unwrap();
    let secret = SecretBytes::new(vec![7; 32]);
    let wrapped = me
        .wrap_key(latest, WrapAlgorithm::RsaOaep256, &secret)
        .await;
    assert_ne!(wrapped.unwrap().id, first);
    assert_eq!(me.key_versions(&vault, &key).await.unwrap().len(), 2);
    room.close().await.unwrap();
}

/// A change goes on meanwhile: whoever comes by leaves it alone.
#[tokio::test]
async fn r11_what_somebody_is_at_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data, 0).await;
    let (vault, key) = vault(&room).await;
    let me = room.administrator();
    let protect = strongroom::VaultUpdate {
        purge_protection: Some(true),
        ..strongroom::VaultUpdate::default()
    };
    me.update_vault(&vault, protect).await.unwrap();
    let version = me.key(&vault, &key, None).await.unwrap().version.id;
    let notes = room.create_resource(new("notes")).await.unwrap();
    let set = ResourceChange::SetKey {
        key: version.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    };
    let (changed, ()) = tokio::join!(notes.change(set), async {
        for _ in 0..20 {
            let name = "notes".parse().unwrap();
            let found = room.resource(&name);
            let found = tokio::time::timeout(Duration::from_secs(20), found).await;
            found.expect("it waits for nobody").unwrap();
            tokio::task::yield_now().await;
        }
    });
    changed.unwrap();
    room.close().await.unwrap();
}
