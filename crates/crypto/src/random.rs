//! The source of random bytes.

use std::fmt::Debug;

use crate::CryptoError;

/// A source of random bytes fit for keys.
pub trait SecureRandom: Debug + Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`CryptoError::Random`] if the source fails; `out` is then not to be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError>;

    /// Whether this part runs in a FIPS module that says so.
    fn fips(&self) -> bool;
}
