//! The closed list of why a vault, or its directory, says no.

use strongroom_base::{Outcome, OutcomeKind, Retry};

use crate::{KeyOperation, KeyPermission};

/// Why a vault says no to a caller. A provider draws one from nothing but a well-formed answer of
/// the vault or the directory: whatever else went wrong is no denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(tag = "cause", rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a closed list: callers must react to each cause"
)]
pub enum Denial {
    /// The identity is disabled or deleted (R12).
    #[error("the directory does not know the identity: it was disabled or deleted (R12)")]
    IdentityGone,
    /// Identity and vault are of different tenants (R13).
    #[error("the vault trusts another tenant than the identity's (R7, R13)")]
    ForeignTenant,
    /// There is no such vault.
    #[error("there is no vault of this name")]
    VaultNotFound,
    /// The vault is deleted, and can be recovered.
    #[error("the vault is deleted (R17)")]
    VaultDeleted,
    /// The firewall lets neither the caller's address nor trusted services in.
    #[error("the firewall of the vault is closed to the caller (R17)")]
    FirewallClosed,
    /// The access policies do not grant it.
    #[error("the access policies of the vault do not grant the identity `{permission}` (R9)")]
    PolicyMissing {
        /// What is missing.
        permission: KeyPermission,
    },
    /// The vault is in role mode, and no role assignment grants it.
    #[error("no role assignment at the vault grants the identity `{permission}` (R9)")]
    RoleMissing {
        /// What is missing.
        permission: KeyPermission,
    },
    /// There is no such key, or no such version of it.
    #[error("the vault has no such key, or no such version of it")]
    KeyNotFound,
    /// The key is deleted with all its versions, and can be recovered.
    #[error("the key is deleted (R17)")]
    KeyDeleted,
    /// The key version is disabled.
    #[error("the key version is disabled (R17)")]
    KeyDisabled,
    /// Before its not-before, a version makes nothing new. It still opens what it made.
    #[error("the key version is not valid yet: until then it wraps, encrypts and signs nothing")]
    KeyNotYetValid,
    /// From its expiry on, a version makes nothing new. It still opens what it made (R17).
    #[error("the key version has expired: it wraps, encrypts and signs nothing any more (R17)")]
    KeyExpired,
    /// The key's `key_ops` do not hold the operation.
    #[error("the key version does not permit `{operation}`: its key_ops do not hold it")]
    OperationNotPermitted {
        /// What was asked.
        operation: KeyOperation,
    },
}

impl Denial {
    /// Whether it takes access to data away (R17): whether an unwrap is what it stops. A missing
    /// `get` or `wrapKey` is reported and refuses the next change of key (R9); expiry is never a
    /// revocation.
    #[must_use]
    pub const fn revokes(self) -> bool {
        match self {
            Self::IdentityGone
            | Self::ForeignTenant
            | Self::VaultNotFound
            | Self::VaultDeleted
            | Self::FirewallClosed
            | Self::KeyNotFound
            | Self::KeyDeleted
            | Self::KeyDisabled => true,
            Self::PolicyMissing { permission } | Self::RoleMissing { permission } => {
                matches!(permission, KeyPermission::UnwrapKey)
            }
            Self::OperationNotPermitted { operation } => {
                matches!(operation, KeyOperation::UnwrapKey)
            }
            Self::KeyNotYetValid | Self::KeyExpired => false,
        }
    }
}

impl Outcome for Denial {
    fn code(&self) -> &'static str {
        match self {
            Self::IdentityGone => "IdentityGone",
            Self::ForeignTenant => "KeyVaultTenantMismatch",
            Self::VaultNotFound => "VaultNotFound",
            Self::VaultDeleted => "VaultDeleted",
            Self::FirewallClosed => "ForbiddenByFirewall",
            Self::PolicyMissing { .. } => "AccessDenied",
            Self::RoleMissing { .. } => "ForbiddenByRbac",
            Self::KeyNotFound => "KeyNotFound",
            Self::KeyDeleted => "KeyDeleted",
            Self::KeyDisabled => "KeyDisabled",
            Self::KeyNotYetValid => "KeyNotYetValid",
            Self::KeyExpired => "KeyExpired",
            Self::OperationNotPermitted { .. } => "KeyOperationForbidden",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Denied
    }

    fn retry(&self) -> Retry {
        Retry::AfterRepair
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r17_expiry_and_what_unwrapping_does_not_need_are_no_revocation() {
        for kept in [
            Denial::KeyExpired,
            Denial::KeyNotYetValid,
            Denial::PolicyMissing {
                permission: KeyPermission::Get,
            },
            Denial::PolicyMissing {
                permission: KeyPermission::WrapKey,
            },
            Denial::RoleMissing {
                permission: KeyPermission::Get,
            },
            Denial::OperationNotPermitted {
                operation: KeyOperation::WrapKey,
            },
        ] {
            assert!(!kept.revokes(), "{kept}");
        }
        for taken in [
            Denial::KeyDisabled,
            Denial::FirewallClosed,
            Denial::PolicyMissing {
                permission: KeyPermission::UnwrapKey,
            },
            Denial::OperationNotPermitted {
                operation: KeyOperation::UnwrapKey,
            },
        ] {
            assert!(taken.revokes(), "{taken}");
        }
    }
}
