//! Key material in memory: zeroed on drop, and neither printable, cloneable nor serialisable.
//!
//! None of these types implements `Debug`, `Display`, `Clone`, `PartialEq` or `Serialize`: a struct
//! that holds one must say by hand how it prints, so that no key reaches a log by accident (I1).

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{CryptoError, SecureRandom};

/// Bytes of an AES-256 key, or of a key that keys are derived from.
pub const KEY_LEN: usize = 32;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// Zeroed on drop; cannot be printed, cloned, compared with `==` or serialised.
        #[derive(Zeroize, ZeroizeOnDrop)]
        #[expect(missing_debug_implementations, reason = "a key must not be printable")]
        // Boxed, so that a move does not leave a copy behind.
        pub struct $name(Box<[u8; KEY_LEN]>);

        impl $name {
            /// A new key from the provider's random source.
            ///
            /// # Errors
            /// [`CryptoError::Random`] if the random source fails.
            pub fn generate(random: &dyn SecureRandom) -> Result<Self, CryptoError> {
                let mut key = Self(Box::new([0; KEY_LEN]));
                random.fill(key.0.as_mut_slice())?;
                Ok(key)
            }

            /// Takes over key bytes. The caller's copy is zeroed.
            #[must_use]
            pub fn from_bytes(bytes: &mut [u8; KEY_LEN]) -> Self {
                let key = Self(Box::new(*bytes));
                bytes.zeroize();
                key
            }

            /// Takes over a secret that must be exactly [`KEY_LEN`] bytes long.
            ///
            /// # Errors
            /// [`CryptoError::Key`] if it is of another length.
            pub fn from_secret(secret: &SecretBytes) -> Result<Self, CryptoError> {
                let mut bytes = Zeroizing::new([0; KEY_LEN]);
                let source: &[u8; KEY_LEN] =
                    secret.expose().try_into().map_err(|_| CryptoError::Key)?;
                bytes.copy_from_slice(source);
                Ok(Self::from_bytes(&mut bytes))
            }

            /// The key's bytes, for the one call that needs them.
            #[must_use]
            pub fn expose(&self) -> &[u8; KEY_LEN] {
                &self.0
            }

            /// Whether both are the same key, in constant time.
            #[must_use]
            pub fn matches(&self, other: &Self) -> bool {
                self.0.as_slice().ct_eq(other.0.as_slice()).into()
            }
        }
    )+};
}

keys! {
    /// The AES-256 key that stands between the key-encryption key and the data of a resource; one
    /// generation of it.
    ResourceKey;
    /// The root key of an installation: the one secret that is not in its database.
    RootKey;
    /// The key-encryption key that the service makes and keeps for one resource (R4).
    ServiceManagedKey;
}

/// Secret bytes of any length, such as what an unwrap returns or a private key's PKCS#8.
///
/// Zeroed on drop; cannot be printed, cloned, compared with `==` or serialised.
#[derive(Zeroize, ZeroizeOnDrop)]
#[expect(
    missing_debug_implementations,
    reason = "a secret must not be printable"
)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes over secret bytes. They must not be reallocated on the way here: build them in place.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}
