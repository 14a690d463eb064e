//! The sagas, and what each needs before it begins.

use std::path::Path;

use object_store::ObjectStoreExt as _;
use strongroom::{Error, NewKey, NewVault, Operator, ResourceChange, Strongroom, WrapAlgorithm};
use strongroom_crypto::RsaKeySize;
use strongroom_vault::vault::Grantee;
use strongroom_vault::{KeyName, KeyPermission, KeySpec, VaultName};

use crate::world::{init, resource};

/// Something that takes several steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saga {
    /// From the service-managed key to a customer's, by an owner of the vault: identity and grant are
    /// made on the way.
    Enable,
    /// The same, with identity and grant there already.
    EnableGranted,
    Rotate,
    Switch,
    Rekey,
    Reset,
    IdentityEnable,
    IdentityDisable,
    Delete,
    Recover,
    Purge,
    VaultPurge,
    KeyPurge,
}

/// A vault that satisfies every rule, and one that can be purged.
pub(crate) const VAULTS: [&str; 2] = ["contoso", "passing"];

impl Saga {
    pub(crate) const ALL: [Self; 13] = [
        Self::Enable,
        Self::EnableGranted,
        Self::Rotate,
        Self::Switch,
        Self::Rekey,
        Self::Reset,
        Self::IdentityEnable,
        Self::IdentityDisable,
        Self::Delete,
        Self::Recover,
        Self::Purge,
        Self::VaultPurge,
        Self::KeyPurge,
    ];

    /// Makes what the saga begins from.
    pub(crate) async fn prepare(self, scene: &Path) {
        let room = init(scene).await;
        let operator = room.administrator();
        for name in VAULTS {
            let mut new = NewVault::new(vault(name), room.show().region.clone());
            new.purge_protection = name == "contoso";
            operator.create_vault(new).await.unwrap();
            let myself = Grantee {
                object: operator.principal(),
                application: None,
            };
            let all = KeyPermission::ALL.iter().copied().collect();
            operator
                .replace_grant(&vault(name), myself, all)
                .await
                .unwrap();
        }
        let notes = resource(&room).await;
        let store = notes.store().await.unwrap();
        store.put(&"before".into(), "before".into()).await.unwrap();
        let first = key(operator, "contoso", "docs").await;
        match self {
            Self::Enable | Self::IdentityEnable => {}
            Self::EnableGranted => grant_identity(operator, &notes).await,
            Self::Rotate
            | Self::Switch
            | Self::Rekey
            | Self::Reset
            | Self::IdentityDisable
            | Self::Delete
            | Self::Recover
            | Self::Purge => {
                notes.change(set(&first)).await.unwrap();
                store.put(&"under".into(), "under".into()).await.unwrap();
            }
            Self::VaultPurge => {
                key(operator, "passing", "one").await;
                key(operator, "passing", "two").await;
                operator.delete_vault(&vault("passing")).await.unwrap();
            }
            Self::KeyPurge => {
                key(operator, "passing", "one").await;
                key(operator, "passing", "one").await;
                let (passing, one) = (vault("passing"), name("one"));
                operator.delete_key(&passing, &one).await.unwrap();
            }
        }
        match self {
            Self::Rotate => drop(key(operator, "contoso", "docs").await),
            Self::Switch => drop(key(operator, "contoso", "other").await),
            Self::Recover | Self::Purge => drop(notes.delete().await.unwrap()),
            _ => {}
        }
        room.close().await.unwrap();
    }

    /// The saga itself, as somebody asks for it.
    pub(crate) async fn run(self, room: &Strongroom) -> Result<(), Error> {
        let operator = room.administrator();
        let notes = room.resource(&"notes".parse()?).await?;
        let change = match self {
            Self::Enable | Self::EnableGranted | Self::Rotate => {
                set(&latest(operator, "contoso", "docs").await?)
            }
            Self::Switch => set(&latest(operator, "contoso", "other").await?),
            Self::Rekey => ResourceChange::Rekey,
            Self::Reset => ResourceChange::ResetKey,
            Self::IdentityEnable => ResourceChange::EnableIdentity,
            Self::IdentityDisable => ResourceChange::DisableIdentity,
            Self::Delete => ResourceChange::Delete,
            Self::Recover => ResourceChange::Recover,
            Self::Purge => return notes.purge().await,
            Self::VaultPurge => return operator.purge_vault(&vault("passing")).await,
            Self::KeyPurge => {
                let (passing, one) = (vault("passing"), name("one"));
                return operator.purge_key(&passing, &one).await;
            }
        };
        notes.change(change).await.map(drop)
    }
}

async fn grant_identity(operator: &Operator, notes: &strongroom::ResourceHandle) {
    let view = notes.change(ResourceChange::EnableIdentity).await.unwrap();
    let strongroom::IdentityView::On { principal, .. } = view.identity else {
        panic!("{view:?}");
    };
    let grantee = Grantee {
        object: principal,
        application: None,
    };
    let needed = [
        KeyPermission::Get,
        KeyPermission::WrapKey,
        KeyPermission::UnwrapKey,
    ];
    operator
        .grant(&vault("contoso"), grantee, needed.into())
        .await
        .unwrap();
}

fn set(key: &str) -> ResourceChange {
    ResourceChange::SetKey {
        key: key.to_owned(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

pub(crate) fn vault(name: &str) -> VaultName {
    name.parse().unwrap()
}

fn name(name: &str) -> KeyName {
    name.parse().unwrap()
}

/// Another version of a key; its URI.
async fn key(operator: &Operator, vault: &str, key: &str) -> String {
    let new = NewKey::new(name(key));
    let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let made = operator.create_key(&self::vault(vault), new, spec).await;
    made.unwrap().version.id.to_string()
}

async fn latest(operator: &Operator, vault: &str, key: &str) -> Result<String, Error> {
    let found = operator.key(&self::vault(vault), &name(key), None).await?;
    Ok(found.version.id.to_string())
}
