//! What a key version still wraps (R16).

use strongroom_crypto::keyring::Kek;
use strongroom_identity::Action;
use strongroom_ledger::Find;
use strongroom_resource::ResourceMachine;
use strongroom_vault::{KeyId, KeyPermission, VaultSuffix};

use super::reading::Read;
use super::use_of_keys::told;
use crate::Error;
use crate::audit::Operation;
use crate::driver::Reader;
use crate::driver::kept::index;
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

impl Operator {
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
        let found = self.core.find_all(&found, |_| true).await?;
        let who = Reader::new(&self.core).who(self.caller.principal).await?;
        let mut census = KeyCensus {
            key,
            resources: 0,
            visible: Vec::new(),
        };
        for (row, id) in found {
            let mut reader = Reader::new(&self.core);
            let Some(resource) = reader.load::<ResourceMachine>(&id).await? else {
                continue;
            };
            // The index is only a way to the state, which alone is authenticated.
            let wraps = matches!(
                resource.kek(),
                Some(Kek::CustomerManaged { kid, .. }) if kid.to_ascii_lowercase() == row
            );
            if !wraps {
                continue;
            }
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
        let route = self.core.route(&key.vault)?;
        match route.keys().key(&asker, &key).await {
            Ok(_) => Ok(key),
            Err(error) => Err(told(error, &key, &asker)),
        }
    }
}
