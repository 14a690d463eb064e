//! Everything of a scene that a saga may change, with ids that are drawn anew each time left out.

use std::collections::BTreeMap;
use std::path::Path;

use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use strongroom::{Error, IdentityView, KeySource, ResourceHandle, ResourceState, ResourceView};
use strongroom_ledger::key_file::{KeyFile as _, SqliteKeyFile};
use strongroom_ledger::sqlite::SqliteOptions;
use strongroom_vault::KeyPermission;

use crate::saga::{VAULTS, vault};
use crate::world::{STARTS_AGAIN, open};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// None once it is purged.
    resource: Option<Resource>,
    vaults: BTreeMap<&'static str, Vault>,
    /// How many sealed keys lie in the two files: one that nothing names would be one too many.
    service_keys: usize,
    vault_keys: usize,
    /// How many sealed objects there are.
    stored: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Resource {
    state: &'static str,
    customer_key: Option<String>,
    generations: usize,
    has_identity: bool,
    /// What reads back; none where it is out of reach.
    objects: Option<BTreeMap<String, Vec<u8>>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Vault {
    there: bool,
    /// The permissions of each grantee, whoever it is.
    policies: Vec<Vec<KeyPermission>>,
    keys: BTreeMap<String, usize>,
}

impl Picture {
    /// What the next start makes of a scene, once it has done what is owed.
    pub(crate) async fn of(scene: &Path) -> Self {
        let room = open(scene, STARTS_AGAIN, None).await;
        let operator = room.administrator();
        let resource = match room.resource(&"notes".parse().unwrap()).await {
            Ok(handle) => Some(Resource::of(&handle).await),
            Err(Error::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        };
        let mut vaults = BTreeMap::new();
        for name in VAULTS {
            let mut picture = Vault::default();
            if let Ok(info) = operator.vault(&vault(name)).await {
                picture.there = true;
                let permissions = info.policies.iter().map(|entry| entry.keys.keys().copied());
                picture.policies = permissions.map(Iterator::collect).collect();
                picture.policies.sort();
            }
            for key in operator.keys(&vault(name)).await.unwrap_or_default() {
                picture.keys.insert(key.name.to_string(), key.versions);
            }
            vaults.insert(name, picture);
        }
        room.verify_audit().await.unwrap();
        room.close().await.unwrap();
        Self {
            resource,
            vaults,
            service_keys: sealed_keys(&scene.join("data/service-keys.db")).await,
            vault_keys: sealed_keys(&scene.join("data/vault-keys.db")).await,
            stored: files(&scene.join("data/objects")),
        }
    }
}

impl Resource {
    async fn of(handle: &ResourceHandle) -> Self {
        let view: ResourceView = handle.show().await.unwrap();
        assert_eq!(view.encryption.change, None, "a change is still under way");
        assert_eq!(view.encryption.erasing, 0, "a key is still to be erased");
        let (state, objects) = match view.state {
            // Whether it is within reach is found out by reading.
            ResourceState::Active | ResourceState::Inaccessible(_) => {
                ("active", read(handle).await)
            }
            ResourceState::Deleted { .. } => ("deleted", None),
            _ => ("purging", None),
        };
        Self {
            state,
            customer_key: match &view.encryption.source {
                KeySource::CustomerManaged { key, .. } => Some(key.clone()),
                _ => None,
            },
            generations: view.encryption.generations,
            has_identity: !matches!(view.identity, IdentityView::Off),
            objects,
        }
    }
}

/// All objects, or none if a key says no. Anything else is a failure.
async fn read(handle: &ResourceHandle) -> Option<BTreeMap<String, Vec<u8>>> {
    let store = handle.store().await.unwrap();
    let listed: Result<Vec<_>, _> = store.list(None).try_collect().await;
    let listed = match listed.map_err(Error::from) {
        Ok(listed) => listed,
        Err(error) if error.out_of_reach().is_some() => return None,
        Err(error) => panic!("{error:?}"),
    };
    let mut objects = BTreeMap::new();
    for meta in listed {
        let bytes = store.get(&meta.location).await.unwrap().bytes().await;
        objects.insert(meta.location.to_string(), bytes.unwrap().to_vec());
    }
    Some(objects)
}

async fn sealed_keys(file: &Path) -> usize {
    let file = SqliteKeyFile::open(file, SqliteOptions::new())
        .await
        .unwrap();
    let ids = file.ids(None, 100).await.unwrap();
    file.close().await.unwrap();
    ids.len()
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let count = |entry: std::fs::DirEntry| {
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path())
        } else {
            1
        }
    };
    entries.map(|entry| count(entry.unwrap())).sum()
}
