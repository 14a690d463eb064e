//! What time has made due of vaults and keys, and what was cut off.

use strongroom_base::Machine;
use strongroom_vault::key::{Key, KeyAction, KeyMachine};
use strongroom_vault::vault::{Vault, VaultAction, VaultMachine};
use strongroom_vault::{KeyName, VaultName};

use super::{VaultRouter, own_asker};
use crate::Error;
use crate::audit::Caller;
use crate::driver::kept::{key_id, vault_id};
use crate::driver::{Assertions, has_come, log};

impl VaultRouter {
    /// Does what is due of a vault.
    pub(crate) async fn advance_vault(&self, name: &VaultName) -> Result<(), Error> {
        let vault = self.records.load::<Vault>(&vault_id(name)?).await?.state;
        let caller = self.caller_for(vault.as_ref())?;
        if has_come::<VaultMachine>(&vault, self.records.now()) {
            let end = VaultAction::EndRetention;
            self.ask_vault(name, end, Assertions::default(), &caller)
                .await?;
        }
        self.settle_vault(name, &caller).await
    }

    /// Does what is due of a key: its destruction, or its rotation.
    pub(crate) async fn advance_key(&self, vault: &VaultName, name: &KeyName) -> Result<(), Error> {
        let key = self.records.load::<Key>(&key_id(vault, name)?).await?.state;
        let holder = self.records.load::<Vault>(&vault_id(vault)?).await?.state;
        let caller = self.caller_for(holder.as_ref())?;
        if has_come::<KeyMachine>(&key, self.records.now()) {
            let (end, asker) = (KeyAction::EndRetention, own_asker(&caller));
            match self
                .ask_key((vault, name), end, Assertions::default(), &asker, &caller)
                .await
            {
                // It was its rotation that was due: that is owed, and done below.
                Ok(_) | Err(Error::Key(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.settle_key(vault, name, &caller).await
    }

    /// Whether something is due of a vault, or of a key in it, that somebody is about to rest on, as they were
    /// read.
    pub(crate) fn are_behind(
        &self,
        vault: &<VaultMachine as Machine>::State,
        key: &<KeyMachine as Machine>::State,
    ) -> Result<bool, Error> {
        let vault_is = match vault {
            Some(found) => {
                let id = vault_id(&found.name)?;
                self.records.is_behind::<VaultMachine>(&id, vault)
            }
            None => false,
        };
        let key_is = match key {
            Some(found) => {
                let id = key_id(&found.vault, &found.name)?;
                self.records.is_behind::<KeyMachine>(&id, key)
            }
            None => false,
        };
        Ok(vault_is || key_is)
    }

    /// Does what is due of a vault, and of a key in it if one is named. What cannot be done stays due.
    pub(crate) async fn catch_up(
        &self,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<(), Error> {
        let id = vault_id(vault)?;
        let found = self.records.load::<Vault>(&id).await?.state;
        if self.records.is_behind::<VaultMachine>(&id, &found) {
            log(&id, Box::pin(self.advance_vault(vault)).await);
        }
        let Some(key) = key else { return Ok(()) };
        let id = key_id(vault, key)?;
        let found = self.records.load::<Key>(&id).await?.state;
        if self.records.is_behind::<KeyMachine>(&id, &found) {
            log(&id, Box::pin(self.advance_key(vault, key)).await);
        }
        Ok(())
    }

    fn caller_for(&self, vault: Option<&Vault>) -> Result<Caller, Error> {
        let tenant = vault.map_or(self.records.first_tenant, |vault| vault.tenant);
        self.records.own_caller(tenant)
    }
}
