//! Key material that comes from outside (R5): PKCS#8 in PEM, and JWK; and material that is made here.
//!
//! What is read is checked whole by the provider: numbers that do not belong together are refused.
//!
//! ```
//! use strongroom_crypto::{RsaKeySize, aws_lc_rs::PROVIDER};
//! use strongroom_vault::KeySpec;
//! use strongroom_vault::import::{from_pem, generate};
//!
//! let pair = generate(&PROVIDER, KeySpec::Rsa(RsaKeySize::Rsa2048))?;
//! assert_eq!(pair.public.spec().to_string(), "RSA 2048");
//! assert!(from_pem(&PROVIDER, "not a key").is_err());
//! # Ok::<(), strongroom_vault::import::ImportError>(())
//! ```

#[cfg(feature = "p256")]
mod ec;
mod jwk;
mod pem;

use std::collections::BTreeSet;
use std::fmt;

use strongroom_base::{Outcome, OutcomeKind, Retry};
use strongroom_crypto::{CryptoError, Provider, RsaKeySize, RsaPrivateKey, SecretBytes};

pub use jwk::{ImportedJwk, from_jwk};
pub use pem::from_pem;

use crate::{KeyOperation, KeySpec, PublicKey};

/// A key pair: the public half for a command, the private one for wherever material is kept.
#[expect(clippy::exhaustive_structs, reason = "a driver takes it apart")]
pub struct KeyPair {
    /// The public half.
    pub public: PublicKey,
    /// The private half as PKCS#8 DER, version 0 (RFC 5208).
    pub private: SecretBytes,
}

impl KeyPair {
    fn of_rsa(private: &dyn RsaPrivateKey) -> Result<Self, ImportError> {
        let public = private.public_key();
        Ok(Self {
            public: PublicKey::Rsa {
                size: public.size(),
                n: public.n().to_vec(),
                e: public.e().to_vec(),
            },
            private: private.to_pkcs8().map_err(ImportError::Provider)?,
        })
    }
}

/// Shows the public half alone.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Makes a key pair. EC P-256 takes the feature `p256`.
///
/// # Errors
/// [`ImportError::Provider`] if there is no randomness, [`ImportError::NoEllipticCurves`] without
/// the feature.
pub fn generate(provider: &Provider, spec: KeySpec) -> Result<KeyPair, ImportError> {
    match spec {
        KeySpec::Rsa(size) => {
            let private = provider
                .key_transport
                .generate(size)
                .map_err(ImportError::Provider)?;
            KeyPair::of_rsa(private.as_ref())
        }
        #[cfg(feature = "p256")]
        KeySpec::EcP256 => ec::generate(provider),
        #[cfg(not(feature = "p256"))]
        KeySpec::EcP256 => Err(ImportError::NoEllipticCurves),
    }
}

/// A PKCS#8 key of whatever type a vault takes.
fn from_pkcs8(provider: &Provider, der: &[u8]) -> Result<KeyPair, ImportError> {
    use pkcs8::ObjectIdentifier;

    /// rsaEncryption (RFC 8017 §A.1).
    const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    /// id-ecPublicKey (RFC 5480 §2.1.1).
    const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

    let info = pkcs8::PrivateKeyInfoRef::try_from(der).map_err(|_| ImportError::Pkcs8)?;
    match info.algorithm.oid {
        RSA => {
            rsa_size(info.private_key.as_bytes())?;
            let private = provider
                .key_transport
                .private_key(der)
                .map_err(ImportError::of_key)?;
            KeyPair::of_rsa(private.as_ref())
        }
        #[cfg(feature = "p256")]
        EC => ec::from_pkcs8(der),
        #[cfg(not(feature = "p256"))]
        EC => Err(ImportError::NoEllipticCurves),
        _ => Err(ImportError::Type),
    }
}

/// The provider says of a key of another size no more than that it does not take it.
fn rsa_size(pkcs1: &[u8]) -> Result<(), ImportError> {
    let key: pkcs1::RsaPrivateKey<pkcs1::UintRef<'_>> =
        pkcs1.try_into().map_err(|_| ImportError::Inconsistent)?;
    let modulus = key.modulus.as_bytes();
    let leading = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0));
    RsaKeySize::from_bits(bits).map_or(Err(ImportError::RsaSize { bits }), |_| Ok(()))
}

/// Why key material is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Not PEM.
    #[error("the text is not PEM (RFC 7468): it begins with -----BEGIN PRIVATE KEY-----")]
    Pem,
    /// PEM of something else.
    #[error(
        "this is {what} (`{label}`), and a vault takes an unencrypted PKCS#8 `PRIVATE KEY`: {mend}"
    )]
    Label {
        /// What it says it holds.
        label: String,
        /// What that is.
        what: &'static str,
        /// What to do about it.
        mend: &'static str,
    },
    /// Something else that is known by its beginning.
    #[error("this is {what}, and not PEM (RFC 7468): {mend}")]
    NotPem {
        /// What it is.
        what: &'static str,
        /// What to do about it.
        mend: &'static str,
    },
    /// Not PKCS#8.
    #[error("the PEM does not hold PKCS#8 (RFC 5208)")]
    Pkcs8,
    /// Not a JWK.
    #[error(
        "the text is not a JWK (RFC 7517), a JSON object with text members such as `kty`; PEM is imported \
         with --pem-file"
    )]
    Jwk,
    /// A member of the JWK is missing.
    #[error("the JWK has no member `{member}`, and an import takes the whole private key")]
    Missing {
        /// Which.
        member: &'static str,
    },
    /// A member of the JWK is malformed.
    #[error("the member `{member}` of the JWK is not base64url without padding (RFC 7518 §2)")]
    Member {
        /// Which.
        member: &'static str,
    },
    /// A `key_ops` that no key can do.
    #[error("the JWK has a `key_ops` that a vault does not know")]
    Operation(#[source] crate::UnknownWord),
    /// Another type, size or curve.
    #[error("a vault takes RSA of 2048, 3072 or 4096 bits and EC P-256, and this key is neither")]
    Type,
    /// An RSA key of another size.
    #[error(
        "the RSA key has {bits} bits, and a vault takes 2048, 3072 or 4096 (a resource 2048 alone, R15): \
         make another, as with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem"
    )]
    RsaSize {
        /// How many.
        bits: usize,
    },
    /// The numbers do not make a key.
    #[error("the key is malformed, or its numbers do not belong together")]
    Inconsistent,
    /// Built without elliptic curves.
    #[error("this program was built without EC keys (feature `p256`): use RSA")]
    NoEllipticCurves,
    /// The provider failed.
    #[error("the cryptographic provider could not make the key")]
    Provider(#[source] CryptoError),
}

impl ImportError {
    /// What it means that the provider did not take a private key.
    fn of_key(error: CryptoError) -> Self {
        match error {
            CryptoError::Random => Self::Provider(error),
            _ => Self::Inconsistent,
        }
    }
}

impl Outcome for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.code(),
            Self::NoEllipticCurves => "KeyTypeNotSupported",
            _ => "BadParameter",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Provider(error) => error.kind(),
            Self::NoEllipticCurves => OutcomeKind::Refused,
            _ => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Provider(error) => error.retry(),
            _ => Retry::Never,
        }
    }
}

/// What a key may be used for, as its JWK says; `None` where it says nothing.
type Operations = Option<BTreeSet<KeyOperation>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// That there was no randomness is no fault of the key, and passes.
    #[test]
    fn r17_a_failure_of_the_provider_is_told_as_its_own() {
        let failed = ImportError::of_key(CryptoError::Random);
        assert_eq!(failed, ImportError::Provider(CryptoError::Random));
        let provider = CryptoError::Random;
        assert_eq!(
            (failed.code(), failed.kind(), failed.retry()),
            (provider.code(), provider.kind(), provider.retry())
        );
        assert_ne!(failed.kind(), OutcomeKind::BadInput);
        assert_ne!(failed.retry(), Retry::Never);
        let other = ImportError::of_key(CryptoError::Key);
        assert_eq!(other, ImportError::Inconsistent);
    }

    #[test]
    fn r15_a_program_without_elliptic_curves_says_so_and_does_not_blame_the_key() {
        let error = ImportError::NoEllipticCurves;
        assert_eq!(
            (error.code(), error.kind(), error.retry()),
            ("KeyTypeNotSupported", OutcomeKind::Refused, Retry::Never)
        );
    }
}
