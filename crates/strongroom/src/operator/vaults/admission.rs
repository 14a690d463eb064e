//! Whether a vault lets the caller in, before anything is read, made or looked for.

use strongroom_base::Outcome as _;
use strongroom_vault::key::{Key, KeyMachine, KeyRefusal};
use strongroom_vault::software::Snapshot;
use strongroom_vault::vault::VaultMachine;
use strongroom_vault::{
    Asker, Caller as VaultCaller, Denial, KeyId, KeyName, KeyPermission, Party, VaultAddress,
    VaultName, VaultView,
};

use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::Reader;
use crate::driver::kept::{key_id, vault_id};
use crate::operator::Operator;
use crate::vaults::source;

/// A caller whom a vault let in.
pub(super) struct Admitted {
    pub(super) asker: VaultCaller,
    /// The key, if one was named and is there; deleted ones too.
    pub(super) key: Option<Key>,
}

impl Operator {
    /// Lets the caller in to do what takes `permission`. A denial is recorded as a failed `operation`
    /// and is all that there is of it; whoever is let in has nothing on record yet (I7).
    pub(super) async fn admitted(
        &self,
        vault: &VaultName,
        key: Option<&KeyName>,
        permission: KeyPermission,
        operation: Operation,
    ) -> Result<Admitted, Error> {
        self.admitted_by(vault, key, &[permission], operation).await
    }

    /// The same, where one of several permissions is enough; a denial names the first.
    pub(super) async fn admitted_by(
        &self,
        vault: &VaultName,
        key: Option<&KeyName>,
        permissions: &[KeyPermission],
        operation: Operation,
    ) -> Result<Admitted, Error> {
        let (asker, snapshot) = self.snapshot(vault, key).await?;
        let principal = Asker::Principal {
            caller: &asker,
            standing: snapshot.standing,
            roles: &snapshot.roles,
        };
        let view = VaultView::of(snapshot.vault.as_ref());
        let mut judged = Ok(());
        for permission in permissions.iter().rev() {
            judged = view.admit(&principal, *permission).map(drop);
            if judged.is_ok() {
                break;
            }
        }
        match judged {
            Ok(()) => Ok(Admitted {
                asker,
                key: snapshot.key,
            }),
            Err(denial) => {
                let refused = Happened::new(operation, target(vault, key)).failed(denial.code());
                self.core
                    .records
                    .record(vec![refused], &recorded(&asker))
                    .await?;
                Err(denied(vault, key, denial, (&asker).into()))
            }
        }
    }

    /// The vault's caller that the operator is, with what is due of the vault and the key done.
    pub(super) async fn asker_of(
        &self,
        vault: &VaultName,
        key: &KeyName,
    ) -> Result<VaultCaller, Error> {
        Ok(self.snapshot(vault, Some(key)).await?.0)
    }

    /// All that the vault judges by, as it held at one moment.
    async fn snapshot(
        &self,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<(VaultCaller, Snapshot), Error> {
        let vaults = &self.core.vaults;
        let (vault_id, key_id) = (vault_id(vault)?, key.map(|key| key_id(vault, key)));
        let key_id = key_id.transpose()?;
        let mut caught_up = false;
        let (mut reader, vault, key) = loop {
            let mut reader = Reader::new(&self.core.records);
            let found_key = match &key_id {
                Some(id) => reader.load::<KeyMachine>(id).await?,
                None => None,
            };
            let found = reader.load::<VaultMachine>(&vault_id).await?;
            if caught_up || !vaults.are_behind(&found, &found_key)? {
                break (reader, found, found_key);
            }
            // What is due of either is done before it is rested on, and both are read again.
            drop(reader);
            vaults.catch_up(vault, key).await?;
            caught_up = true;
        };
        let asker = reader
            .vault_caller(&self.caller, self.address, vault.as_ref())
            .await?;
        let (standing, roles) = reader.vault_standing(&asker, vault.as_ref()).await?;
        let snapshot = Snapshot {
            vault,
            key,
            standing,
            roles,
        };
        Ok((asker, snapshot))
    }
}

fn denied(vault: &VaultName, key: Option<&KeyName>, denial: Denial, party: Party) -> Error {
    match key {
        Some(key) => KeyRefusal::Denied {
            denial,
            vault: vault.clone(),
            name: key.clone(),
            party: Some(party),
        }
        .into(),
        None => Error::VaultDenied {
            vault: vault.clone(),
            remedy: denial.remedy_at(vault, &party),
            source: denial,
        },
    }
}

/// Whoever asked, as the vault's own audit has it.
pub(super) fn recorded(asker: &VaultCaller) -> Caller {
    Caller {
        tenant: asker.tenant,
        principal: asker.principal,
        source: source(asker.origin),
        correlation: asker.correlation,
    }
}

/// What an operation is on, by its URI.
pub(super) fn target(vault: &VaultName, key: Option<&KeyName>) -> String {
    let vault = VaultAddress::embedded(vault.clone());
    match key {
        Some(name) => KeyId {
            vault,
            name: name.clone(),
            version: None,
        }
        .to_string(),
        None => vault.to_string(),
    }
}
