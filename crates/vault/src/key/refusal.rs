//! Why a key turns a command down.

use strongroom_base::{Outcome, OutcomeKind, Retry, Timestamp};

use crate::{Denial, KeyName, KeyOperation, KeySpec, KeyVersion, Party, VaultName, advice};

/// Why a key turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// The vault does not let the caller in.
    #[error("{denial}: {}", advice::on_key(*denial, vault, name, party.as_ref()))]
    Denied {
        /// Why not.
        denial: Denial,
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
        /// Who asked; none, if Strongroom itself did.
        party: Option<Party>,
    },
    /// There is no such key.
    #[error("the vault `{vault}` has no key `{name}`: see strongroom key list {vault}")]
    KeyNotFound {
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
    },
    /// The key has no such version.
    #[error(
        "the key `{name}` has no version {version}: see strongroom key list-versions {vault} {name}"
    )]
    VersionNotFound {
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
        /// The version.
        version: KeyVersion,
    },
    /// The name belongs to a deleted key.
    #[error(
        "the key `{name}` is deleted and keeps its name: {}",
        advice::free_name(
            &advice::recover_key(vault, name),
            &advice::purge_key(vault, name),
            *kept_until
        )
    )]
    DeletedButRecoverable {
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
        /// Until when purge protection keeps it; none, if it can be purged.
        kept_until: Option<Timestamp>,
    },
    /// The name belongs to a key that is still being destroyed.
    #[error("the key `{name}` is still being destroyed: its name is free after that; try again")]
    BeingPurged {
        /// The key.
        name: KeyName,
    },
    /// Only what is deleted can be purged.
    #[error("the key `{name}` is in use: only a deleted key can be purged")]
    NotDeleted {
        /// The key.
        name: KeyName,
    },
    /// It is as asked already.
    #[error("the key is so already: nothing changes")]
    NoOp,
    /// The key is protected until its retention ends.
    #[error(
        "purge protection of the vault keeps the key until {until} (R14): it is purged by itself then; \
         recover it to use it"
    )]
    PurgeProtected {
        /// When it is purged by itself.
        until: Timestamp,
    },
    /// The retention has ended (R14).
    #[error(
        "the retention of the key `{name}` has ended, and it is purged by itself: only a backup has it"
    )]
    RetentionEnded {
        /// The key.
        name: KeyName,
    },
    /// The retention has not ended.
    #[error("the retention ends at {until}, and not before")]
    RetentionNotOver {
        /// When it ends.
        until: Timestamp,
    },
    /// The vault is not purged, so its keys stay.
    #[error("the vault `{vault}` is not purged: its keys stay")]
    VaultStands {
        /// The vault.
        vault: VaultName,
    },
    /// The material of a key that is not purged is asked to be gone.
    #[error("the key is not being purged: its material stays")]
    NotPurging,
    /// A version of this id, or with this reference, is there already.
    #[error("the version or its material belongs to the key already: draw new ids")]
    VersionReused,
    /// `key_ops` that the type of the key cannot do.
    #[error("a key of type {spec} cannot `{operation}`: leave it out of key_ops")]
    OperationNotForType {
        /// The type.
        spec: KeySpec,
        /// What it cannot do.
        operation: KeyOperation,
    },
    /// `key_ops` became empty.
    #[error("a key version that may be used for nothing is disabled: set enabled to false instead")]
    NoOperations,
    /// Expiry is not after not-before.
    #[error("a key version expires after it becomes valid: set the expiry after not-before")]
    ExpiresBeforeValid,
    /// A rotation would change the type or size.
    #[error("a rotation keeps type and size ({current}), and the new version is {given}")]
    RotationChangesKind {
        /// What the latest version is.
        current: KeySpec,
        /// What was given.
        given: KeySpec,
    },
    /// The rotation policy does not want a version now.
    #[error("the rotation policy adds no version now")]
    RotationNotDue,
}

impl Outcome for KeyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied { denial, .. } => denial.code(),
            Self::KeyNotFound { .. } | Self::VersionNotFound { .. } => "KeyNotFound",
            Self::DeletedButRecoverable { .. } => "ObjectIsDeletedButRecoverable",
            Self::BeingPurged { .. } => "ObjectIsBeingDeleted",
            Self::NotDeleted { .. } => "KeyNotDeleted",
            Self::NoOp => "NoOp",
            Self::PurgeProtected { .. } => "PurgeProtected",
            Self::RetentionEnded { .. } => "RetentionEnded",
            Self::RetentionNotOver { .. } => "RetentionNotOver",
            Self::VaultStands { .. } => "VaultNotPurged",
            Self::NotPurging => "KeyNotPurging",
            Self::VersionReused => "KeyVersionReused",
            Self::OperationNotForType { .. } | Self::NoOperations | Self::ExpiresBeforeValid => {
                "BadParameter"
            }
            Self::RotationChangesKind { .. } => "RotationChangesKind",
            Self::RotationNotDue => "RotationNotDue",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied { .. } => OutcomeKind::Denied,
            Self::KeyNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::VersionReused
            | Self::OperationNotForType { .. }
            | Self::NoOperations
            | Self::ExpiresBeforeValid => OutcomeKind::BadInput,
            Self::DeletedButRecoverable { .. }
            | Self::BeingPurged { .. }
            | Self::NotDeleted { .. }
            | Self::NoOp
            | Self::PurgeProtected { .. }
            | Self::RetentionEnded { .. }
            | Self::RetentionNotOver { .. }
            | Self::VaultStands { .. }
            | Self::NotPurging
            | Self::RotationChangesKind { .. }
            | Self::RotationNotDue => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied { denial, .. } => denial.retry(),
            Self::DeletedButRecoverable { .. }
            | Self::BeingPurged { .. }
            | Self::NotDeleted { .. }
            | Self::PurgeProtected { .. }
            | Self::RetentionNotOver { .. } => Retry::AfterRepair,
            Self::KeyNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::NoOp
            | Self::RetentionEnded { .. }
            | Self::VaultStands { .. }
            | Self::NotPurging
            | Self::VersionReused
            | Self::OperationNotForType { .. }
            | Self::NoOperations
            | Self::ExpiresBeforeValid
            | Self::RotationChangesKind { .. }
            | Self::RotationNotDue => Retry::Never,
        }
    }
}
