//! What is stored of a vault.

use core::time::Duration;
use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, Region, TenantId, Timestamp};
use strongroom_identity::{Descent, GroupUid, VaultUid};

use super::policy::Policies;
use crate::settings::{Authorization, Firewall, RecoveryLevel};
use crate::{KeyPermission, SchemaV1, VaultName, VaultProperties};

/// A vault: its properties and policies. Soft delete is always on and therefore not stored (R14).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Vault {
    /// The schema in which it is stored.
    pub v: SchemaV1,
    /// The name, as created.
    pub name: VaultName,
    /// Its uid, for life: rights are assigned at it, so that a new vault of the same name has none.
    pub uid: VaultUid,
    /// The region, for life (R7).
    pub region: Region,
    /// The resource group that holds it; a move of the vault changes it, one of the group does not.
    pub group: GroupUid,
    /// From the tenancy of its group to its own.
    pub descent: Descent,
    /// The tenant whose tokens it trusts (R13): that of its subscription at creation, left as it
    /// was by every move.
    pub tenant: TenantId,
    /// How long what is deleted can be recovered, for life.
    pub retention: RetentionDays,
    /// Whether nothing deleted can be purged before its retention ends; once on, for life (R14).
    pub purge_protection: bool,
    /// Whether access policies or role assignments judge its callers (R9).
    pub authorization: Authorization,
    /// The access policies. In role mode they are kept and do not count.
    pub policies: Policies,
    /// Who may reach it.
    pub firewall: Firewall,
    /// When it was created.
    pub created: Timestamp,
    /// Where it is on its way.
    pub life: VaultLife,
}

/// Where a vault is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum VaultLife {
    /// In use.
    Live,
    /// Deleted: it answers nothing, and can be recovered as it was.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When its retention ends and it is purged.
        purge_at: Timestamp,
    },
    /// Purged: gone for all callers, its name not yet free, since its keys are being destroyed.
    Purging {
        /// When it was purged.
        at: Timestamp,
    },
}

/// How long a vault keeps what was deleted: 7 to 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u16", into = "u16"))]
pub struct RetentionDays(u16);

/// A number of days that no vault keeps deleted things for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a vault keeps what is deleted for 7 to 90 days, not {days}")]
pub struct InvalidRetention {
    days: u16,
}

impl RetentionDays {
    /// 90 days, the default.
    pub const DEFAULT: Self = Self(90);

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }

    /// When what is deleted at `at` is purged: so many times 86,400 seconds later.
    #[must_use]
    pub fn end(self, at: Timestamp) -> Timestamp {
        at.saturating_add(Duration::from_secs(u64::from(self.0) * 86_400))
    }
}

impl TryFrom<u16> for RetentionDays {
    type Error = InvalidRetention;

    fn try_from(days: u16) -> Result<Self, InvalidRetention> {
        if (7..=90).contains(&days) {
            Ok(Self(days))
        } else {
            Err(InvalidRetention { days })
        }
    }
}

impl From<RetentionDays> for u16 {
    fn from(retention: RetentionDays) -> Self {
        retention.0
    }
}

impl Vault {
    /// What the rules must know of it, for `principal`; `roles` is what its role assignments permit.
    #[must_use]
    pub fn properties(
        &self,
        principal: PrincipalId,
        roles: &BTreeSet<KeyPermission>,
    ) -> VaultProperties {
        VaultProperties {
            region: self.region.clone(),
            tenant: self.tenant,
            soft_delete: true,
            purge_protection: self.purge_protection,
            authorization: self.authorization,
            firewall: self.firewall,
            permissions: match self.authorization {
                Authorization::AccessPolicies => self.policies.permissions(principal),
                Authorization::Roles => roles.clone(),
            },
        }
    }

    /// What becomes of keys that are deleted in it.
    #[must_use]
    pub fn recovery_level(&self) -> RecoveryLevel {
        let longest = self.retention == RetentionDays::DEFAULT;
        match (longest, self.purge_protection) {
            (true, true) => RecoveryLevel::Recoverable,
            (true, false) => RecoveryLevel::RecoverablePurgeable,
            (false, true) => RecoveryLevel::CustomizedRecoverable,
            (false, false) => RecoveryLevel::CustomizedRecoverablePurgeable,
        }
    }
}
