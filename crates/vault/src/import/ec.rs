//! EC P-256. A vault holds such keys, and no resource takes one (R15).

use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use strongroom_crypto::{CryptoError, Provider, SecretBytes};
use zeroize::Zeroizing;

use super::error::ImportError;
use super::pair::KeyPair;
use crate::PublicKey;

/// A scalar that is zero or not below the order comes once in 2³² draws.
const DRAWS: usize = 16;

pub(super) fn generate(provider: &Provider) -> Result<KeyPair, ImportError> {
    let mut scalar = Zeroizing::new([0; 32]);
    for _ in 0..DRAWS {
        provider
            .random
            .fill(scalar.as_mut_slice())
            .map_err(ImportError::Provider)?;
        if let Ok(key) = SecretKey::from_slice(scalar.as_slice()) {
            return pair(&key);
        }
    }
    Err(ImportError::Provider(CryptoError::Random))
}

/// The public point is computed; where the key brings one, `p256` has compared it.
pub(super) fn from_pkcs8(der: &[u8]) -> Result<KeyPair, ImportError> {
    let info = pkcs8::PrivateKeyInfoRef::try_from(der).map_err(|_| ImportError::Pkcs8)?;
    let p256 = p256::pkcs8::ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    if info.algorithm.parameters_oid() != Ok(p256) {
        return Err(ImportError::Type);
    }
    pair(&SecretKey::from_pkcs8_der(der).map_err(|_| ImportError::Inconsistent)?)
}

pub(super) fn from_numbers(x: &[u8], y: &[u8], d: &[u8]) -> Result<KeyPair, ImportError> {
    let key = SecretKey::from_slice(d).map_err(|_| ImportError::Inconsistent)?;
    let pair = pair(&key)?;
    match &pair.public {
        PublicKey::EcP256 {
            x: ours_x,
            y: ours_y,
        } if ours_x == x && ours_y == y => Ok(pair),
        PublicKey::EcP256 { .. } | PublicKey::Rsa { .. } => Err(ImportError::Inconsistent),
    }
}

fn pair(key: &SecretKey) -> Result<KeyPair, ImportError> {
    let point = key.public_key().to_sec1_point(false);
    let (Some(x), Some(y)) = (point.x(), point.y()) else {
        return Err(ImportError::Inconsistent);
    };
    let der = key.to_pkcs8_der().map_err(|_| ImportError::Inconsistent)?;
    Ok(KeyPair {
        public: PublicKey::EcP256 {
            x: x.to_vec(),
            y: y.to_vec(),
        },
        private: SecretBytes::new(der.as_bytes().to_vec()),
    })
}
