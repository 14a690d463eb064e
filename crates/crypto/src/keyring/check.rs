//! Check values: they find a wrapped key that was moved from elsewhere.

use strongroom_base::ResourceUid;
use subtle::ConstantTimeEq;

use crate::encoding::encode;
use crate::object::Generation;
use crate::{CryptoError, Provider, ResourceKey};

const LABEL: &[u8] = b"strongroom/keyring/check/1";

/// What one generation's key must derive (F52): HKDF-Expand-SHA-512 of the key over a label, the uid
/// and the generation. It says nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckValue([u8; Self::LEN]);

impl CheckValue {
    /// Bytes of a check value.
    pub const LEN: usize = 32;

    /// The check value of a key.
    pub(super) fn of(
        provider: &Provider,
        uid: ResourceUid,
        generation: Generation,
        key: &ResourceKey,
    ) -> Result<Self, CryptoError> {
        let generation = generation.number().to_be_bytes();
        let info = encode(&[LABEL, uid.as_bytes(), &generation]);
        let mut check = [0; Self::LEN];
        provider
            .hkdf
            .prk(key.expose())
            .expand(&[&info], &mut check)?;
        Ok(Self(check))
    }

    /// The check value that these bytes are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the check value.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Whether both are the same, in constant time.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}
