//! Keys of the installation's own vaults.

use std::collections::BTreeSet;

use strongroom_ledger::AggregateId;
use strongroom_vault::key::{Key, KeyAction, KeyCommand, KeyEvent, KeyFacts, KeyMachine, Version};
use strongroom_vault::vault::{Vault, VaultMachine};
use strongroom_vault::{
    Asker, Caller as VaultCaller, KeyName, KeyPermission, KeyVersionId, Standing, VaultAddress,
    VaultName, VaultView,
};

use crate::Error;
use crate::audit::{Happened, Operation};
use crate::driver::kept::{key_id, vault_id};
use crate::driver::{Reader, Request};

/// Something asked of a key. The caller is the one that the vault judges.
pub(crate) struct KeyRequest<'a> {
    pub(crate) vault: VaultName,
    pub(crate) key: KeyName,
    pub(crate) command: KeyCommand,
    pub(crate) asker: &'a VaultCaller,
}

pub(crate) struct Gathered {
    vault: Option<Vault>,
    standing: Standing,
    roles: BTreeSet<KeyPermission>,
}

impl Request for KeyRequest<'_> {
    type Machine = KeyMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        key_id(&self.vault, &self.key)
    }

    fn command(&self) -> &KeyCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        _state: Option<&Key>,
    ) -> Result<Gathered, Error> {
        let vault = reader.load::<VaultMachine>(&vault_id(&self.vault)?).await?;
        let (standing, roles) = reader.vault_standing(self.asker, vault.as_ref()).await?;
        Ok(Gathered {
            vault,
            standing,
            roles,
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> KeyFacts<'a> {
        let asker = match self.command.action.requires() {
            None => Asker::Strongroom,
            Some(_) => Asker::Principal {
                caller: self.asker,
                standing: gathered.standing,
                roles: &gathered.roles,
            },
        };
        KeyFacts {
            vault: &self.vault,
            name: &self.key,
            asker,
            holder: VaultView::of(gathered.vault.as_ref()),
        }
    }

    fn happened(&self, event: &KeyEvent, _: &Gathered, subject: &Key) -> Vec<Happened> {
        let (operation, version) = match event {
            KeyEvent::Created { first, .. } => (self.making(), Some(first)),
            KeyEvent::VersionAdded { version } => (self.making(), Some(version)),
            KeyEvent::VersionUpdated { version } => (Operation::KeyUpdate, Some(version)),
            KeyEvent::RotationPolicySet { .. } => (Operation::KeyRotationPolicySet, None),
            KeyEvent::Deleted { .. } => (Operation::KeyDelete, None),
            KeyEvent::Recovered => (Operation::KeyRecover, None),
            KeyEvent::Purged { .. } => (Operation::KeyPurge, None),
            // The purge has its record.
            KeyEvent::Erased => return Vec::new(),
            _ => (Operation::KeyUpdate, None),
        };
        vec![self.record(operation, version, Some(subject))]
    }

    fn attempted(&self, _: &Gathered, state: Option<&Key>) -> Option<Happened> {
        self.command.action.requires()?;
        let operation = match &self.command.action {
            KeyAction::Create(_) | KeyAction::Import(_) | KeyAction::Rotate(_) => self.making(),
            KeyAction::SetRotationPolicy(_) => Operation::KeyRotationPolicySet,
            KeyAction::Delete => Operation::KeyDelete,
            KeyAction::Recover => Operation::KeyRecover,
            KeyAction::Purge => Operation::KeyPurge,
            _ => Operation::KeyUpdate,
        };
        Some(self.record(operation, None, state))
    }
}

impl KeyRequest<'_> {
    fn making(&self) -> Operation {
        match &self.command.action {
            KeyAction::Import(_) => Operation::KeyImport,
            KeyAction::Rotate(_) | KeyAction::RotateIfDue(_) => Operation::KeyRotate,
            _ => Operation::KeyCreate,
        }
    }

    /// The record names the key as its own URI does; the chain is that of the tenant that the vault
    /// trusts, if the caller is of it.
    fn record(
        &self,
        operation: Operation,
        version: Option<&Version>,
        key: Option<&Key>,
    ) -> Happened {
        let name = key.map_or(&self.key, |key| &key.name);
        let vault = VaultAddress::embedded(self.vault.clone());
        let target = format!("{vault}/keys/{name}");
        let happened = Happened::new(operation, target);
        match version {
            Some(version) => happened.with_key(
                KeyVersionId {
                    vault,
                    name: name.clone(),
                    version: version.id,
                }
                .to_string(),
            ),
            None => happened,
        }
    }
}
