//! What a key version still wraps (R16).

use strongroom_base::Timestamp;
use strongroom_crypto::keyring::Kek;
use strongroom_identity::Action;
use strongroom_ledger::{Find, Found};
use strongroom_resource::{Resource, ResourceMachine};
use strongroom_vault::key::KeyRefusal;
use strongroom_vault::{
    KeyId, KeyName, KeyPermission, KeyVersionId, VaultAddress, VaultName, VaultSuffix,
};

use super::reading::Read;
use super::use_of_keys::told;
use crate::Error;
use crate::audit::Operation;
use crate::driver::kept::index;
use crate::driver::{Reader, has_come};
use crate::operator::Operator;
use crate::resource::ResourceView;

/// What a key, or one version of it, still wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCensus {
    /// The key; without a version, all of its versions are counted.
    pub key: KeyId,
    /// How many resources' newest generation it wraps, deleted ones included. Zero means that the live
    /// store no longer needs it; backups are another matter.
    pub resources: u64,
    /// Those of them that the caller may see.
    pub visible: Vec<ResourceView>,
}

/// A version of a key that wraps resources.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionInUse {
    /// The version.
    pub id: KeyVersionId,
    /// When it was made or imported.
    pub created: Timestamp,
    /// Whether it may be used.
    pub enabled: bool,
    /// How many resources' newest generation it wraps, deleted ones included.
    pub resources: u64,
}

impl Operator {
    /// The versions of a key of an own vault that resources use, oldest first: whoever changes or deletes
    /// a key may know what that stops, by any of the permissions that it takes, or `get`.
    /// It is asked beside what leaves a record, and leaves none.
    ///
    /// # Errors
    /// If the vault does not let the caller in or has no such key.
    pub async fn versions_in_use(
        &self,
        vault: &VaultName,
        name: &KeyName,
    ) -> Result<Vec<VersionInUse>, Error> {
        use KeyPermission::{Delete, Get, Purge, Rotate, Update};

        let permissions = [Update, Delete, Purge, Rotate, Get];
        let admitted = self
            .admitted_by(vault, Some(name), &permissions, Operation::KeyGet)
            .await?;
        let Some(key) = admitted.key else {
            return Err(KeyRefusal::KeyNotFound {
                vault: vault.clone(),
                name: name.clone(),
            }
            .into());
        };
        let mut in_use = Vec::new();
        let mut reader = Reader::new(&self.core.records);
        for version in &key.versions {
            let id = KeyVersionId {
                vault: VaultAddress::embedded(vault.clone()),
                name: key.name.clone(),
                version: version.id,
            };
            let uri = id.to_string().to_ascii_lowercase();
            let found = Find::exact(index::CUSTOMER_KEY, uri);
            let wrapped = reader.wrapped_by(&found).await?;
            if !wrapped.is_empty() {
                in_use.push(VersionInUse {
                    id,
                    created: version.created,
                    enabled: version.enabled,
                    resources: wrapped.len() as u64,
                });
            }
        }
        Ok(in_use)
    }

    /// How many resources' newest generation the keys of an own vault wrap, deleted ones included: those
    /// that stop when it is deleted.
    ///
    /// # Errors
    /// If there is no such vault that the caller may see.
    pub async fn resources_of_vault(&self, vault: &VaultName) -> Result<u64, Error> {
        self.vault(vault).await?;
        let keys = format!("{}/keys/", VaultAddress::embedded(vault.clone()));
        let below = Find::prefix(index::CUSTOMER_KEY, keys.to_ascii_lowercase());
        let mut reader = Reader::new(&self.core.records);
        Ok(reader.wrapped_by(&below).await?.len() as u64)
    }

    /// Which resources need the key of this URI, or the one version of it. Takes `get`: whoever holds
    /// a key may know whether it is still needed (R5, R16). Leaves the record of one reading.
    ///
    /// # Errors
    /// If the vault does not let the caller in or has no such key; [`Error::InvalidKeyId`].
    pub async fn census(&self, key: &str) -> Result<KeyCensus, Error> {
        let key = self.proven_key(key).await?;
        let uri = key.to_string().to_ascii_lowercase();
        let found = match key.version {
            Some(_) => Find::exact(index::CUSTOMER_KEY, uri.clone()),
            None => Find::prefix(index::CUSTOMER_KEY, format!("{uri}/")),
        };
        let mut census = KeyCensus {
            key,
            resources: 0,
            visible: Vec::new(),
        };
        let mut reader = Reader::new(&self.core.records);
        let who = reader.who(self.caller.principal).await?;
        for resource in reader.wrapped_by(&found).await? {
            census.resources += 1;
            let site = reader.site_of_resource(&resource).await?;
            if let Some(site) = site
                && site.allows(&who, Action::AccountsRead).is_ok()
            {
                census.visible.push(ResourceView::of(&resource, &site));
            }
        }
        Ok(census)
    }

    /// The key, once its vault has shown it to the caller. A deleted one of our own is shown as well:
    /// before it is purged is when a census is wanted.
    async fn proven_key(&self, uri: &str) -> Result<KeyId, Error> {
        let key = self.core.vaults.parse(uri)?;
        if *key.vault.suffix() == VaultSuffix::embedded() {
            let read = Read {
                permission: KeyPermission::Get,
                operation: Operation::KeyGet,
                version: key.version,
            };
            let (vault, name) = (key.vault.name(), &key.name);
            let spelt = self
                .read_key(vault, name, read, |stored| {
                    stored.version(key.version).map(|_| stored.name.clone())
                })
                .await?;
            return Ok(KeyId { name: spelt, ..key });
        }
        let (key, asker) = self.at_key(uri).await?;
        let route = self.core.vaults.route(&key.vault)?;
        match route.keys().key(&asker, &key).await {
            Ok(_) => Ok(key),
            Err(error) => Err(told(error, &key, &asker)),
        }
    }
}

impl Reader<'_> {
    /// The resources whose newest generation is wrapped by what is found: each once, whichever changes its key
    /// meanwhile.
    async fn wrapped_by(&mut self, wanted: &Find) -> Result<Vec<Resource>, Error> {
        let mut wrapped = Vec::new();
        let now = self.core().now();
        for Found { key, id } in self.find_all(wanted).await? {
            let resource = self.load_unasserted::<ResourceMachine>(&id).await?.state;
            // Nobody needs a key for what is over.
            if has_come::<ResourceMachine>(&resource, now) {
                continue;
            }
            // The index is only a way to the state, which alone is authenticated.
            wrapped.extend(resource.filter(|resource| {
                matches!(
                    resource.kek(),
                    Some(Kek::CustomerManaged { kid, .. }) if kid.to_ascii_lowercase() == key
                )
            }));
        }
        Ok(wrapped)
    }
}
