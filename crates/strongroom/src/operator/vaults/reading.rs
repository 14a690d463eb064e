//! Keys, read: what a vault shows of them, and to whom.

use strongroom_ledger::Found;
use strongroom_vault::key::{Key, KeyLife, KeyMachine, KeyRefusal, RotationPolicy};
use strongroom_vault::{KeyName, KeyPermission, KeyVersion, VaultName};

use super::admission::{Admitted, recorded, target};
use crate::Error;
use crate::audit::{Happened, Operation};
use crate::driver::{Reader, has_come};
use crate::operator::Operator;
use crate::vaults::{KeyInfo, KeyVersionInfo, keys_in};

impl Operator {
    /// The keys of a vault by name, each with its latest version; deleted ones too. Takes the
    /// permission `list`.
    ///
    /// # Errors
    /// [`Error::VaultDenied`] if the vault does not let the caller in.
    pub async fn keys(&self, vault: &VaultName) -> Result<Vec<KeyInfo>, Error> {
        let list = Operation::KeyList;
        let Admitted { asker, .. } = self
            .admitted(vault, None, KeyPermission::List, list)
            .await?;
        let mut views = Vec::new();
        let now = self.core.records.now();
        let mut reader = Reader::new(&self.core.records);
        for Found { id, .. } in reader.find_all(&keys_in(vault)).await? {
            let key = reader.load_unasserted::<KeyMachine>(&id).await?.state;
            // Of a key that is not deleted it is a rotation that is due.
            let has_come = has_come::<KeyMachine>(&key, now);
            // The index is only a way to the state, which alone is authenticated.
            let here = |key: &Key| {
                let is_over = has_come && matches!(key.life, KeyLife::Deleted { .. });
                is_there(key) && !is_over && key.vault.lookup_key() == vault.lookup_key()
            };
            if let Some(key) = key.filter(here)
                && let Some(latest) = key.latest()
            {
                views.push(KeyInfo::of(&key, latest));
            }
        }
        drop(reader);
        let listed = Happened::new(list, target(vault, None));
        self.core
            .records
            .record(vec![listed], &recorded(&asker))
            .await?;
        Ok(views)
    }

    /// The versions of a key, oldest first; those of a deleted one too. Takes `list`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, or has no such key.
    pub async fn key_versions(
        &self,
        vault: &VaultName,
        name: &KeyName,
    ) -> Result<Vec<KeyVersionInfo>, Error> {
        let read = Read {
            permission: KeyPermission::List,
            operation: Operation::KeyList,
            version: None,
        };
        self.read_key(vault, name, read, |key| {
            let versions = key.versions.iter();
            Some(versions.map(|one| KeyVersionInfo::of(key, one)).collect())
        })
        .await
    }

    /// A key with one of its versions, or the latest; a deleted one too. Takes `get`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, or has no such key or version.
    pub async fn key(
        &self,
        vault: &VaultName,
        name: &KeyName,
        version: Option<KeyVersion>,
    ) -> Result<KeyInfo, Error> {
        let read = Read {
            permission: KeyPermission::Get,
            operation: Operation::KeyGet,
            version,
        };
        self.read_key(vault, name, read, |key| {
            Some(KeyInfo::of(key, key.version(version)?))
        })
        .await
    }

    /// When the vault adds versions of a key by itself (R16). Takes `getrotationpolicy`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, or has no such key.
    pub async fn rotation_policy(
        &self,
        vault: &VaultName,
        name: &KeyName,
    ) -> Result<RotationPolicy, Error> {
        let read = Read {
            permission: KeyPermission::GetRotationPolicy,
            operation: Operation::KeyRotationPolicyGet,
            version: None,
        };
        self.read_key(vault, name, read, |key| Some(key.rotation))
            .await
    }

    /// Reads a key and leaves the one record of it, whatever comes of it (I7).
    pub(super) async fn read_key<T>(
        &self,
        vault: &VaultName,
        name: &KeyName,
        read: Read,
        show: impl FnOnce(&Key) -> Option<T>,
    ) -> Result<T, Error> {
        let Read {
            permission,
            operation,
            version,
        } = read;
        let Admitted { asker, key } = self
            .admitted(vault, Some(name), permission, operation)
            .await?;
        let key = key.filter(is_there);
        let spelt = key.as_ref().map_or(name, |key| &key.name);
        let on = target(vault, Some(spelt));
        let mut happened = Happened::new(operation, on.clone());
        let asked = key.as_ref().and_then(|key| key.version(version));
        if let Some(id) = asked
            .map(|found| found.id)
            .filter(|_| read.names_a_version())
        {
            happened = happened.with_key(format!("{on}/{id}"));
        }
        let shown = key.as_ref().and_then(show);
        let missing = shown.is_none();
        if missing {
            happened = happened.failed("KeyNotFound");
        }
        self.core
            .records
            .record(vec![happened], &recorded(&asker))
            .await?;
        let (vault, name) = (vault.clone(), name.clone());
        shown.ok_or_else(|| {
            match version.filter(|_| key.is_some()) {
                Some(version) => KeyRefusal::VersionNotFound {
                    vault,
                    name,
                    version,
                },
                None => KeyRefusal::KeyNotFound { vault, name },
            }
            .into()
        })
    }
}

/// One reading of a key.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) permission: KeyPermission,
    pub(super) operation: Operation,
    /// The version; the latest, if there is none.
    pub(super) version: Option<KeyVersion>,
}

impl Read {
    /// Whether the record names the version: what is read of the key as a whole names none.
    fn names_a_version(self) -> bool {
        self.operation == Operation::KeyGet
    }
}

/// A key that is being destroyed is gone for all callers.
fn is_there(key: &Key) -> bool {
    !matches!(key.life, KeyLife::Purging { .. })
}
