//! What a key version may be used for at a moment (R17).

use strongroom_base::Timestamp;

use super::{Key, KeyLife, Version};
use crate::vault::Vault;
use crate::{Denial, KeyOperation, KeyProperties, KeyVersion, KeyVersionId};

/// A key as a fact to others.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is there or not")]
pub enum KeyView<'a> {
    /// There is none of this name in the vault.
    Absent,
    /// It is there, live or not.
    Present(&'a Key),
}

impl<'a> KeyView<'a> {
    /// The view of a state of the machine.
    #[must_use]
    pub fn of(state: Option<&'a Key>) -> Self {
        state.map_or(Self::Absent, Self::Present)
    }

    /// The version of this id, or the latest, if the key is live.
    ///
    /// # Errors
    /// [`Denial::KeyNotFound`] or [`Denial::KeyDeleted`].
    pub fn live(self, version: Option<KeyVersion>) -> Result<&'a Version, Denial> {
        let Self::Present(key) = self else {
            return Err(Denial::KeyNotFound);
        };
        match key.life {
            KeyLife::Live => key.version(version).ok_or(Denial::KeyNotFound),
            KeyLife::Deleted { .. } => Err(Denial::KeyDeleted),
            KeyLife::Purging { .. } => Err(Denial::KeyNotFound),
        }
    }
}

impl Version {
    /// What a vault tells of it under `id`, `vault` being the one that holds it.
    #[must_use]
    pub fn properties(&self, id: KeyVersionId, vault: &Vault) -> KeyProperties {
        let spec = self.public.spec();
        KeyProperties {
            id,
            key_type: spec.key_type(),
            bits: spec.bits(),
            enabled: self.enabled,
            not_before: self.not_before,
            expires: self.expires,
            operations: self.operations.clone(),
            created: self.created,
            updated: self.updated,
            recovery_level: vault.recovery_level(),
        }
    }

    /// Whether `operation` works at `now`. The order: enabled, not-before and expiry, `key_ops`.
    /// Outside [not-before, expiry) a version still opens and verifies what it made (R17).
    ///
    /// # Errors
    /// The first [`Denial`] that stands in the way.
    pub fn permit(&self, operation: KeyOperation, now: Timestamp) -> Result<(), Denial> {
        if !self.enabled {
            return Err(Denial::KeyDisabled);
        }
        if operation.protects() {
            if self.not_before.is_some_and(|not_before| now < not_before) {
                return Err(Denial::KeyNotYetValid);
            }
            if self.expires.is_some_and(|expires| now >= expires) {
                return Err(Denial::KeyExpired);
            }
        }
        if self.operations.contains(&operation) {
            Ok(())
        } else {
            Err(Denial::OperationNotPermitted { operation })
        }
    }
}
