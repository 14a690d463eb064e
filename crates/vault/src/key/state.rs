//! What is stored of a key.

use std::collections::BTreeSet;

use strongroom_base::Timestamp;

use super::RotationPolicy;
use crate::{KeyName, KeyOperation, KeyVersion, MaterialRef, PublicKey, SchemaV1, VaultName};

/// A key with its versions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Key {
    /// The schema in which it is stored.
    pub v: SchemaV1,
    /// The vault that holds it.
    pub vault: VaultName,
    /// Its name there, as created.
    pub name: KeyName,
    /// Its versions, oldest first; never empty.
    pub versions: Vec<Version>,
    /// When the vault adds a version by itself (R16).
    pub rotation: RotationPolicy,
    /// Where it is on its way.
    pub life: KeyLife,
}

/// One version of a key: the only thing that holds material, by reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Version {
    /// Its id.
    pub id: KeyVersion,
    /// The public half.
    pub public: PublicKey,
    /// Where the private half lies.
    pub material: MaterialRef,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// From when on it makes something new; always, if there is none.
    pub not_before: Option<Timestamp>,
    /// From when on it makes nothing new; never, if there is none.
    pub expires: Option<Timestamp>,
    /// What it may be used for (`key_ops`).
    pub operations: BTreeSet<KeyOperation>,
    /// When it was made or imported.
    pub created: Timestamp,
    /// When its attributes last changed.
    pub updated: Timestamp,
}

/// Where a key is on its way.
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
pub enum KeyLife {
    /// In use.
    Live,
    /// Deleted with all its versions: nothing uses it, and it can be recovered as it was.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When its retention ends and it is purged.
        purge_at: Timestamp,
    },
    /// Purged: gone for all callers, its name not yet free, since its material is being destroyed.
    Purging {
        /// When it was purged.
        at: Timestamp,
    },
}

impl Key {
    /// The version that a call without a version means, whatever its attributes: a disabled latest
    /// version does not fall back to an older one.
    #[must_use]
    pub fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The version of this id, or the latest.
    #[must_use]
    pub fn version(&self, id: Option<KeyVersion>) -> Option<&Version> {
        match id {
            Some(id) => self.versions.iter().find(|version| version.id == id),
            None => self.latest(),
        }
    }

    /// When the rotation policy adds the next version: counted from the latest one.
    #[must_use]
    pub fn rotation_due(&self) -> Option<Timestamp> {
        let latest = self.latest()?;
        self.rotation.due(latest.created, latest.expires)
    }
}
