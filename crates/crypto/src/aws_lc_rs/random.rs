//! Random bytes, and what AWS-LC says of itself.

use ::aws_lc_rs::rand;

use crate::{CryptoError, SecureRandom};

/// Whether AWS-LC runs as a FIPS module: not until this crate has a `fips` feature that builds it
/// so (R2).
pub(super) const FIPS: bool = false;

#[derive(Debug)]
pub(super) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        rand::fill(out).map_err(|_| CryptoError::Random)
    }

    fn fips(&self) -> bool {
        FIPS
    }
}
