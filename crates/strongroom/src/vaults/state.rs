//! The state of the installation's own vaults, on the ledger.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_crypto::SecretBytes;
use strongroom_identity::{Caller as Who, PrincipalKind, PrincipalMachine, Standing as Directory};
use strongroom_vault::key::KeyMachine;
use strongroom_vault::software::{
    Answer, Operation as VaultOperation, Snapshot, StateError, VaultState,
};
use strongroom_vault::vault::{Authorization, Vault, VaultMachine};
use strongroom_vault::{
    Caller as VaultCaller, KeyId, KeyName, KeyPermission, MaterialRef, Origin, Standing,
    VaultAddress, VaultName,
};

use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::Reader;
use crate::driver::kept::{key_id, principal_id, vault_id};
use crate::key_files::KeyStore;

/// The ledger as the software vault sees it.
#[derive(Clone, Debug)]
pub(crate) struct LedgerVaultState {
    keys: Arc<KeyStore>,
}

impl LedgerVaultState {
    pub(crate) fn new(keys: Arc<KeyStore>) -> Self {
        Self { keys }
    }
}

#[async_trait]
impl VaultState for LedgerVaultState {
    async fn snapshot(
        &self,
        caller: &VaultCaller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, StateError> {
        let mut reader = Reader::new(&self.keys.records);
        Ok(reader.vault_snapshot(caller, vault, key).await?)
    }

    async fn material(&self, material: MaterialRef) -> Result<SecretBytes, StateError> {
        Ok(self.keys.key_material(material).await?)
    }

    async fn record(&self, operation: VaultOperation<'_>) -> Result<(), StateError> {
        let happened = happened(&operation);
        let caller = Caller {
            tenant: operation.caller.tenant,
            principal: operation.caller.principal,
            source: source(operation.caller.origin),
            correlation: operation.caller.correlation,
        };
        Ok(self.keys.records.record(vec![happened], &caller).await?)
    }
}

/// What one caller is judged by at one key of a vault of ours, read beforehand: the state of one use.
#[derive(Clone, Debug)]
pub(crate) struct SeenVault {
    pub(crate) caller: VaultCaller,
    pub(crate) snapshot: Snapshot,
}

/// The ledger, where what a use is judged by has been read already.
#[derive(Clone, Debug)]
pub(crate) struct SeenVaultState {
    pub(super) ledger: LedgerVaultState,
    pub(super) seen: SeenVault,
}

#[async_trait]
impl VaultState for SeenVaultState {
    async fn snapshot(
        &self,
        caller: &VaultCaller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, StateError> {
        let SeenVault {
            caller: seen_for,
            snapshot,
        } = &self.seen;
        let is_of_vault = snapshot.vault.as_ref().is_some_and(|it| it.name == *vault);
        let is_of_key = key.is_none_or(|key| {
            let seen = snapshot.key.as_ref();
            seen.is_some_and(|seen| seen.name.lookup_key() == key.lookup_key())
        });
        if seen_for == caller && is_of_vault && is_of_key {
            return Ok(snapshot.clone());
        }
        self.ledger.snapshot(caller, vault, key).await
    }

    async fn material(&self, material: MaterialRef) -> Result<SecretBytes, StateError> {
        self.ledger.material(material).await
    }

    async fn record(&self, operation: VaultOperation<'_>) -> Result<(), StateError> {
        self.ledger.record(operation).await
    }
}

fn happened(operation: &VaultOperation<'_>) -> Happened {
    let key = KeyId {
        vault: VaultAddress::embedded(operation.vault.clone()),
        name: operation.key.clone(),
        version: operation.version,
    };
    let target = KeyId {
        version: None,
        ..key.clone()
    };
    let happened = Happened::new(Operation::of_key(operation.what), target.to_string());
    let happened = match key.version {
        Some(_) => happened.with_key(key.to_string()),
        None => happened,
    };
    match operation.answer {
        Answer::Success => happened,
        Answer::Failure { code, .. } => happened.failed(code),
    }
}

/// Where a call comes from, as the audit says it.
pub(crate) fn source(origin: Origin) -> String {
    match origin {
        Origin::TrustedService => "service".to_owned(),
        Origin::Address(address) => address.to_string(),
    }
}

impl Reader<'_> {
    /// What a vault of ours judges a call by.
    pub(crate) async fn vault_snapshot(
        &mut self,
        caller: &VaultCaller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, Error> {
        let key = match key {
            Some(key) => self.load::<KeyMachine>(&key_id(vault, key)?).await?,
            None => None,
        };
        let vault = self.load::<VaultMachine>(&vault_id(vault)?).await?;
        let (standing, roles) = self.vault_standing(caller, vault.as_ref()).await?;
        Ok(Snapshot {
            vault,
            key,
            standing,
            roles,
        })
    }

    /// What the directory says of a vault's caller, and what role assignments at the vault permit.
    pub(crate) async fn vault_standing(
        &mut self,
        caller: &VaultCaller,
        vault: Option<&Vault>,
    ) -> Result<(Standing, BTreeSet<KeyPermission>), Error> {
        let id = principal_id(caller.principal)?;
        let stored = self.load::<PrincipalMachine>(&id).await?;
        let standing = match &stored {
            Some(principal) if principal.standing() == Directory::Enabled => {
                let at_home = principal.home == caller.tenant;
                // A user may be a guest in another tenant; anything else stays where it was made.
                let guest = matches!(principal.kind, PrincipalKind::User);
                if at_home || guest {
                    Standing::Present
                } else {
                    Standing::LeftBehind
                }
            }
            Some(_) | None => Standing::Gone,
        };
        let roles = match vault {
            Some(vault) if vault.authorization == Authorization::Roles => {
                let who = Who::of(caller.principal, stored.as_ref());
                match self.site_of_vault(vault).await? {
                    Some(site) => {
                        KeyPermission::allowed_by_roles(|action| site.allows(&who, action).is_ok())
                    }
                    None => BTreeSet::new(),
                }
            }
            Some(_) | None => BTreeSet::new(),
        };
        Ok((standing, roles))
    }
}
