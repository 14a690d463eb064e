//! The provider seam: a struct of parts, so that one part can be replaced and the rest kept.

use std::fmt::Debug;

use crate::{CryptoError, KEY_LEN, SecretBytes, SecureRandom};

/// Bytes of an AES-GCM nonce.
pub const NONCE_LEN: usize = 12;
/// Bytes of an AES-GCM tag.
pub const TAG_LEN: usize = 16;
/// Bytes of an HMAC-SHA-256 tag.
pub const MAC_LEN: usize = 32;

/// An AES-GCM nonce.
pub type Nonce = [u8; NONCE_LEN];
/// An AES-GCM tag.
pub type Tag = [u8; TAG_LEN];

/// Everything that Strongroom asks of a cryptographic library.
///
/// A caller passes a provider to whatever needs one; there is no process-wide default. To replace
/// one part, write `Provider { random: &MyRandom, ..strongroom_crypto::aws_lc_rs::PROVIDER }`.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers replace parts by struct update"
)]
pub struct Provider {
    /// The library's name, as shown to people; of several, joined by ` and `.
    pub name: &'static str,
    /// AES-256-GCM.
    pub aead: &'static dyn Aead,
    /// HKDF-SHA-512.
    pub hkdf: &'static dyn Hkdf,
    /// HMAC-SHA-256.
    pub hmac: &'static dyn Hmac,
    /// RSA-OAEP.
    pub key_transport: &'static dyn KeyTransport,
    /// Random bytes.
    pub random: &'static dyn SecureRandom,
}

impl Provider {
    /// Whether every part runs in a FIPS module that itself says so (R2).
    #[must_use]
    pub fn fips(&self) -> bool {
        // Every part is named, so that a new one cannot be forgotten here.
        let Self {
            name: _,
            aead,
            hkdf,
            hmac,
            key_transport,
            random,
        } = self;
        aead.fips() && hkdf.fips() && hmac.fips() && key_transport.fips() && random.fips()
    }
}

/// AES-256-GCM (NIST SP 800-38D).
pub trait Aead: Debug + Send + Sync {
    /// Prepares a key for sealing one run of chunks.
    ///
    /// # Errors
    /// [`CryptoError::Key`] if the provider refuses the key.
    fn sealing_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn SealingKey>, CryptoError>;

    /// Prepares a key for opening.
    ///
    /// # Errors
    /// [`CryptoError::Key`] if the provider refuses the key.
    fn opening_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn OpeningKey>, CryptoError>;

    /// Seals a short message under a long-lived key. The nonce is drawn by the library's own random
    /// nonce interface where it has one. Returns nonce ‖ ciphertext ‖ tag.
    ///
    /// # Errors
    /// [`CryptoError::Random`] if no nonce can be drawn, [`CryptoError::Length`] if the plaintext is
    /// longer than AES-GCM allows.
    fn seal_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// Opens what [`seal_with_random_nonce`](Aead::seal_with_random_nonce) returned.
    ///
    /// # Errors
    /// [`CryptoError::Authentication`] if anything about it does not match.
    fn open_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, CryptoError>;

    /// Whether this part runs in a FIPS module that says so.
    fn fips(&self) -> bool;
}

/// A key prepared for sealing with nonces that the caller builds.
///
/// The nonces of one instance are `base XOR n` for one base and a rising `n` whose first value is a
/// multiple of a power of two not below the run's length: a FIPS module may insist on that (TLS 1.3
/// nonces), and a nonce that is used once cannot be used twice.
pub trait SealingKey: Send {
    /// Encrypts `in_out` in place and returns the tag.
    ///
    /// # Errors
    /// [`CryptoError::Length`] if the provider refuses the nonce or the length; `in_out` may then be
    /// destroyed.
    fn seal(&mut self, nonce: Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError>;
}

/// A key prepared for opening; stateless, in any order, shared by threads.
pub trait OpeningKey: Send + Sync {
    /// Decrypts `in_out` in place once `tag` has passed.
    ///
    /// # Errors
    /// [`CryptoError::Authentication`] if the tag does not match; `in_out` then holds no plaintext
    /// that may be used.
    fn open(
        &self,
        nonce: Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError>;

    /// Decrypts `ciphertext` into `plaintext`, which is as long, once `tag` has passed.
    ///
    /// # Errors
    /// [`CryptoError::Authentication`] if the tag does not match or the lengths differ; `plaintext`
    /// then holds nothing that may be used.
    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), CryptoError>;
}

/// HKDF-SHA-512 (RFC 5869).
pub trait Hkdf: Debug + Send + Sync {
    /// HKDF-Extract: a pseudorandom key from a salt and input keying material.
    fn extract(&self, salt: &[u8], ikm: &[u8]) -> Box<dyn Prk>;

    /// Takes a uniformly random key as the pseudorandom key: HKDF-Expand alone.
    fn prk(&self, key: &[u8; KEY_LEN]) -> Box<dyn Prk>;

    /// Whether this part runs in a FIPS module that says so.
    fn fips(&self) -> bool;
}

/// A pseudorandom key, its HMAC state prepared once for many expansions.
pub trait Prk: Send + Sync {
    /// HKDF-Expand over the concatenation of `info` into all of `out`.
    ///
    /// # Errors
    /// [`CryptoError::Length`] if `out` is longer than 255 × 64 bytes.
    fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), CryptoError>;
}

/// HMAC-SHA-256 (RFC 2104).
pub trait Hmac: Debug + Send + Sync {
    /// Prepares a key for many tags.
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn HmacKey>;

    /// Whether this part runs in a FIPS module that says so.
    fn fips(&self) -> bool;
}

/// A prepared HMAC key.
pub trait HmacKey: Send + Sync {
    /// The tag over the concatenation of `message`.
    fn tag(&self, message: &[&[u8]]) -> [u8; MAC_LEN];

    /// Whether `tag` is the one over the concatenation of `message`, in constant time.
    fn verify(&self, message: &[&[u8]], tag: &[u8; MAC_LEN]) -> bool;
}

/// RSA-OAEP with MGF1 over the same hash and an empty label (RFC 8017 §7.1), named as in RFC 7518
/// §4.3 and Key Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "each has its own code on the wire")]
pub enum WrapAlgorithm {
    /// RSA-OAEP with SHA-1: accepted, for keys that know no better.
    #[cfg_attr(feature = "serde", serde(rename = "RSA-OAEP"))]
    RsaOaep,
    /// RSA-OAEP with SHA-256.
    #[cfg_attr(feature = "serde", serde(rename = "RSA-OAEP-256"))]
    RsaOaep256,
}

/// The RSA moduli that a vault may make or import; a resource takes 2048 alone (R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "Key Vault has these three")]
pub enum RsaKeySize {
    /// 2048 bits.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl WrapAlgorithm {
    /// The name of the algorithm (RFC 7518 §4.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    /// The most bytes of key material that fit under a modulus of `size` (RFC 8017 §7.1.1): its
    /// length less two hashes and two bytes.
    #[must_use]
    pub const fn max_plaintext(self, size: RsaKeySize) -> usize {
        let hash = match self {
            Self::RsaOaep => 20,
            Self::RsaOaep256 => 32,
        };
        size.modulus_len() - 2 * hash - 2
    }
}

impl RsaKeySize {
    /// The size whose modulus has this many bits.
    #[must_use]
    pub const fn from_bits(bits: usize) -> Option<Self> {
        match bits {
            2048 => Some(Self::Rsa2048),
            3072 => Some(Self::Rsa3072),
            4096 => Some(Self::Rsa4096),
            _ => None,
        }
    }

    /// The size of this big-endian modulus, whatever zeros lead it.
    #[must_use]
    pub fn of_modulus(n: &[u8]) -> Option<Self> {
        let n = without_leading_zeros(n);
        let unused = n.first()?.leading_zeros() as usize;
        Self::from_bits(n.len().checked_mul(8)?.checked_sub(unused)?)
    }

    /// Bits of the modulus.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }

    /// Bytes of the modulus, and of whatever is wrapped under it.
    #[must_use]
    pub const fn modulus_len(self) -> usize {
        self.bits() / 8
    }
}

/// A big-endian number as the seam hands it out.
pub(crate) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// RSA key pairs, for wrapping keys.
pub trait KeyTransport: Debug + Send + Sync {
    /// A new key pair with public exponent 65537.
    ///
    /// # Errors
    /// [`CryptoError::Random`] if the library could not make one.
    fn generate(&self, size: RsaKeySize) -> Result<Box<dyn RsaPrivateKey>, CryptoError>;

    /// Reads a private key from its PKCS#8 DER, version 0 with identifier rsaEncryption (RFC 5208).
    ///
    /// # Errors
    /// [`CryptoError::Key`] if it is malformed, inconsistent, or not RSA of a size in [`RsaKeySize`].
    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn RsaPrivateKey>, CryptoError>;

    /// Builds a public key from big-endian modulus and exponent; zeros may lead them.
    ///
    /// # Errors
    /// [`CryptoError::Key`] if they are no RSA public key of a size in [`RsaKeySize`].
    fn public_key(&self, n: &[u8], e: &[u8]) -> Result<Box<dyn RsaPublicKey>, CryptoError>;

    /// Whether this part runs in a FIPS module that says so.
    fn fips(&self) -> bool;
}

/// The public half: wraps.
pub trait RsaPublicKey: Debug + Send + Sync {
    /// The size of the modulus.
    fn size(&self) -> RsaKeySize;
    /// The modulus, big-endian, without leading zeros.
    fn n(&self) -> &[u8];
    /// The public exponent, big-endian, without leading zeros.
    fn e(&self) -> &[u8];

    /// Wraps key material; the answer is as long as the modulus.
    ///
    /// # Errors
    /// [`CryptoError::Length`] if `plaintext` is longer than OAEP allows for this modulus.
    fn wrap(&self, algorithm: WrapAlgorithm, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

/// The private half: unwraps. It cannot be printed.
pub trait RsaPrivateKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &dyn RsaPublicKey;

    /// Unwraps key material.
    ///
    /// # Errors
    /// [`CryptoError::Authentication`] whatever is wrong with `wrapped`; [`CryptoError::Random`] if the
    /// blinding of the operation cannot be drawn.
    fn unwrap(&self, algorithm: WrapAlgorithm, wrapped: &[u8]) -> Result<SecretBytes, CryptoError>;

    /// The key as PKCS#8 DER, version 0 (RFC 5208).
    ///
    /// # Errors
    /// [`CryptoError::Key`] if the library cannot encode it.
    fn to_pkcs8(&self) -> Result<SecretBytes, CryptoError>;
}
