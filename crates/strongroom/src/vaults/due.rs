//! What time has made due of vaults and keys, and what was cut off.

use strongroom_vault::key::{Key, KeyAction, KeyMachine};
use strongroom_vault::vault::{Vault, VaultAction, VaultMachine};
use strongroom_vault::{KeyName, VaultName};

use super::{VaultRouter, own_asker};
use crate::Error;
use crate::audit::Caller;
use crate::driver::kept::{key_id, vault_id};
use crate::driver::{Assertions, has_come, is_due, log};

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

    /// Does what is due of a vault that somebody is about to rest on, as it was read. Whether it did, so that
    /// it has to be read again.
    pub(crate) async fn catch_up_vault(&self, vault: Option<&Vault>) -> Result<bool, Error> {
        let Some(found) = vault else { return Ok(false) };
        let id = vault_id(&found.name)?;
        if self.records.is_left_alone(&id)
            || !is_due::<VaultMachine>(&vault.cloned(), self.records.now())
        {
            return Ok(false);
        }
        log(&id, Box::pin(self.advance_vault(&found.name)).await);
        Ok(true)
    }

    /// The same of a key.
    pub(crate) async fn catch_up_key(&self, key: Option<&Key>) -> Result<bool, Error> {
        let Some(found) = key else { return Ok(false) };
        let id = key_id(&found.vault, &found.name)?;
        if self.records.is_left_alone(&id)
            || !is_due::<KeyMachine>(&key.cloned(), self.records.now())
        {
            return Ok(false);
        }
        let advanced = Box::pin(self.advance_key(&found.vault, &found.name));
        log(&id, advanced.await);
        Ok(true)
    }

    /// Does what is due of a vault and a key in it, before they are read.
    pub(crate) async fn catch_up(&self, vault: &VaultName, key: &KeyName) -> Result<(), Error> {
        let found = self.records.load::<Vault>(&vault_id(vault)?).await?.state;
        self.catch_up_vault(found.as_ref()).await?;
        let found = self.records.load::<Key>(&key_id(vault, key)?).await?.state;
        self.catch_up_key(found.as_ref()).await?;
        Ok(())
    }

    fn caller_for(&self, vault: Option<&Vault>) -> Result<Caller, Error> {
        let tenant = vault.map_or(self.records.first_tenant, |vault| vault.tenant);
        self.records.own_caller(tenant)
    }
}
