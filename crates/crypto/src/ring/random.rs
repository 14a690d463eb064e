//! Random bytes.

use ::ring::rand::{self, SecureRandom as _};

use crate::{CryptoError, SecureRandom};

#[derive(Debug)]
pub(super) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        rand::SystemRandom::new()
            .fill(out)
            .map_err(|_| CryptoError::Random)
    }

    fn fips(&self) -> bool {
        false
    }
}
