//! What can have happened to a vault.

use strongroom_base::{ResourceGroupName, SubscriptionId, TenantId, Timestamp};

use super::{Authorization, Firewall, Policies, PolicyEntry, Vault, VaultLife};

/// Something that happened to a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum VaultEvent {
    /// It was created, so.
    Created(Box<Vault>),
    /// Purge protection was turned on, for good.
    PurgeProtectionEnabled,
    /// It trusts another tenant, and the policies of the old one are gone (R13).
    TenantChanged {
        /// The tenant that it trusts now.
        tenant: TenantId,
    },
    /// Something else judges its callers.
    AuthorizationChanged {
        /// What.
        authorization: Authorization,
    },
    /// Its firewall changed.
    FirewallChanged {
        /// How it is now.
        firewall: Firewall,
    },
    /// A grantee's policy changed; an empty one is gone.
    PolicySet {
        /// How it is now.
        entry: PolicyEntry,
    },
    /// It was moved.
    Moved {
        /// Where to.
        subscription: SubscriptionId,
        /// Where to.
        group: ResourceGroupName,
    },
    /// It was deleted.
    Deleted {
        /// When.
        at: Timestamp,
        /// When its retention ends.
        purge_at: Timestamp,
    },
    /// It was recovered.
    Recovered,
    /// It was purged.
    Purged {
        /// When.
        at: Timestamp,
    },
    /// Its last key is destroyed.
    Erased,
}

/// Takes what happened into the state. An event of another life changes nothing.
pub(super) fn evolve(state: &mut Option<Vault>, event: &VaultEvent) {
    if let VaultEvent::Created(created) = event {
        *state = Some((**created).clone());
        return;
    }
    let Some(vault) = state else { return };
    match event {
        VaultEvent::Created(_) => {}
        VaultEvent::PurgeProtectionEnabled => vault.purge_protection = true,
        VaultEvent::TenantChanged { tenant } => {
            vault.tenant = *tenant;
            vault.policies = Policies::default();
        }
        VaultEvent::AuthorizationChanged { authorization } => vault.authorization = *authorization,
        VaultEvent::FirewallChanged { firewall } => vault.firewall = *firewall,
        VaultEvent::PolicySet { entry } => vault.policies.set(entry),
        VaultEvent::Moved {
            subscription,
            group,
        } => {
            vault.subscription = *subscription;
            vault.group = group.clone();
        }
        VaultEvent::Deleted { at, purge_at } => {
            vault.life = VaultLife::Deleted {
                at: *at,
                purge_at: *purge_at,
            };
        }
        VaultEvent::Recovered => vault.life = VaultLife::Live,
        VaultEvent::Purged { at } => vault.life = VaultLife::Purging { at: *at },
        VaultEvent::Erased => *state = None,
    }
}
