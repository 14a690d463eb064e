//! Why a vault turns a command down.

use strongroom_base::{Outcome, OutcomeKind, Region, Retry, SubscriptionId, TenantId, Timestamp};
use strongroom_identity::Denied;

use super::RetentionDays;
use crate::{VaultName, advice};

/// Why a vault turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultRefusal {
    /// The caller lacks authority over the vault.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such vault.
    #[error("there is no vault of this name")]
    VaultNotFound,
    /// The name belongs to a vault elsewhere, or to one that is still being destroyed.
    #[error("the vault name `{vault}` is taken: vault names are unique everywhere; choose another")]
    NameTaken {
        /// The name.
        vault: VaultName,
    },
    /// The name belongs to a deleted vault in the same subscription.
    #[error(
        "a deleted vault of the name `{vault}` is in the same subscription: {}",
        advice::free_name(
            &advice::recover_vault(vault),
            &advice::purge_vault(vault),
            *kept_until
        )
    )]
    DeletedVaultExists {
        /// The name.
        vault: VaultName,
        /// Until when purge protection keeps it; none, if it can be purged.
        kept_until: Option<Timestamp>,
    },
    /// The vault is deleted.
    #[error(
        "the vault `{vault}` is deleted: recover it first: {}",
        advice::recover_vault(vault)
    )]
    VaultDeleted {
        /// The vault.
        vault: VaultName,
    },
    /// Only what is deleted can be purged.
    #[error("the vault `{vault}` is in use: only a deleted vault can be purged")]
    NotDeleted {
        /// The vault.
        vault: VaultName,
    },
    /// It is as asked already.
    #[error("the vault is so already: nothing changes")]
    NoOp,
    /// Soft delete cannot be turned off.
    #[error("soft delete cannot be turned off (R14): leave it on")]
    SoftDeleteRequired,
    /// Purge protection cannot be turned off.
    #[error("purge protection, once on, cannot be turned off (R14): leave it on")]
    PurgeProtectionRequired,
    /// The retention is for life.
    #[error("the retention of {} days was set at creation and cannot be changed", current.days())]
    RetentionFixed {
        /// What it is.
        current: RetentionDays,
    },
    /// The region is for life.
    #[error("the vault is in {current} and cannot change its region")]
    RegionFixed {
        /// Where it is.
        current: Region,
    },
    /// The vault is protected until its retention ends.
    #[error(
        "purge protection keeps the vault until {until} (R14): it is purged by itself then; recover it \
         to use it"
    )]
    PurgeProtected {
        /// When it is purged by itself.
        until: Timestamp,
    },
    /// The retention has ended (R14).
    #[error(
        "the retention of the vault `{vault}` has ended, and it is purged by itself: only a backup has it"
    )]
    RetentionEnded {
        /// The vault.
        vault: VaultName,
    },
    /// The retention has not ended.
    #[error("the retention ends at {until}, and not before")]
    RetentionNotOver {
        /// When it ends.
        until: Timestamp,
    },
    /// A policy for another tenant than the vault trusts.
    #[error(
        "the vault trusts tenant {trusted}, and a policy names tenant {given} (R13): grant to \
         principals of {trusted}, or let the vault trust the other tenant first"
    )]
    PolicyOfOtherTenant {
        /// The tenant that the vault trusts.
        trusted: TenantId,
        /// The tenant of the entry.
        given: TenantId,
    },
    /// A policy without permissions, or a change without policies.
    #[error(
        "a change of access policies names at least one grantee and, but to replace, one permission"
    )]
    EmptyPolicy,
    /// More entries than a vault holds.
    #[error("a vault holds at most 1,024 access policies: remove one first")]
    TooManyPolicies,
    /// The keys of a purged vault are asked to be gone, and it is not purged.
    #[error("the vault is not being purged: its keys stay")]
    NotPurging,
    /// The subscription takes nothing new.
    #[error(
        "subscription {subscription} is disabled and takes nothing new: name a group of another one, \
         or enable it with: strongroom subscription enable {subscription}"
    )]
    SubscriptionDisabled {
        /// Which.
        subscription: SubscriptionId,
    },
    /// The facts are not those of this command and state.
    #[error("the groups read are not those that the vault and the command name: read again")]
    StaleFacts,
}

impl Outcome for VaultRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::StaleFacts => "StaleFacts",
            Self::VaultNotFound => "VaultNotFound",
            Self::NameTaken { .. } => "VaultAlreadyExists",
            Self::DeletedVaultExists { .. } => "ConflictError",
            Self::VaultDeleted { .. } => "VaultDeleted",
            Self::NotDeleted { .. } => "VaultNotDeleted",
            Self::NoOp => "NoOp",
            Self::SoftDeleteRequired => "SoftDeleteRequired",
            Self::PurgeProtectionRequired => "PurgeProtectionRequired",
            Self::RetentionFixed { .. } => "RetentionFixed",
            Self::RegionFixed { .. } => "InvalidResourceLocation",
            Self::PurgeProtected { .. } => "PurgeProtected",
            Self::RetentionEnded { .. } => "RetentionEnded",
            Self::RetentionNotOver { .. } => "RetentionNotOver",
            Self::PolicyOfOtherTenant { .. } => "PolicyTenantMismatch",
            Self::EmptyPolicy => "EmptyPolicy",
            Self::TooManyPolicies => "TooManyPolicies",
            Self::NotPurging => "VaultNotPurging",
            Self::SubscriptionDisabled { .. } => "ReadOnlyDisabledSubscription",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::StaleFacts => OutcomeKind::Internal,
            Self::VaultNotFound | Self::EmptyPolicy => OutcomeKind::BadInput,
            Self::NameTaken { .. }
            | Self::DeletedVaultExists { .. }
            | Self::VaultDeleted { .. }
            | Self::NotDeleted { .. }
            | Self::NoOp
            | Self::SoftDeleteRequired
            | Self::PurgeProtectionRequired
            | Self::RetentionFixed { .. }
            | Self::RegionFixed { .. }
            | Self::PurgeProtected { .. }
            | Self::RetentionEnded { .. }
            | Self::RetentionNotOver { .. }
            | Self::PolicyOfOtherTenant { .. }
            | Self::TooManyPolicies
            | Self::SubscriptionDisabled { .. }
            | Self::NotPurging => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NameTaken { .. }
            | Self::DeletedVaultExists { .. }
            | Self::VaultDeleted { .. }
            | Self::NotDeleted { .. }
            | Self::PolicyOfOtherTenant { .. }
            | Self::TooManyPolicies
            | Self::SubscriptionDisabled { .. }
            | Self::PurgeProtected { .. }
            | Self::RetentionNotOver { .. } => Retry::AfterRepair,
            Self::VaultNotFound
            | Self::NoOp
            | Self::RetentionEnded { .. }
            | Self::SoftDeleteRequired
            | Self::PurgeProtectionRequired
            | Self::RetentionFixed { .. }
            | Self::RegionFixed { .. }
            | Self::EmptyPolicy
            | Self::StaleFacts
            | Self::NotPurging => Retry::Never,
        }
    }
}
