//! One generation as it is stored.

use std::fmt;

use strongroom_base::ResourceUid;

use super::CheckValue;
use crate::object::Generation;
use crate::{CryptoError, MAC_LEN, Provider, ResourceKey, ServiceKeyId, WrapAlgorithm};

/// One generation of a resource key: how it is wrapped, and what authenticates it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyringRecord {
    pub(super) generation: Generation,
    pub(super) state: GenerationState,
    pub(super) wrapping: Wrapping,
    pub(super) wrapped: WrappedKey,
    pub(super) check: CheckValue,
    pub(super) mac: [u8; MAC_LEN],
}

impl KeyringRecord {
    /// A record of the newest generation, its MAC still to come.
    pub(super) fn newest(
        provider: &Provider,
        uid: ResourceUid,
        generation: Generation,
        key: &ResourceKey,
        kek: Kek,
        wrapped: WrappedKey,
    ) -> Result<Self, CryptoError> {
        Ok(Self {
            generation,
            state: GenerationState::Writing,
            wrapping: Wrapping::Kek(kek),
            wrapped,
            check: CheckValue::of(provider, uid, generation, key)?,
            mac: [0; MAC_LEN],
        })
    }

    /// The generation's number.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What the generation is used for.
    #[must_use]
    pub fn state(&self) -> GenerationState {
        self.state
    }

    /// What the generation is wrapped by.
    #[must_use]
    pub fn wrapping(&self) -> &Wrapping {
        &self.wrapping
    }

    /// The wrapped key.
    #[must_use]
    pub fn wrapped(&self) -> &WrappedKey {
        &self.wrapped
    }

    /// The check value of the key.
    #[must_use]
    pub fn check(&self) -> &CheckValue {
        &self.check
    }
}

/// What a generation is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "each has its own byte under the MAC"
)]
pub enum GenerationState {
    /// New objects are sealed under it: the newest alone.
    Writing,
    /// Objects sealed under it are still opened.
    Reading,
}

/// What a generation is wrapped by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "each has its own byte under the MAC"
)]
pub enum Wrapping {
    /// By the key-encryption key: the newest generation alone.
    Kek(Kek),
    /// By the next newer generation, whose number this is.
    UnderGeneration(Generation),
}

/// A key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each has its own byte under the MAC"
)]
pub enum Kek {
    /// The key that the service keeps for the resource (R4).
    ServiceManaged {
        /// Which one; its sealed bytes are kept apart, so that they can be erased.
        key: ServiceKeyId,
    },
    /// A key version in the customer's vault (R6).
    CustomerManaged {
        /// The full URI of the key, with its version.
        kid: String,
        /// How it wraps.
        algorithm: WrapAlgorithm,
    },
}

/// A wrapped key: useless without what wraps it, but not shown all the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WrappedKey(Vec<u8>);

impl WrappedKey {
    /// Takes the bytes that a wrap returned.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to unwrap.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}
