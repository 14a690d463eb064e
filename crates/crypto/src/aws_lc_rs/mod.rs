//! The provider over AWS-LC (crate `aws-lc-rs`): every part. It clears what it
//! prepares of a key.

mod aead;
mod kdf;
mod random;
mod rsa;

use self::random::SystemRandom;
use crate::Provider;

/// AES-256-GCM, HKDF-SHA-512, HMAC-SHA-256, RSA-OAEP and random bytes, all of AWS-LC.
///
/// ```
/// use strongroom_crypto::{ResourceKey, aws_lc_rs::PROVIDER};
///
/// let key = ResourceKey::generate(PROVIDER.random)?;
/// let sealed = PROVIDER.aead.seal_with_random_nonce(key.expose(), b"place", b"content")?;
/// let opened = PROVIDER.aead.open_with_random_nonce(key.expose(), b"place", &sealed)?;
/// assert_eq!(opened.expose(), b"content");
/// # Ok::<(), strongroom_crypto::CryptoError>(())
/// ```
pub const PROVIDER: Provider = Provider {
    name: "aws-lc-rs",
    aead: &aead::Aes256Gcm,
    hkdf: &kdf::HkdfSha512,
    hmac: &kdf::HmacSha256,
    key_transport: &rsa::RsaOaep,
    random: &SystemRandom,
};
