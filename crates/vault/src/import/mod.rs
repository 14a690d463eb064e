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
mod error;
mod jwk;
mod pair;
mod pem;

use std::collections::BTreeSet;

use strongroom_crypto::{Provider, RsaKeySize};

pub use error::ImportError;
pub use jwk::{ImportedJwk, from_jwk};
pub use pair::KeyPair;
pub use pem::from_pem;

use crate::{KeyOperation, KeySpec};

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

/// What a key may be used for, as its JWK says; `None` where it says nothing.
type Operations = Option<BTreeSet<KeyOperation>>;
