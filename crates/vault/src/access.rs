//! Who is let in: the one place where tenant, firewall, policies and roles are judged.

use strongroom_base::TenantId;

use crate::vault::{Authorization, Bypass, DefaultAction, Firewall, Vault, VaultLife};
use crate::{Asker, Denial, KeyPermission, Origin, Standing};

/// A vault as a fact to others.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is there or not")]
pub enum VaultView<'a> {
    /// There is none of this name.
    Absent,
    /// It is there, live or not.
    Present(&'a Vault),
}

impl<'a> VaultView<'a> {
    /// The view of a state of the machine.
    #[must_use]
    pub fn of(state: Option<&'a Vault>) -> Self {
        state.map_or(Self::Absent, Self::Present)
    }

    /// Lets `asker` in to do what takes `permission`. The order: who asks, which vault, its tenant,
    /// its firewall, its permissions. Whether a key is there is only then looked at, so that a
    /// caller without the permission cannot learn it (I5).
    ///
    /// # Errors
    /// The first [`Denial`] that stands in the way.
    pub fn admit(self, asker: &Asker<'_>, permission: KeyPermission) -> Result<&'a Vault, Denial> {
        let Asker::Principal {
            caller,
            standing,
            roles,
        } = asker
        else {
            return Err(Denial::PolicyMissing { permission });
        };
        match standing {
            Standing::Present => {}
            Standing::Gone => return Err(Denial::IdentityGone),
            Standing::LeftBehind => return Err(Denial::ForeignTenant),
        }
        let vault = self.standing_for(caller.tenant)?;
        if !vault.firewall.admits(caller.origin) {
            return Err(Denial::FirewallClosed);
        }
        match vault.authorization {
            Authorization::AccessPolicies
                if vault.policies.permit(caller.principal, permission) =>
            {
                Ok(vault)
            }
            Authorization::AccessPolicies => Err(Denial::PolicyMissing { permission }),
            Authorization::Roles if roles.contains(&permission) => Ok(vault),
            Authorization::Roles => Err(Denial::RoleMissing { permission }),
        }
    }

    /// The vault, if it is live and trusts `tenant`.
    ///
    /// # Errors
    /// [`Denial::VaultNotFound`], [`Denial::ForeignTenant`] or [`Denial::VaultDeleted`]. That a vault
    /// is deleted is told to its own tenant alone.
    pub fn standing_for(self, tenant: TenantId) -> Result<&'a Vault, Denial> {
        let Self::Present(vault) = self else {
            return Err(Denial::VaultNotFound);
        };
        match vault.life {
            VaultLife::Purging { .. } => Err(Denial::VaultNotFound),
            VaultLife::Live | VaultLife::Deleted { .. } if vault.tenant != tenant => {
                Err(Denial::ForeignTenant)
            }
            VaultLife::Deleted { .. } => Err(Denial::VaultDeleted),
            VaultLife::Live => Ok(vault),
        }
    }
}

impl Firewall {
    /// Whether a call from `origin` gets through.
    #[must_use]
    pub fn admits(self, origin: Origin) -> bool {
        match (self.default_action, self.bypass, origin) {
            (DefaultAction::Allow, _, _)
            | (DefaultAction::Deny, Bypass::AzureServices, Origin::TrustedService) => true,
            (DefaultAction::Deny, Bypass::AzureServices, Origin::Address(_))
            | (DefaultAction::Deny, Bypass::None, _) => false,
        }
    }
}
