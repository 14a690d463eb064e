//! What can have happened to a key.

use strongroom_base::Timestamp;

use super::{Key, KeyLife, RotationPolicy, Version};
use crate::{KeyName, SchemaV1, VaultName};

/// Something that happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum KeyEvent {
    /// The key was created with its first version.
    Created {
        /// The vault.
        vault: VaultName,
        /// The name.
        name: KeyName,
        /// The version.
        first: Version,
    },
    /// A version was added, and is the latest now.
    VersionAdded {
        /// The version.
        version: Version,
    },
    /// Attributes of a version changed.
    VersionUpdated {
        /// The version as it is now.
        version: Version,
    },
    /// The rotation policy was set.
    RotationPolicySet {
        /// As it is now.
        policy: RotationPolicy,
    },
    /// The key was deleted.
    Deleted {
        /// When.
        at: Timestamp,
        /// When its retention ends.
        purge_at: Timestamp,
    },
    /// The key was recovered.
    Recovered,
    /// The key was purged.
    Purged {
        /// When.
        at: Timestamp,
    },
    /// Its material is destroyed.
    Erased,
}

/// Takes what happened into the state. An event of another life changes nothing.
pub(super) fn evolve(state: &mut Option<Key>, event: &KeyEvent) {
    if let KeyEvent::Created { vault, name, first } = event {
        *state = Some(Key {
            v: SchemaV1,
            vault: vault.clone(),
            name: name.clone(),
            versions: vec![first.clone()],
            rotation: RotationPolicy::default(),
            life: KeyLife::Live,
        });
        return;
    }
    let Some(key) = state else { return };
    match event {
        KeyEvent::Created { .. } => {}
        KeyEvent::VersionAdded { version } => key.versions.push(version.clone()),
        KeyEvent::VersionUpdated { version } => {
            if let Some(place) = key.versions.iter_mut().find(|it| it.id == version.id) {
                place.clone_from(version);
            }
        }
        KeyEvent::RotationPolicySet { policy } => key.rotation = *policy,
        KeyEvent::Deleted { at, purge_at } => {
            key.life = KeyLife::Deleted {
                at: *at,
                purge_at: *purge_at,
            };
        }
        KeyEvent::Recovered => key.life = KeyLife::Live,
        KeyEvent::Purged { at } => key.life = KeyLife::Purging { at: *at },
        KeyEvent::Erased => *state = None,
    }
}
