//! Providers, keys and plaintexts for the tests.

use proptest::prelude::*;
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{CHUNK_LEN, Generation, GenerationKey};
use strongroom_crypto::{CryptoError, Provider, ResourceKey, SecureRandom};

pub(crate) const UID: ResourceUid = ResourceUid::from_bytes(*b"a resource's uid");

/// Every provider that is built in.
pub(crate) fn providers() -> Vec<Provider> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        strongroom_crypto::aws_lc_rs::PROVIDER,
        #[cfg(feature = "ring")]
        strongroom_crypto::ring::PROVIDER,
        #[cfg(all(feature = "aws-lc-rs", feature = "ring"))]
        strongroom_crypto::fastest::CHUNKS_BY_RING,
    ]
}

/// The first of them, where a test is about our own code alone.
pub(crate) fn provider() -> Provider {
    providers()[0]
}

/// A random source that always gives these bytes, again and again.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) Vec<u8>);

impl SecureRandom for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        for (to, from) in out.iter_mut().zip(self.0.iter().cycle()) {
            *to = *from;
        }
        Ok(())
    }

    fn fips(&self) -> bool {
        false
    }
}

/// The provider with every salt as given.
pub(crate) fn with_salt(provider: Provider, salt: &[u8]) -> Provider {
    Provider {
        random: Box::leak(Box::new(Fixed(salt.to_vec()))),
        ..provider
    }
}

pub(crate) fn resource_key(fill: u8) -> ResourceKey {
    ResourceKey::from_bytes(&mut [fill; 32])
}

pub(crate) fn generation(number: u32) -> Generation {
    Generation::new(number).unwrap()
}

pub(crate) fn key(provider: &Provider) -> GenerationKey {
    GenerationKey::new(provider, &resource_key(7), UID, Generation::FIRST)
}

/// Bytes without a pattern that a wrong offset would keep.
pub(crate) fn plaintext(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Lengths, most of them near a border of chunks.
pub(crate) fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![
        1 => 0..100_usize,
        3 => (1..4_usize, 0..40_usize).prop_map(|(chunks, n)| chunks * CHUNK_LEN + n - 20),
        1 => 0..5 * CHUNK_LEN,
    ]
}

/// The lengths at which something changes.
pub(crate) const BORDERS: [usize; 10] = [
    0,
    1,
    CHUNK_LEN - 16,
    CHUNK_LEN - 1,
    CHUNK_LEN,
    CHUNK_LEN + 1,
    CHUNK_LEN + 16,
    2 * CHUNK_LEN - 1,
    2 * CHUNK_LEN,
    3 * CHUNK_LEN + 5,
];
