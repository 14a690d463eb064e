//! AES-256-GCM.

use std::mem;

use ::ring::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use zeroize::Zeroizing;

use super::random::SystemRandom;
use crate::{
    Aead, CryptoError, KEY_LEN, NONCE_LEN, Nonce, OpeningKey, SealingKey, SecretBytes,
    SecureRandom, TAG_LEN, Tag,
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
        let mut key = Key::new(key)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom.fill(&mut nonce)?;
        // Allocated once, and wiped if sealing fails: it holds the plaintext until then.
        let mut sealed = Zeroizing::new(Vec::with_capacity(NONCE_LEN + plaintext.len() + TAG_LEN));
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, in_out) = sealed.split_at_mut(NONCE_LEN);
        let tag = key.seal(nonce, aad, in_out)?;
        sealed.extend_from_slice(&tag);
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
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        Key::new(key)?.open(*nonce, aad, &mut plaintext, tag)?;
        Ok(SecretBytes::new(mem::take(&mut *plaintext)))
    }

    fn fips(&self) -> bool {
        false
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
        match self.0.open_in_place_separate_tag(
            nonce_of(nonce),
            Aad::from(aad),
            (*tag).into(),
            in_out,
            0..,
        ) {
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
        if ciphertext.len() != plaintext.len() {
            return Err(CryptoError::Authentication);
        }
        // ring opens in place only. The copy is of one chunk, and warms the cache for its opening.
        plaintext.copy_from_slice(ciphertext);
        self.open(nonce, aad, plaintext, tag)
    }
}

fn nonce_of(nonce: Nonce) -> ::ring::aead::Nonce {
    ::ring::aead::Nonce::assume_unique_for_key(nonce)
}
