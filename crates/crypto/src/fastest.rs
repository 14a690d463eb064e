//! The provider that suits the processor: AWS-LC, which lets ring do the chunks of objects where ring
//! is faster at them.
//!
//! AWS-LC's fast AES-256-GCM wants AVX-512. ring's wants AVX2 beside VAES, which AMD's Zen 3 and Intel's
//! smaller cores have and AVX-512 not: there ring is up to twice as fast.

use crate::{Aead, CryptoError, KEY_LEN, OpeningKey, Provider, SealingKey, SecretBytes};
use crate::{aws_lc_rs, ring};

/// AWS-LC for everything but the chunks of objects, which ring seals and opens.
///
/// ring does not clear its key schedules. It is given derived keys alone, each of one object; resource
/// keys and the keys they are wrapped by stay with AWS-LC.
pub const CHUNKS_BY_RING: Provider = Provider {
    name: "aws-lc-rs and ring",
    aead: &ChunksByRing,
    ..aws_lc_rs::PROVIDER
};

/// [`CHUNKS_BY_RING`] on a processor where that is faster, [`aws_lc_rs::PROVIDER`] on any other. What
/// one seals the other opens, so data may move between machines.
///
/// ```
/// use strongroom_crypto::{ResourceKey, fastest};
///
/// let provider = fastest::provider();
/// let key = ResourceKey::generate(provider.random)?;
/// let sealed = provider.aead.seal_with_random_nonce(key.expose(), b"place", b"content")?;
/// let opened = provider.aead.open_with_random_nonce(key.expose(), b"place", &sealed)?;
/// assert_eq!(opened.expose(), b"content");
/// # Ok::<(), strongroom_crypto::CryptoError>(())
/// ```
#[must_use]
pub fn provider() -> Provider {
    Processor::here().provider()
}

/// What decides: the instructions that each library's fast path asks for.
struct Processor {
    /// AES on 32 bytes at once.
    vaes: bool,
    avx512: bool,
}

impl Processor {
    #[cfg(target_arch = "x86_64")]
    fn here() -> Self {
        use std::arch::is_x86_feature_detected as has;

        Self {
            vaes: has!("avx2") && has!("vaes") && has!("vpclmulqdq"),
            avx512: has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl"),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn here() -> Self {
        Self {
            vaes: false,
            avx512: false,
        }
    }

    fn provider(&self) -> Provider {
        if self.vaes && !self.avx512 {
            CHUNKS_BY_RING
        } else {
            aws_lc_rs::PROVIDER
        }
    }
}

#[derive(Debug)]
struct ChunksByRing;

impl Aead for ChunksByRing {
    fn sealing_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn SealingKey>, CryptoError> {
        ring::PROVIDER.aead.sealing_key(key)
    }

    fn opening_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn OpeningKey>, CryptoError> {
        ring::PROVIDER.aead.opening_key(key)
    }

    fn seal_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let rest = aws_lc_rs::PROVIDER.aead;
        rest.seal_with_random_nonce(key, aad, plaintext)
    }

    fn open_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        let rest = aws_lc_rs::PROVIDER.aead;
        rest.open_with_random_nonce(key, aad, sealed)
    }

    fn fips(&self) -> bool {
        ring::PROVIDER.aead.fips()
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNKS_BY_RING, Processor};

    #[test]
    fn ring_is_asked_only_where_its_fast_path_runs_and_aws_lcs_does_not() {
        for (vaes, avx512, name) in [
            (false, false, "aws-lc-rs"),
            (false, true, "aws-lc-rs"),
            (true, true, "aws-lc-rs"),
            (true, false, "aws-lc-rs and ring"),
        ] {
            let processor = Processor { vaes, avx512 };
            assert_eq!(processor.provider().name, name, "{vaes} {avx512}");
        }
    }

    /// That ring is asked for them is not to be seen: both libraries give the same bytes.
    #[test]
    fn the_chunks_have_an_implementation_of_their_own() {
        assert_eq!(format!("{:?}", CHUNKS_BY_RING.aead), "ChunksByRing");
    }
}
