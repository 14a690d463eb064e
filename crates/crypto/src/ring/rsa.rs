//! RSA-OAEP, by the crate `rsa`: constant-time arithmetic, every private operation blinded.

use std::fmt;

use ::rsa::{
    BoxedUint, Error, PrivateKey, PublicKey,
    pkcs1::{self, EncodeRsaPrivateKey, RsaPrivateKeyRef},
    pkcs8::{EncodePrivateKey, PrivateKeyInfoRef},
    rand_core::{TryCryptoRng, TryRng},
    traits::PublicKeyParts,
};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::random::SystemRandom;
use crate::{
    CryptoError, KeyTransport, RsaKeySize, RsaPrivateKey, RsaPublicKey, SecretBytes, SecureRandom,
    WrapAlgorithm, provider::without_leading_zeros,
};

/// The longest public exponent that any library takes is of 33 bits.
const MAX_EXPONENT_LEN: usize = 5;

#[derive(Debug)]
pub(super) struct RsaOaep;

impl KeyTransport for RsaOaep {
    fn generate(&self, size: RsaKeySize) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        let key =
            PrivateKey::new(&mut SystemRandom, size.bits()).map_err(|_| CryptoError::Random)?;
        Ok(Box::new(Private::new(key)?))
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        let info = PrivateKeyInfoRef::try_from(pkcs8).map_err(|_| CryptoError::Key)?;
        // A key of the PSS identifier is for signatures alone; a public key beside it is not checked.
        if info.algorithm.oid != pkcs1::ALGORITHM_OID || info.public_key.is_some() {
            return Err(CryptoError::Key);
        }
        // Before any arithmetic, so that no key of a thousand kilobits keeps us busy.
        let given = info.private_key.as_bytes();
        let numbers = RsaPrivateKeyRef::try_from(given).map_err(|_| CryptoError::Key)?;
        RsaKeySize::of_modulus(numbers.modulus.as_bytes()).ok_or(CryptoError::Key)?;

        let key = PrivateKey::try_from(info).map_err(|_| CryptoError::Key)?;
        // `rsa` computes the CRT numbers anew and never looks at the given ones. DER is canonical, so
        // they are consistent if and only if the key is written as it was read.
        let ours = key.to_pkcs1_der().map_err(|_| CryptoError::Key)?;
        if !bool::from(ours.as_bytes().ct_eq(given)) {
            return Err(CryptoError::Key);
        }
        Ok(Box::new(Private::new(key)?))
    }

    fn public_key(&self, n: &[u8], e: &[u8]) -> Result<Box<dyn RsaPublicKey>, CryptoError> {
        let size = RsaKeySize::of_modulus(n).ok_or(CryptoError::Key)?;
        let n = without_leading_zeros(n);
        let e = without_leading_zeros(e);
        if e.is_empty() || e.len() > MAX_EXPONENT_LEN {
            return Err(CryptoError::Key);
        }
        let key = PublicKey::new_with_size_limits(
            BoxedUint::from_be_slice_vartime(n),
            BoxedUint::from_be_slice_vartime(e),
            size.bits()..=size.bits(),
        )
        .map_err(|_| CryptoError::Key)?;
        Ok(Box::new(Public::new(key)?))
    }

    fn fips(&self) -> bool {
        false
    }
}

struct Public {
    key: PublicKey,
    size: RsaKeySize,
    n: Box<[u8]>,
    e: Box<[u8]>,
}

impl Public {
    fn new(key: PublicKey) -> Result<Self, CryptoError> {
        let n = key.n_bytes();
        Ok(Self {
            size: RsaKeySize::of_modulus(&n).ok_or(CryptoError::Key)?,
            e: key.e_bytes(),
            n,
            key,
        })
    }
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl RsaPublicKey for Public {
    fn size(&self) -> RsaKeySize {
        self.size
    }

    fn n(&self) -> &[u8] {
        &self.n
    }

    fn e(&self) -> &[u8] {
        &self.e
    }

    fn wrap(&self, algorithm: WrapAlgorithm, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if plaintext.len() > algorithm.max_plaintext(self.size) {
            return Err(CryptoError::Length);
        }
        let wrapped = match algorithm {
            WrapAlgorithm::RsaOaep => self
                .key
                .oaep_encrypt_with_rng::<Sha1, _>(&mut SystemRandom, plaintext),
            WrapAlgorithm::RsaOaep256 => self
                .key
                .oaep_encrypt_with_rng::<Sha256, _>(&mut SystemRandom, plaintext),
        };
        // The key and the length are sound: what is left is the seed.
        wrapped.map_err(|_| CryptoError::Random)
    }
}

struct Private {
    key: PrivateKey,
    public: Public,
}

impl Private {
    fn new(key: PrivateKey) -> Result<Self, CryptoError> {
        Ok(Self {
            public: Public::new(key.to_public_key())?,
            key,
        })
    }
}

impl RsaPrivateKey for Private {
    fn public_key(&self) -> &dyn RsaPublicKey {
        &self.public
    }

    fn unwrap(&self, algorithm: WrapAlgorithm, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        // With a random source named, the operation is blinded.
        let plaintext = match algorithm {
            WrapAlgorithm::RsaOaep => self
                .key
                .oaep_decrypt_with_rng::<Sha1, _>(&mut SystemRandom, wrapped),
            WrapAlgorithm::RsaOaep256 => self
                .key
                .oaep_decrypt_with_rng::<Sha256, _>(&mut SystemRandom, wrapped),
        };
        plaintext
            .map(SecretBytes::new)
            .map_err(|error| match error {
                // The blinding, which does not depend on `wrapped`.
                Error::Rng => CryptoError::Random,
                _ => CryptoError::Authentication,
            })
    }

    fn to_pkcs8(&self) -> Result<SecretBytes, CryptoError> {
        let der = self.key.to_pkcs8_der().map_err(|_| CryptoError::Key)?;
        Ok(SecretBytes::new(der.as_bytes().to_vec()))
    }
}

impl TryRng for SystemRandom {
    type Error = CryptoError;

    fn try_next_u32(&mut self) -> Result<u32, CryptoError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, CryptoError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        self.fill(out)
    }
}

impl TryCryptoRng for SystemRandom {}
