//! As whom a principal of the facade stands before a vault.

use std::net::IpAddr;

use strongroom_identity::{PrincipalKind, PrincipalMachine, Standing as Directory};
use strongroom_vault::vault::Vault;
use strongroom_vault::{Caller as VaultCaller, Origin};

use crate::Error;
use crate::audit::Caller;
use crate::driver::Reader;
use crate::driver::kept::principal_id;

impl Reader<'_> {
    /// The vault's caller for a principal that calls from `address`.
    ///
    /// It asks for a token of its home. A user may be a guest of the tenant that the vault trusts, but
    /// only where that tenant knows it: a stranger with a token of that tenant would learn what is
    /// there (I5).
    pub(crate) async fn vault_caller(
        &mut self,
        caller: &Caller,
        address: IpAddr,
        vault: Option<&Vault>,
    ) -> Result<VaultCaller, Error> {
        let tenant = match vault {
            Some(vault) if vault.tenant != caller.tenant && self.knows(vault, caller).await? => {
                vault.tenant
            }
            Some(_) | None => caller.tenant,
        };
        Ok(VaultCaller {
            tenant,
            principal: caller.principal,
            origin: Origin::Address(address),
            correlation: caller.correlation,
        })
    }

    /// Whether the tenant that the vault trusts knows the caller as its guest.
    async fn knows(&mut self, vault: &Vault, caller: &Caller) -> Result<bool, Error> {
        let principal = caller.principal;
        let stored = self
            .load::<PrincipalMachine>(&principal_id(principal)?)
            .await?;
        let user = stored.is_some_and(|stored| {
            stored.standing() == Directory::Enabled && matches!(stored.kind, PrincipalKind::User)
        });
        if !user {
            return Ok(false);
        }
        let mut entries = vault.policies.entries().iter();
        if entries.any(|entry| entry.grantee.object == principal) {
            return Ok(true);
        }
        // A role where the vault lies says nothing of a tenant that it no longer lies in.
        let site = self.site_of_vault(vault).await?;
        Ok(site.is_some_and(|site| site.tenant() == vault.tenant && site.knows(principal)))
    }
}
