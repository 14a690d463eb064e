//! Access policies: who may do what with the keys of a vault (R9).

use std::collections::BTreeSet;

use strongroom_vault::vault::{Grant, Grantee, PolicyChange, PolicySpec, VaultAction};
use strongroom_vault::{KeyPermission, VaultName};

use crate::Error;
use crate::driver::Reader;
use crate::operator::Operator;
use crate::vaults::VaultInfo;

impl Operator {
    /// Adds permissions to those of a grantee, a principal of the tenant that the vault trusts.
    ///
    /// # Errors
    /// [`VaultRefusal`](strongroom_vault::vault::VaultRefusal): no permission is named, or nothing
    /// would change. [`Error::NotFound`], [`Error::Denied`].
    pub async fn grant(
        &self,
        vault: &VaultName,
        grantee: Grantee,
        permissions: BTreeSet<KeyPermission>,
    ) -> Result<VaultInfo, Error> {
        let add = PolicyChange::Add {
            grant: Grant::Lasting,
        };
        self.change_policy(vault, add, grantee, permissions).await
    }

    /// Takes permissions from a grantee: whoever wraps or unwraps by them cannot from then on (R17).
    ///
    /// # Errors
    /// As for [`grant`](Self::grant).
    pub async fn revoke(
        &self,
        vault: &VaultName,
        grantee: Grantee,
        permissions: BTreeSet<KeyPermission>,
    ) -> Result<VaultInfo, Error> {
        let remove = PolicyChange::Remove;
        self.change_policy(vault, remove, grantee, permissions)
            .await
    }

    /// Sets the permissions of a grantee; without any, its entry vanishes.
    ///
    /// # Errors
    /// As for [`grant`](Self::grant).
    pub async fn replace_grant(
        &self,
        vault: &VaultName,
        grantee: Grantee,
        permissions: BTreeSet<KeyPermission>,
    ) -> Result<VaultInfo, Error> {
        let replace = PolicyChange::Replace;
        self.change_policy(vault, replace, grantee, permissions)
            .await
    }

    async fn change_policy(
        &self,
        vault: &VaultName,
        change: PolicyChange,
        grantee: Grantee,
        keys: BTreeSet<KeyPermission>,
    ) -> Result<VaultInfo, Error> {
        let mut reader = Reader::new(&self.core.records);
        // Whoever may not see the vault is refused by the machine, whichever tenant this names.
        let tenant = match self.visible_vault(&mut reader, vault).await {
            Ok((vault, _)) => vault.tenant,
            Err(Error::Denied(_)) => self.caller.tenant,
            Err(error) => return Err(error),
        };
        drop(reader);
        let entries = vec![PolicySpec {
            tenant,
            grantee,
            keys,
        }];
        self.ask_of_vault(vault, VaultAction::ChangePolicies { change, entries })
            .await
    }
}
