//! The keys of one message.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::COMMITMENT_LEN;
use crate::{Aead, CryptoError, KEY_LEN, Nonce, SealingKey};

/// Boxed, so that a move does not leave a copy behind.
pub(super) type Derived = Box<DerivedParts>;

#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(super) struct DerivedParts {
    pub(super) key: [u8; KEY_LEN],
    pub(super) base_nonce: Nonce,
    pub(super) commitment: [u8; COMMITMENT_LEN],
}

/// The keys of one message, shared by the sealer and the runs it hands out.
pub(super) struct MessageKey {
    derived: Derived,
    aead: &'static dyn Aead,
}

impl MessageKey {
    pub(super) fn new(derived: Derived, aead: &'static dyn Aead) -> Self {
        Self { derived, aead }
    }

    pub(super) fn sealing_key(&self) -> Result<Box<dyn SealingKey>, CryptoError> {
        self.aead.sealing_key(&self.derived.key)
    }

    pub(super) fn base_nonce(&self) -> &Nonce {
        &self.derived.base_nonce
    }
}
