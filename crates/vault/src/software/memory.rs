//! State in memory: for tests, and for a vault that lives as long as its process.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strongroom_base::{Machine, PrincipalId, TenantId, Timestamp};
use strongroom_crypto::SecretBytes;

use super::{Answer, Operation, Snapshot, StateError, Use, VaultState};
use crate::key::{Key, KeyAction, KeyCommand, KeyEffect, KeyFacts, KeyMachine, KeyRefusal};
use crate::vault::{
    Vault, VaultAction, VaultCommand, VaultEffect, VaultFacts, VaultMachine, VaultRefusal,
};
use crate::{
    Asker, Caller, KeyName, KeyPermission, KeyVersion, MaterialRef, Standing, VaultName, VaultView,
};

/// Vaults, keys, material and a small directory, in memory.
///
/// It drives the machines as a durable driver would: decide, evolve, then carry out what the new
/// state owes. Private material is zeroed when it is erased or dropped.
#[derive(Default)]
pub struct MemoryState(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    vaults: BTreeMap<VaultName, Vault>,
    keys: BTreeMap<(VaultName, KeyName), Key>,
    material: BTreeMap<MaterialRef, SecretBytes>,
    directory: BTreeMap<PrincipalId, TenantId>,
    roles: BTreeMap<(VaultName, PrincipalId), BTreeSet<KeyPermission>>,
    operations: Vec<Recorded>,
    fault: Option<MemoryError>,
}

/// An operation that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// When it was asked.
    pub at: Timestamp,
    /// Who asked.
    pub caller: Caller,
    /// Of which vault.
    pub vault: VaultName,
    /// Of which key.
    pub key: KeyName,
    /// Of which version.
    pub version: Option<KeyVersion>,
    /// What was asked.
    pub what: Use,
    /// What came of it.
    pub answer: Answer,
}

/// A fault of state in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// Put there by [`MemoryState::fail`]: nothing can be read.
    #[error("reading fails, as it was told to")]
    Unreadable,
    /// Put there by [`MemoryState::fail`]: nothing can be recorded.
    #[error("recording fails, as it was told to")]
    Unrecordable,
    /// A version refers to material that is not there.
    #[error("the material of the version is not there")]
    NoMaterial,
}

impl MemoryState {
    /// No vault, no key, nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a principal in the directory of a tenant.
    pub fn register(&self, principal: PrincipalId, tenant: TenantId) {
        self.inner().directory.insert(principal, tenant);
    }

    /// Takes a principal out of its directory (R12).
    pub fn unregister(&self, principal: PrincipalId) {
        self.inner().directory.remove(&principal);
    }

    /// Sets what role assignments at a vault permit a principal.
    pub fn assign(
        &self,
        vault: &VaultName,
        principal: PrincipalId,
        permissions: BTreeSet<KeyPermission>,
    ) {
        self.inner()
            .roles
            .insert((vault.clone(), principal), permissions);
    }

    /// Stores private material, before the version that refers to it is committed.
    pub fn store_material(&self, reference: MaterialRef, pkcs8: SecretBytes) {
        self.inner().material.insert(reference, pkcs8);
    }

    /// Drops private material, as a fault of the store would.
    pub fn lose_material(&self, reference: MaterialRef) {
        self.inner().material.remove(&reference);
    }

    /// Makes every later call to the seam fail so, or none.
    pub fn fail(&self, fault: Option<MemoryError>) {
        self.inner().fault = fault;
    }

    /// What was recorded so far, oldest first.
    #[must_use]
    pub fn operations(&self) -> Vec<Recorded> {
        self.inner().operations.clone()
    }

    /// The state of a vault.
    #[must_use]
    pub fn vault(&self, name: &VaultName) -> Option<Vault> {
        self.inner().vaults.get(name).cloned()
    }

    /// The state of a key.
    #[must_use]
    pub fn key(&self, vault: &VaultName, name: &KeyName) -> Option<Key> {
        self.inner()
            .keys
            .get(&(vault.clone(), name.clone()))
            .cloned()
    }

    /// Whether this material is there.
    #[must_use]
    pub fn holds(&self, material: MaterialRef) -> bool {
        self.inner().material.contains_key(&material)
    }

    /// Drives the machine of the vault that `facts` name, and carries out what it then owes.
    ///
    /// # Errors
    /// The refusal; nothing has changed then (I8).
    pub fn drive_vault(
        &self,
        command: &VaultCommand,
        facts: &VaultFacts,
    ) -> Result<(), VaultRefusal> {
        self.inner().drive_vault(command, facts)
    }

    /// Drives the machine of a key for `asker`, and carries out what it then owes. What a rotation
    /// policy owes is left to [`KeyAction::RotateIfDue`], since it takes new material.
    ///
    /// # Errors
    /// The refusal; nothing has changed then (I8).
    pub fn drive_key(
        &self,
        caller: &Caller,
        vault: &VaultName,
        name: &KeyName,
        command: &KeyCommand,
    ) -> Result<(), KeyRefusal> {
        self.inner().drive_key(Some(caller), vault, name, command)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is one assignment after its decision: a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn drive_vault(
        &mut self,
        command: &VaultCommand,
        facts: &VaultFacts,
    ) -> Result<(), VaultRefusal> {
        let mut state = self.vaults.get(&facts.vault).cloned();
        for event in VaultMachine::decide(&state, command, facts)? {
            VaultMachine::evolve(&mut state, &event);
        }
        let owed = VaultMachine::effects(&state, command.at);
        if let Some(vault) = state {
            self.vaults.insert(facts.vault.clone(), vault);
        } else {
            // Nothing is held at what is gone.
            self.vaults.remove(&facts.vault);
            self.roles.retain(|(vault, _), _| *vault != facts.vault);
        }
        for effect in owed {
            let VaultEffect::EraseKeys { vault } = effect;
            let names: Vec<KeyName> = self
                .keys
                .keys()
                .filter(|(holder, _)| *holder == vault)
                .map(|(_, name)| name.clone())
                .collect();
            let purge = KeyCommand {
                at: command.at,
                action: KeyAction::PurgeWithVault,
            };
            for name in names {
                // A key that is being purged already is on its way out.
                match self.drive_key(None, &vault, &name, &purge) {
                    Ok(()) | Err(_) => {}
                }
            }
            let erased = VaultCommand {
                at: command.at,
                action: VaultAction::KeysErased,
            };
            self.drive_vault(&erased, facts)?;
        }
        Ok(())
    }

    fn drive_key(
        &mut self,
        caller: Option<&Caller>,
        vault: &VaultName,
        name: &KeyName,
        command: &KeyCommand,
    ) -> Result<(), KeyRefusal> {
        let id = (vault.clone(), name.clone());
        let mut state = self.keys.get(&id).cloned();
        let roles = caller
            .map(|caller| self.roles_of(caller, vault))
            .unwrap_or_default();
        let facts = KeyFacts {
            vault,
            name,
            asker: match caller {
                None => Asker::Strongroom,
                Some(caller) => Asker::Principal {
                    caller,
                    standing: self.standing(caller),
                    roles: &roles,
                },
            },
            holder: VaultView::of(self.vaults.get(vault)),
        };
        for event in KeyMachine::decide(&state, command, &facts)? {
            KeyMachine::evolve(&mut state, &event);
        }
        let owed = KeyMachine::effects(&state, command.at);
        match state {
            Some(key) => self.keys.insert(id, key),
            None => self.keys.remove(&id),
        };
        for effect in owed {
            match effect {
                KeyEffect::Rotate { .. } => {}
                KeyEffect::EraseMaterial {
                    vault,
                    name,
                    material,
                } => {
                    for reference in material {
                        self.material.remove(&reference);
                    }
                    let erased = KeyCommand {
                        at: command.at,
                        action: KeyAction::MaterialErased,
                    };
                    self.drive_key(None, &vault, &name, &erased)?;
                }
            }
        }
        Ok(())
    }

    fn standing(&self, caller: &Caller) -> Standing {
        match self.directory.get(&caller.principal) {
            Some(tenant) if *tenant == caller.tenant => Standing::Present,
            Some(_) => Standing::LeftBehind,
            None => Standing::Gone,
        }
    }

    fn roles_of(&self, caller: &Caller, vault: &VaultName) -> BTreeSet<KeyPermission> {
        self.roles
            .get(&(vault.clone(), caller.principal))
            .cloned()
            .unwrap_or_default()
    }
}

#[async_trait]
impl VaultState for MemoryState {
    async fn snapshot(
        &self,
        caller: &Caller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, StateError> {
        let inner = self.inner();
        if inner.fault == Some(MemoryError::Unreadable) {
            return Err(MemoryError::Unreadable.into());
        }
        Ok(Snapshot {
            vault: inner.vaults.get(vault).cloned(),
            key: key.and_then(|key| inner.keys.get(&(vault.clone(), key.clone())).cloned()),
            standing: inner.standing(caller),
            roles: inner.roles_of(caller, vault),
        })
    }

    async fn material(&self, material: MaterialRef) -> Result<SecretBytes, StateError> {
        let inner = self.inner();
        let pkcs8 = inner
            .material
            .get(&material)
            .ok_or(MemoryError::NoMaterial)?;
        Ok(SecretBytes::new(pkcs8.expose().to_vec()))
    }

    async fn record(&self, operation: Operation<'_>) -> Result<(), StateError> {
        let mut inner = self.inner();
        if inner.fault == Some(MemoryError::Unrecordable) {
            return Err(MemoryError::Unrecordable.into());
        }
        let Operation {
            at,
            caller,
            vault,
            key,
            version,
            what,
            answer,
        } = operation;
        inner.operations.push(Recorded {
            at,
            caller: caller.clone(),
            vault: vault.clone(),
            key: key.clone(),
            version,
            what,
            answer,
        });
        Ok(())
    }
}

/// It holds private material, so it says how much, and nothing else.
impl fmt::Debug for MemoryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        f.debug_struct("MemoryState")
            .field("vaults", &inner.vaults.len())
            .field("keys", &inner.keys.len())
            .finish_non_exhaustive()
    }
}
