//! RSA-OAEP.

use std::{fmt, mem};

use ::aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{
        KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm,
        OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey, PublicKey, PublicKeyComponents,
    },
};
use zeroize::Zeroizing;

use super::random::FIPS;
use crate::{
    CryptoError, KeyTransport, RsaKeySize, RsaPrivateKey, RsaPublicKey, SecretBytes, WrapAlgorithm,
    provider::without_leading_zeros,
};

#[derive(Debug)]
pub(super) struct RsaOaep;

impl KeyTransport for RsaOaep {
    fn generate(&self, size: RsaKeySize) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        let size = match size {
            RsaKeySize::Rsa2048 => KeySize::Rsa2048,
            RsaKeySize::Rsa3072 => KeySize::Rsa3072,
            RsaKeySize::Rsa4096 => KeySize::Rsa4096,
        };
        let key = PrivateDecryptingKey::generate(size).map_err(|_| CryptoError::Random)?;
        Ok(Box::new(Private::new(key)?))
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        // AWS-LC overlooks what follows the key, a wrong version, and takes some other identifiers.
        if !is_rsa_pkcs8(pkcs8) {
            return Err(CryptoError::Key);
        }
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| CryptoError::Key)?;
        Ok(Box::new(Private::new(key)?))
    }

    fn public_key(&self, n: &[u8], e: &[u8]) -> Result<Box<dyn RsaPublicKey>, CryptoError> {
        RsaKeySize::of_modulus(n).ok_or(CryptoError::Key)?;
        let n = without_leading_zeros(n);
        let e = without_leading_zeros(e);
        // Through DER, for only its parser checks the numbers.
        let der = PublicKeyComponents { n, e }
            .as_der()
            .map_err(|_| CryptoError::Key)?;
        Ok(Box::new(Public::from_der(&der)?))
    }

    fn fips(&self) -> bool {
        FIPS
    }
}

struct Public {
    key: OaepPublicEncryptingKey,
    size: RsaKeySize,
    n: Box<[u8]>,
    e: Box<[u8]>,
}

impl Public {
    fn from_der(der: &PublicKeyX509Der<'_>) -> Result<Self, CryptoError> {
        let numbers = PublicKey::from_der(der.as_ref()).map_err(|_| CryptoError::Key)?;
        let n: Box<[u8]> = numbers.modulus().big_endian_without_leading_zero().into();
        let e: Box<[u8]> = numbers.exponent().big_endian_without_leading_zero().into();
        let size = RsaKeySize::of_modulus(&n).ok_or(CryptoError::Key)?;
        let key = PublicEncryptingKey::from_der(der.as_ref()).map_err(|_| CryptoError::Key)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError::Key)?;
        Ok(Self { key, size, n, e })
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
        let mut wrapped = vec![0; self.size.modulus_len()];
        // The key and the length are sound: what is left is the seed.
        let len = self
            .key
            .encrypt(oaep(algorithm), plaintext, &mut wrapped, None)
            .map_err(|_| CryptoError::Random)?
            .len();
        wrapped.truncate(len);
        Ok(wrapped)
    }
}

struct Private {
    key: PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
    public: Public,
}

impl Private {
    fn new(key: PrivateDecryptingKey) -> Result<Self, CryptoError> {
        let public = key.public_key().as_der().map_err(|_| CryptoError::Key)?;
        Ok(Self {
            // A clone shares the same key object of AWS-LC.
            oaep: OaepPrivateDecryptingKey::new(key.clone()).map_err(|_| CryptoError::Key)?,
            public: Public::from_der(&public)?,
            key,
        })
    }
}

impl RsaPrivateKey for Private {
    fn public_key(&self) -> &dyn RsaPublicKey {
        &self.public
    }

    fn unwrap(&self, algorithm: WrapAlgorithm, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        if wrapped.len() != self.public.size.modulus_len() {
            return Err(CryptoError::Authentication);
        }
        let mut plaintext = Zeroizing::new(vec![0; self.oaep.min_output_size()]);
        let len = self
            .oaep
            .decrypt(oaep(algorithm), wrapped, &mut plaintext, None)
            .map_err(|_| CryptoError::Authentication)?
            .len();
        plaintext.truncate(len);
        Ok(SecretBytes::new(mem::take(&mut *plaintext)))
    }

    fn to_pkcs8(&self) -> Result<SecretBytes, CryptoError> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().map_err(|_| CryptoError::Key)?;
        Ok(SecretBytes::new(der.as_ref().to_vec()))
    }
}

fn oaep(algorithm: WrapAlgorithm) -> &'static OaepAlgorithm {
    match algorithm {
        WrapAlgorithm::RsaOaep => &OAEP_SHA1_MGF1SHA1,
        WrapAlgorithm::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
    }
}

/// Whether the bytes are one element of DER to their end (X.690 §8.1.3), which begins as PKCS#8 of an
/// RSA key does.
fn is_rsa_pkcs8(der: &[u8]) -> bool {
    // Version 0, and rsaEncryption with its NULL (RFC 8017 appendix A.1).
    const HEAD: &[u8] = &[
        0x02, 1, 0, 0x30, 13, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0,
    ];
    // Every key of a size that the seam takes has a length of two octets.
    let Some(([0x30, 0x82, high, low], content)) = der.split_first_chunk() else {
        return false;
    };
    content.len() == usize::from(u16::from_be_bytes([*high, *low])) && content.starts_with(HEAD)
}
