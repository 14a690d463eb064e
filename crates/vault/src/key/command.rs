//! What can be asked of a key.

use std::collections::BTreeSet;

use strongroom_base::Timestamp;

use super::RotationPolicy;
use crate::{KeyOperation, KeyPermission, KeyVersion, MaterialRef, PublicKey};

/// Something asked of a key at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct KeyCommand {
    /// The moment.
    pub at: Timestamp,
    /// What is asked.
    pub action: KeyAction,
}

/// What can be asked of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum KeyAction {
    /// Add a version that was made in the vault; the first creates the key.
    Create(NewVersion),
    /// Add a version that was made elsewhere; the first creates the key.
    Import(NewVersion),
    /// Add a version like the latest one (R16). No resource follows by that.
    Rotate(MintedVersion),
    /// Time alone: the same, if the rotation policy is due.
    RotateIfDue(MintedVersion),
    /// Change attributes of a version, or of the latest.
    Update {
        /// Which version.
        version: Option<KeyVersion>,
        /// What changes.
        change: AttributeChange,
    },
    /// Change attributes of all versions at once: what wraps by an older one is stopped as well (R17).
    UpdateAll(AttributeChange),
    /// Set the rotation policy.
    SetRotationPolicy(RotationPolicy),
    /// Delete the key with all its versions; it can be recovered until its retention ends.
    Delete,
    /// Bring it back with all its versions as they were.
    Recover,
    /// Destroy it for good.
    Purge,
    /// Time alone: destroy it if its retention has ended.
    EndRetention,
    /// Destroy it because its vault was purged.
    PurgeWithVault,
    /// The material of a purged key is destroyed: the name is free.
    MaterialErased,
}

/// A version whose id and material were drawn by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct MintedVersion {
    /// Its id.
    pub id: KeyVersion,
    /// The public half.
    pub public: PublicKey,
    /// Where the driver has put the private half.
    pub material: MaterialRef,
}

/// A version to be added with attributes of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct NewVersion {
    /// Id and material.
    pub minted: MintedVersion,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// When it may make something new.
    pub validity: Validity,
    /// What it may be used for; `None` stands for all that its type can do, and an empty set for
    /// nothing.
    pub operations: Option<BTreeSet<KeyOperation>>,
}

/// The time in which a version makes something new: [not-before, expires).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "Azure has these two")]
pub struct Validity {
    /// From when on; always, if there is none.
    pub not_before: Option<Timestamp>,
    /// Until when; for ever, if there is none.
    pub expires: Option<Timestamp>,
}

/// What becomes of a time that bounds the use of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a time is left, set or taken away")]
pub enum TimeChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is this one from now on.
    Set(Timestamp),
    /// There is none any more.
    Remove,
}

impl TimeChange {
    pub(super) fn over(self, before: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Keep => before,
            Self::Set(at) => Some(at),
            Self::Remove => None,
        }
    }
}

/// Attributes to change; what is `None` or kept stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct AttributeChange {
    /// Whether it may be used at all.
    pub enabled: Option<bool>,
    /// From when on it makes something new.
    pub not_before: TimeChange,
    /// From when on it makes nothing new.
    pub expires: TimeChange,
    /// What it may be used for.
    pub operations: Option<BTreeSet<KeyOperation>>,
}

impl KeyAction {
    /// The permission that the caller needs; none for what Strongroom does by itself.
    #[must_use]
    pub const fn requires(&self) -> Option<KeyPermission> {
        match self {
            Self::Create(_) => Some(KeyPermission::Create),
            Self::Import(_) => Some(KeyPermission::Import),
            Self::Rotate(_) => Some(KeyPermission::Rotate),
            Self::Update { .. } | Self::UpdateAll(_) => Some(KeyPermission::Update),
            Self::SetRotationPolicy(_) => Some(KeyPermission::SetRotationPolicy),
            Self::Delete => Some(KeyPermission::Delete),
            Self::Recover => Some(KeyPermission::Recover),
            Self::Purge => Some(KeyPermission::Purge),
            Self::RotateIfDue(_)
            | Self::EndRetention
            | Self::PurgeWithVault
            | Self::MaterialErased => None,
        }
    }
}
