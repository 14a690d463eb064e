//! The provider over *ring* 0.17 and, for RSA, which ring lacks, the crate `rsa` 0.10. Its AES is
//! nearly as fast as AWS-LC's, and up to twice as fast where a processor has VAES and no AVX-512; its RSA is
//! several times slower.
//!
//! One exception is known: `rsa` 0.10 does not look at the first octet of an OAEP encoding, which
//! RFC 8017 §7.1.2 wants to be zero. Whoever can make such a message can as well wrap a sound one, so
//! nobody gains by it; the tests name every vector that it concerns.

mod aead;
mod kdf;
mod random;
mod rsa;

use self::random::SystemRandom;
use crate::Provider;

/// AES-256-GCM, HKDF-SHA-512, HMAC-SHA-256 and random bytes of ring, RSA-OAEP of `rsa`.
///
/// ```
/// use strongroom_crypto::{ResourceKey, ring::PROVIDER};
///
/// let key = ResourceKey::generate(PROVIDER.random)?;
/// let sealed = PROVIDER.aead.seal_with_random_nonce(key.expose(), b"place", b"content")?;
/// let opened = PROVIDER.aead.open_with_random_nonce(key.expose(), b"place", &sealed)?;
/// assert_eq!(opened.expose(), b"content");
/// # Ok::<(), strongroom_crypto::CryptoError>(())
/// ```
pub const PROVIDER: Provider = Provider {
    name: "ring",
    aead: &aead::Aes256Gcm,
    hkdf: &kdf::HkdfSha512,
    hmac: &kdf::HmacSha256,
    key_transport: &rsa::RsaOaep,
    random: &SystemRandom,
};
