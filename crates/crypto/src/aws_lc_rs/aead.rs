//! AES-256-GCM.

use std::mem;

use ::aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, RandomizedNonceKey, UnboundKey};
use zeroize::Zeroizing;

use super::random::FIPS;
use crate::{
    Aead, CryptoError, KEY_LEN, NONCE_LEN, Nonce, OpeningKey, SealingKey, SecretBytes, TAG_LEN, Tag,
};

#[derive(Debug)]
pub(super) struct Aes256Gcm;

impl Aead for Aes256Gcm {
    fn sealing_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn SealingKey>, CryptoError> {
        Ok(Box::new(Key::new(key)?))
    }

    fn opening_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn OpeningKey>, CryptoError> {
        Ok(Box::new(Key::new(key)?))
    }

    fn seal_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CryptoError::Key)?;
        // Allocated once, and wiped if sealing fails: it holds the plaintext until then.
        let mut sealed = Zeroizing::new(Vec::with_capacity(NONCE_LEN + plaintext.len() + TAG_LEN));
        sealed.extend_from_slice(&[0; NONCE_LEN]);
        sealed.extend_from_slice(plaintext);
        let (nonce_out, in_out) = sealed.split_at_mut(NONCE_LEN);
        let (nonce, tag) = key
            .seal_in_place_separate_tag(Aad::from(aad), in_out)
            .map_err(|_| seal_error(plaintext.len()))?;
        nonce_out.copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(mem::take(&mut *sealed))
    }

    fn open_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        let (nonce, rest) = sealed
            .split_first_chunk()
            .ok_or(CryptoError::Authentication)?;
        let (ciphertext, tag) = rest.split_last_chunk().ok_or(CryptoError::Authentication)?;
        let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
        Key::new(key)?.open_into(*nonce, aad, ciphertext, tag, &mut plaintext)?;
        Ok(SecretBytes::new(mem::take(&mut *plaintext)))
    }

    fn fips(&self) -> bool {
        FIPS
    }
}

/// The library tells nobody why a seal failed; only these two are left.
fn seal_error(plaintext: usize) -> CryptoError {
    // NIST SP 800-38D §5.2.1.1: 2^39 - 256 bits.
    const MAX_PLAINTEXT: u64 = (1 << 36) - 32;
    if u64::try_from(plaintext).is_ok_and(|len| len <= MAX_PLAINTEXT) {
        CryptoError::Random
    } else {
        CryptoError::Length
    }
}

struct Key(LessSafeKey);

impl Key {
    fn new(key: &[u8; KEY_LEN]) -> Result<Self, CryptoError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| CryptoError::Key)?;
        Ok(Self(LessSafeKey::new(key)))
    }
}

impl SealingKey for Key {
    fn seal(&mut self, nonce: Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce_of(nonce), Aad::from(aad), in_out)
            .map_err(|_| CryptoError::Length)?;
        Tag::try_from(tag.as_ref()).map_err(|_| CryptoError::Length)
    }
}

impl OpeningKey for Key {
    fn open(
        &self,
        nonce: Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        match self
            .0
            .open_in_place_separate_tag(nonce_of(nonce), Aad::from(aad), tag, in_out)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(CryptoError::Authentication),
        }
    }

    fn open_into(
        &self,
        nonce: Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0
            .open_separate_gather(nonce_of(nonce), Aad::from(aad), ciphertext, tag, plaintext)
            .map_err(|_| CryptoError::Authentication)
    }
}

fn nonce_of(nonce: Nonce) -> ::aws_lc_rs::aead::Nonce {
    ::aws_lc_rs::aead::Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aes_gcm_could_seal_failed_for_want_of_a_nonce() {
        let longest = usize::try_from((1_u64 << 36) - 32).unwrap();
        for (length, expected) in [
            (0, CryptoError::Random),
            (longest, CryptoError::Random),
            (longest + 1, CryptoError::Length),
        ] {
            assert_eq!(seal_error(length), expected, "{length}");
        }
    }
}
