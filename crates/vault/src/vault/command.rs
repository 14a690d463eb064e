//! What can be asked of a vault.

use strongroom_base::{Region, TenantId, Timestamp};
use strongroom_identity::{Action, Crossing, GroupUid, VaultUid};

use super::policy::{PolicyChange, PolicySpec};
use super::state::RetentionDays;
use crate::settings::{Authorization, Firewall};
use crate::{OpId, VaultName};

/// Something asked of a vault at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct VaultCommand {
    /// The moment.
    pub at: Timestamp,
    /// What is asked.
    pub action: VaultAction,
}

/// What can be asked of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum VaultAction {
    /// Create it.
    Create(NewVault),
    /// Change properties; what is `None` stays as it is.
    Update(VaultUpdate),
    /// Change the access policies; all entries or none.
    ChangePolicies {
        /// How.
        change: PolicyChange,
        /// Whose, and what.
        entries: Vec<PolicySpec>,
    },
    /// Take back what `op` granted, and nothing else. It grants nothing, so it needs nobody's
    /// authority: an operation that was cut off is undone by Strongroom itself (R11).
    UndoGrant {
        /// The operation.
        op: OpId,
    },
    /// Move it to a group, of the same or another subscription and tenant. The tenant that it
    /// trusts stays (R13), and so do its policies, name and keys.
    Move {
        /// Where to.
        group: GroupUid,
    },
    /// Delete it; it can be recovered until its retention ends.
    Delete,
    /// Bring it back as it was.
    Recover,
    /// Destroy it and its keys for good.
    Purge,
    /// Time alone: destroy it if its retention has ended.
    EndRetention,
    /// Every key of a purged vault is destroyed: the name is free. The same commit clears the role assignments
    /// at the vault.
    KeysErased,
}

/// A vault to be created. It has soft delete, whatever is asked (R14).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct NewVault {
    /// Its uid, drawn by the driver.
    pub uid: VaultUid,
    /// The name, which must be free everywhere.
    pub name: VaultName,
    /// The region.
    pub region: Region,
    /// The group to hold it.
    pub group: GroupUid,
    /// `enableSoftDelete` as asked: `false` is refused (R14).
    pub soft_delete: bool,
    /// How long what is deleted can be recovered.
    pub retention: RetentionDays,
    /// Whether nothing can be purged before that.
    pub purge_protection: bool,
    /// What judges its callers.
    pub authorization: Authorization,
    /// Who may reach it.
    pub firewall: Firewall,
}

/// Properties to change; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct VaultUpdate {
    /// `location`: no other than it has.
    pub region: Option<Region>,
    /// `enableSoftDelete`: only `true` (R14).
    pub soft_delete: Option<bool>,
    /// `softDeleteRetentionInDays`: no other than it has.
    pub retention: Option<RetentionDays>,
    /// `enablePurgeProtection`: only `true` (R14).
    pub purge_protection: Option<bool>,
    /// `tenantId`: another one drops the policies (R13).
    pub tenant: Option<TenantId>,
    /// `enableRbacAuthorization`.
    pub authorization: Option<Authorization>,
    /// `networkAcls`.
    pub firewall: Option<Firewall>,
}

impl VaultAction {
    /// What the caller must be allowed where the vault is; for a creation, at the group that is to
    /// hold it. Nothing for what Strongroom does by itself. A move out of the tenant is for an owner,
    /// as that of a group is.
    #[must_use]
    pub const fn requires(&self, crossing: Crossing) -> &'static [Action] {
        match (self, crossing) {
            // Who writes what a vault trusts, how it judges or whom it lets in could as well write
            // its policies.
            (Self::Create(_) | Self::Update(_) | Self::Recover, _) => &[Action::VaultsWrite],
            (Self::ChangePolicies { .. }, _) => &[Action::AccessPoliciesWrite],
            (Self::Move { .. }, Crossing::Within) => &[Action::GroupsMove],
            (Self::Move { .. }, Crossing::Across) => &[Action::GroupsMove, Action::TenantChange],
            (Self::Delete, _) => &[Action::VaultsDelete],
            (Self::Purge, _) => &[Action::DeletedVaultsPurge],
            (Self::UndoGrant { .. } | Self::EndRetention | Self::KeysErased, _) => &[],
        }
    }

    /// What the caller must be allowed at the group that a move goes to, and which.
    #[must_use]
    pub const fn requires_there(&self) -> Option<(GroupUid, Action)> {
        match self {
            Self::Move { group } => Some((*group, Action::GroupsWrite)),
            Self::Create(_)
            | Self::Update(_)
            | Self::ChangePolicies { .. }
            | Self::UndoGrant { .. }
            | Self::Delete
            | Self::Recover
            | Self::Purge
            | Self::EndRetention
            | Self::KeysErased => None,
        }
    }
}
