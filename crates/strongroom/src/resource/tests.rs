//! The sagas, from inside: what each leaves in the ledger and the key file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use object_store::ObjectStoreExt as _;
use strongroom_base::{Clock, Outcome as _, Timestamp};
use strongroom_crypto::{RsaKeySize, WrapAlgorithm};
use strongroom_identity::VaultUid;
use strongroom_vault::key::{AttributeChange, KeyAction, NewVersion, Validity};
use strongroom_vault::vault::{
    Authorization, Firewall, Grantee, NewVault, PolicyChange, PolicySpec, RetentionDays,
    VaultAction,
};
use strongroom_vault::{Caller as VaultCaller, KeyPermission, KeySpec, Origin, VaultName};

use super::*;
use crate::driver::Assertions;
use crate::{InitOptions, Options, Strongroom};

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

struct World {
    room: Strongroom,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        Self::with(Options::new(crate::aws_lc_rs::PROVIDER)).await
    }

    async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let room = open(&data, options).await;
        let world = Self { room, folder };
        world.vault("contoso").await;
        world
    }

    async fn resource(&self) -> ResourceHandle {
        let region = self.room.show().region.clone();
        let new = NewResource::new("notes".parse().unwrap(), region);
        self.room.create_resource(new).await.unwrap()
    }

    /// A vault in which the administrator may do everything with keys.
    async fn vault(&self, name: &str) {
        let operator = self.room.administrator();
        let (control, caller) = (&operator.core, &operator.caller);
        let name: VaultName = name.parse().unwrap();
        let create = VaultAction::Create(NewVault {
            uid: VaultUid::from_bytes(control.records.random_id().unwrap()),
            name: name.clone(),
            region: self.room.show().region.clone(),
            group: operator.group(),
            soft_delete: true,
            retention: RetentionDays::DEFAULT,
            purge_protection: true,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        });
        control
            .vaults
            .ask_vault(&name, create, Assertions::default(), caller)
            .await
            .unwrap();
        let own = PolicySpec {
            tenant: operator.tenant(),
            grantee: Grantee {
                object: operator.principal(),
                application: None,
            },
            keys: KeyPermission::ALL.iter().copied().collect(),
        };
        let grant = VaultAction::ChangePolicies {
            change: PolicyChange::Replace,
            entries: vec![own],
        };
        control
            .vaults
            .ask_vault(&name, grant, Assertions::default(), caller)
            .await
            .unwrap();
    }

    fn asker(&self) -> VaultCaller {
        let operator = self.room.administrator();
        VaultCaller {
            tenant: operator.tenant(),
            principal: operator.principal(),
            origin: Origin::Address([127, 0, 0, 1].into()),
            correlation: operator.caller.correlation,
        }
    }

    /// Another version of a key; returns its URI.
    async fn key(&self, vault: &str, key: &str) -> String {
        let operator = self.room.administrator();
        let (control, caller) = (&operator.core, &operator.caller);
        let pair = control
            .vaults
            .generate_pair(KeySpec::Rsa(RsaKeySize::Rsa2048))
            .await
            .unwrap();
        let (vault, key) = (vault.parse().unwrap(), key.parse().unwrap());
        let asker = self.asker();
        let made = control
            .vaults
            .with_material(pair, async |minted, assertions| {
                let create = KeyAction::Create(NewVersion {
                    minted,
                    enabled: true,
                    validity: Validity::default(),
                    operations: None,
                });
                control
                    .vaults
                    .ask_key((&vault, &key), create, assertions, &asker, caller)
                    .await
            })
            .await
            .unwrap()
            .unwrap();
        let version = made.latest().unwrap().id;
        format!(
            "https://{}.vault.localhost/keys/{}/{version}",
            made.vault, made.name
        )
    }

    async fn enable(&self, uri: &str, enabled: bool) {
        let operator = self.room.administrator();
        let (control, caller) = (&operator.core, &operator.caller);
        let id = control.vaults.parse(uri).unwrap();
        let update = KeyAction::Update {
            version: id.version,
            change: AttributeChange {
                enabled: Some(enabled),
                ..AttributeChange::default()
            },
        };
        let named = (id.vault.name(), &id.name);
        control
            .vaults
            .ask_key(named, update, Assertions::default(), &self.asker(), caller)
            .await
            .unwrap();
    }
}

async fn open(data: &Path, options: Options) -> Strongroom {
    let clock: Arc<dyn Clock> = Arc::new(START);
    let options = options.with_clock(clock);
    Strongroom::init(data, InitOptions::default(), &options)
        .await
        .unwrap();
    Strongroom::open(data, &options).await.unwrap()
}

/// Every file below a folder: its bytes, and when it was last written.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let written = path.metadata().unwrap().modified().unwrap();
            found.insert(path.clone(), (std::fs::read(&path).unwrap(), written));
        }
    }
    found
}

fn set(key: &str) -> ResourceChange {
    ResourceChange::SetKey {
        key: key.to_owned(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

/// The policy that lets an identity use a customer's key (R9), in place of the one it has.
fn granting(
    tenant: strongroom_base::TenantId,
    principal: strongroom_base::PrincipalId,
) -> VaultAction {
    let entry = PolicySpec {
        tenant,
        grantee: Grantee {
            object: principal,
            application: None,
        },
        keys: strongroom_resource::NEEDED.into(),
    };
    VaultAction::ChangePolicies {
        change: PolicyChange::Replace,
        entries: vec![entry],
    }
}

#[tokio::test]
async fn i04_r11_r16_enabling_rotating_and_returning_touch_no_stored_object() {
    let world = World::new().await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    let path = "before".into();
    let before = store.put(&path, "written before".into()).await.unwrap();

    let stored = || files(&world.folder.path().join("data/objects"));
    let at_rest = stored();
    assert!(!at_rest.is_empty());
    let first = world.key("contoso", "docs").await;
    let view = resource.change(set(&first)).await.unwrap();
    assert_eq!(stored(), at_rest);
    assert!(matches!(view.identity, IdentityView::On { .. }), "{view:?}");
    assert_eq!(view.encryption.generations, 2);
    assert_eq!((view.encryption.change, view.encryption.erasing), (None, 0));
    let control = world.room.control();
    assert!(
        control
            .keys
            .service_keys
            .ids(None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    store.put(&"after".into(), "after".into()).await.unwrap();

    let at_rest = stored();
    let second = world.key("contoso", "docs").await;
    let view = resource.change(set(&second)).await.unwrap();
    assert_eq!(view.encryption.generations, 2);
    // The former version is not needed any more.
    world.enable(&first, false).await;
    let read = store.get(&path).await.unwrap();
    assert_eq!(read.meta.e_tag, before.e_tag);
    assert_eq!(read.bytes().await.unwrap(), "written before");

    let view = resource.change(ResourceChange::Rekey).await.unwrap();
    assert_eq!(view.encryption.generations, 3);
    let view = resource.change(ResourceChange::ResetKey).await.unwrap();
    assert_eq!(view.encryption.generations, 3);
    assert_eq!(stored(), at_rest);
    world.enable(&second, false).await;
    for name in ["before", "after"] {
        store
            .get(&name.into())
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
    }
    assert_eq!(
        control.keys.service_keys.ids(None, 9).await.unwrap().len(),
        1
    );
    world.room.verify_audit().await.unwrap();
    world.room.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn large_puts_outlive_every_change_of_key() {
    let world = World::new().await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    let key = world.key("contoso", "docs").await;
    resource.change(set(&key)).await.unwrap();
    let path = object_store::path::Path::from("large");
    let numbers = (0..6_u32 << 20).flat_map(u32::to_le_bytes);
    let plain: bytes::Bytes = numbers.collect();
    let done = AtomicBool::new(false);
    let puts = async {
        while !done.load(Ordering::SeqCst) {
            let payload = plain.clone().into();
            store.put(&path, payload).await.unwrap();
        }
    };
    let rekeys = async {
        for _ in 0..6 {
            resource.change(ResourceChange::Rekey).await.unwrap();
        }
        done.store(true, Ordering::SeqCst);
    };
    tokio::join!(puts, rekeys);
    let stored = files(&world.folder.path().join("data/objects/r"));
    let names: Vec<_> = stored.keys().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["large"], "nothing half-written is left");
    let read = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(read, plain);
    world.room.close().await.unwrap();
}

#[tokio::test]
async fn r17_a_disabled_version_stops_every_operation_and_nothing_goes_round_it() {
    let world = World::new().await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    store.put(&"a".into(), "a".into()).await.unwrap();
    let key = world.key("contoso", "docs").await;
    resource.change(set(&key)).await.unwrap();
    let other = world.key("contoso", "other").await;

    world.enable(&key, false).await;
    let denied = crate::Error::from(store.get(&"a".into()).await.unwrap_err());
    assert_eq!(denied.code(), "KeyDisabled", "{denied}");
    assert!(
        denied
            .to_string()
            .contains(&format!("strongroom key enable {key}"))
    );
    assert!(store.put(&"b".into(), "b".into()).await.is_err());
    for change in [ResourceChange::ResetKey, set(&other)] {
        let refused = resource.change(change).await.unwrap_err();
        assert_eq!(refused.code(), "KeyDisabled", "{refused}");
        // What was begun is taken back whole.
        let view = resource.show().await.unwrap();
        assert_eq!((view.encryption.change, view.encryption.erasing), (None, 0));
    }
    let control = world.room.control();
    assert!(
        control
            .keys
            .service_keys
            .ids(None, 9)
            .await
            .unwrap()
            .is_empty()
    );

    world.enable(&key, true).await;
    assert_eq!(
        store.get(&"a".into()).await.unwrap().bytes().await.unwrap(),
        "a"
    );
    resource.change(set(&other)).await.unwrap();
    assert_eq!(
        store.get(&"a".into()).await.unwrap().bytes().await.unwrap(),
        "a"
    );
    world.room.close().await.unwrap();
}

#[tokio::test]
async fn r12_an_identity_made_anew_must_be_granted_access_again() {
    let world = World::new().await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    store.put(&"a".into(), "a".into()).await.unwrap();
    let key = world.key("contoso", "docs").await;
    resource.change(set(&key)).await.unwrap();

    resource
        .change(ResourceChange::DisableIdentity)
        .await
        .unwrap();
    let denied = crate::Error::from(store.get(&"a".into()).await.unwrap_err());
    assert_eq!(denied.code(), "IdentityOff", "{denied}");
    let view = resource
        .change(ResourceChange::EnableIdentity)
        .await
        .unwrap();
    let IdentityView::On { principal, tenant } = view.identity else {
        panic!("{view:?}");
    };
    let denied = crate::Error::from(store.get(&"a".into()).await.unwrap_err());
    assert_eq!(denied.code(), "AccessDenied", "{denied}");

    let operator = world.room.administrator();
    let grant = granting(tenant, principal);
    let vault = "contoso".parse().unwrap();
    operator
        .core
        .vaults
        .ask_vault(&vault, grant, Assertions::default(), &operator.caller)
        .await
        .unwrap();
    assert_eq!(
        store.get(&"a".into()).await.unwrap().bytes().await.unwrap(),
        "a"
    );
    world.room.close().await.unwrap();
}

#[tokio::test]
async fn r16_a_follower_goes_over_to_the_latest_version_and_stays_where_that_is_unfit() {
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_followed_keys();
    let world = World::with(options).await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    store.put(&"a".into(), "a".into()).await.unwrap();
    let first = world.key("contoso", "docs").await;
    let (key, _) = first.rsplit_once('/').unwrap();
    let view = resource.change(set(key)).await.unwrap();
    let on = |view: &ResourceView| match &view.encryption.source {
        KeySource::CustomerManaged {
            key, follows: true, ..
        } => key.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(on(&view), first);
    world.room.maintenance().run_due().await.unwrap();
    assert_eq!(on(&resource.show().await.unwrap()), first);

    let second = world.key("contoso", "docs").await;
    world.room.maintenance().run_due().await.unwrap();
    let view = resource.show().await.unwrap();
    assert_eq!(on(&view), second);
    assert_eq!(view.encryption.generations, 2);

    let third = world.key("contoso", "docs").await;
    world.enable(&third, false).await;
    world.room.maintenance().run_due().await.unwrap();
    assert_eq!(on(&resource.show().await.unwrap()), second);
    let reports = resource.reports().await.unwrap();
    assert!(
        matches!(
            &reports[..],
            [strongroom_resource::Report::NotFollowed { .. }]
        ),
        "{reports:?}"
    );
    let read = store.get(&"a".into()).await.unwrap();
    assert_eq!(read.bytes().await.unwrap(), "a");
    world.room.close().await.unwrap();
}

#[tokio::test]
async fn r16_a_key_without_a_version_is_refused_unless_the_installation_allows_it() {
    let world = World::new().await;
    let resource = world.resource().await;
    let first = world.key("contoso", "docs").await;
    let (key, _) = first.rsplit_once('/').unwrap();
    let refused = resource.change(set(key)).await.unwrap_err();
    assert_eq!(refused.code(), "KeyVersionRequired");
    world.room.close().await.unwrap();
}

#[tokio::test]
async fn r07_r13_a_vault_that_trusts_another_tenant_is_found_at_the_next_use() {
    let world = World::new().await;
    let resource = world.resource().await;
    let store = resource.store().await.unwrap();
    store.put(&"a".into(), "a".into()).await.unwrap();
    let key = world.key("contoso", "docs").await;
    let view = resource.change(set(&key)).await.unwrap();
    let IdentityView::On { principal, tenant } = view.identity else {
        panic!("{view:?}");
    };
    let operator = world.room.administrator();
    let (control, caller) = (&operator.core, &operator.caller);
    let vault: VaultName = "contoso".parse().unwrap();
    let trust = async |tenant| {
        let update = VaultAction::Update(strongroom_vault::vault::VaultUpdate {
            tenant: Some(tenant),
            ..Default::default()
        });
        control
            .vaults
            .ask_vault(&vault, update, Assertions::default(), caller)
            .await
            .unwrap();
    };
    trust(strongroom_base::TenantId::from_bytes([9; 16])).await;
    let denied = crate::Error::from(store.get(&"a".into()).await.unwrap_err());
    assert_eq!(denied.code(), "KeyVaultTenantMismatch", "{denied}");

    // Trusted again, it has dropped the policies; with them the data is back.
    trust(tenant).await;
    let denied = crate::Error::from(store.get(&"a".into()).await.unwrap_err());
    assert_eq!(denied.code(), "AccessDenied", "{denied}");
    let grant = granting(tenant, principal);
    control
        .vaults
        .ask_vault(&vault, grant, Assertions::default(), caller)
        .await
        .unwrap();
    let read = store.get(&"a".into()).await.unwrap();
    assert_eq!(read.bytes().await.unwrap(), "a");
    world.room.close().await.unwrap();
}
