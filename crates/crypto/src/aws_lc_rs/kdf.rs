//! HKDF-SHA-512 and HMAC-SHA-256.

use ::aws_lc_rs::{
    hkdf::{self, HKDF_SHA512},
    hmac::{self, HMAC_SHA256},
};
use subtle::ConstantTimeEq;

use super::random::FIPS;
use crate::{CryptoError, Hkdf, Hmac, HmacKey, KEY_LEN, MAC_LEN, Prk};

#[derive(Debug)]
pub(super) struct HkdfSha512;

impl Hkdf for HkdfSha512 {
    fn extract(&self, salt: &[u8], ikm: &[u8]) -> Box<dyn Prk> {
        Box::new(Expander(hkdf::Salt::new(HKDF_SHA512, salt).extract(ikm)))
    }

    fn prk(&self, key: &[u8; KEY_LEN]) -> Box<dyn Prk> {
        Box::new(Expander(hkdf::Prk::new_less_safe(HKDF_SHA512, key)))
    }

    fn fips(&self) -> bool {
        FIPS
    }
}

struct Expander(hkdf::Prk);

impl Prk for Expander {
    fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), CryptoError> {
        self.0
            .expand(info, OutputLen(out.len()))
            .and_then(|okm| okm.fill(out))
            .map_err(|_| CryptoError::Length)
    }
}

struct OutputLen(usize);

impl hkdf::KeyType for OutputLen {
    fn len(&self) -> usize {
        self.0
    }
}

#[derive(Debug)]
pub(super) struct HmacSha256;

impl Hmac for HmacSha256 {
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn HmacKey> {
        Box::new(Key(hmac::Key::new(HMAC_SHA256, key)))
    }

    fn fips(&self) -> bool {
        FIPS
    }
}

struct Key(hmac::Key);

impl Key {
    fn sign(&self, message: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in message {
            context.update(part);
        }
        context.sign()
    }
}

impl HmacKey for Key {
    fn tag(&self, message: &[&[u8]]) -> [u8; MAC_LEN] {
        let mut tag = [0; MAC_LEN];
        tag.copy_from_slice(self.sign(message).as_ref());
        tag
    }

    fn verify(&self, message: &[&[u8]], tag: &[u8; MAC_LEN]) -> bool {
        self.sign(message).as_ref().ct_eq(tag).into()
    }
}
