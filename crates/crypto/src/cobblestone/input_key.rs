//! From an input key to the keys of one message.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::message_key::{Derived, MessageKey};
use super::{COMMITMENT_LEN, MAX_LEN, OpenError, Opener, SALT_LEN, SealError, Sealer};
use crate::{Aead, KEY_LEN, NONCE_LEN, Prk, Provider, SecureRandom};

/// What every derivation begins with: the construction, its AEAD by its IANA name, and a zero byte.
const PREFIX: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// A key that any number of messages are sealed under, its derivation state prepared once.
///
/// It must be uniformly random. It keeps no copy of the key beyond the provider's own state.
pub struct InputKey {
    prk: Box<dyn Prk>,
    aead: &'static dyn Aead,
    random: &'static dyn SecureRandom,
}

impl InputKey {
    /// Prepares a key.
    #[must_use]
    pub fn new(provider: &Provider, key: &[u8; KEY_LEN]) -> Self {
        Self {
            prk: provider.hkdf.prk(key),
            aead: provider.aead,
            random: provider.random,
        }
    }

    /// Begins a message under a salt of its own.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the random source fails or the provider refuses the derived key.
    pub fn sealer(&self, context: &[u8]) -> Result<Sealer, SealError> {
        self.sealer_with([context, &[]], MAX_LEN)
    }

    /// Prepares to open a message, once its commitment has matched.
    ///
    /// # Errors
    /// [`OpenError::Authentication`] if the commitment is not the one of this key, salt and context.
    pub fn opener(
        &self,
        salt: &[u8; SALT_LEN],
        commitment: &[u8; COMMITMENT_LEN],
        context: &[u8],
    ) -> Result<Opener, OpenError> {
        self.opener_with(salt, commitment, [context, &[]], MAX_LEN)
    }

    /// The context comes in two pieces, so that a caller need not join them.
    pub(crate) fn sealer_with(&self, context: [&[u8]; 2], limit: u64) -> Result<Sealer, SealError> {
        let mut salt = [0; SALT_LEN];
        self.random.fill(&mut salt)?;
        let derived = self.derive(&salt, context)?;
        let commitment = derived.commitment;
        let key = Arc::new(MessageKey::new(derived, self.aead));
        Ok(Sealer::new(key, salt, commitment, limit))
    }

    pub(crate) fn opener_with(
        &self,
        salt: &[u8; SALT_LEN],
        commitment: &[u8; COMMITMENT_LEN],
        context: [&[u8]; 2],
        limit: u64,
    ) -> Result<Opener, OpenError> {
        let derived = self.derive(salt, context)?;
        if !bool::from(derived.commitment.ct_eq(commitment)) {
            return Err(OpenError::Authentication);
        }
        let key = self.aead.opening_key(&derived.key)?;
        Ok(Opener::new(key, derived.base_nonce, limit))
    }

    fn derive(
        &self,
        salt: &[u8; SALT_LEN],
        [context, more]: [&[u8]; 2],
    ) -> Result<Derived, crate::CryptoError> {
        let mut out = zeroize::Zeroizing::new([0; KEY_LEN + NONCE_LEN + COMMITMENT_LEN]);
        self.prk
            .expand(&[PREFIX, salt, context, more], out.as_mut_slice())?;
        let mut derived = Derived::default();
        let (key, rest) = out.split_at(KEY_LEN);
        let (base_nonce, commitment) = rest.split_at(NONCE_LEN);
        derived.key.copy_from_slice(key);
        derived.base_nonce.copy_from_slice(base_nonce);
        derived.commitment.copy_from_slice(commitment);
        Ok(derived)
    }
}

impl fmt::Debug for InputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputKey").finish_non_exhaustive()
    }
}
