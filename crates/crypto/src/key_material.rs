//! The private halves of a vault's keys, sealed under the root key (R6).

use std::ops::RangeInclusive;

use strongroom_base::MaterialRef;

use crate::encoding::encode;
use crate::sealed::{HEAD_LEN, SEALING_LEN, head, sealed_errors, sealed_types};
use crate::{CryptoError, RootKeys, SecretBytes};

/// Bytes of the longest private half that is sealed. An RSA key of 4096 bits has about 2,400.
pub const MAX_KEY_MATERIAL_LEN: usize = 8192;

const MAGIC: [u8; 8] = *b"\x93STRKMAT";
const SEAL: &[u8] = b"strongroom/key-material/seal/1";
const LENGTHS: RangeInclusive<usize> =
    HEAD_LEN + SEALING_LEN..=HEAD_LEN + SEALING_LEN + MAX_KEY_MATERIAL_LEN;

sealed_types! {
    /// The private half of one key version, sealed under a root key that it names (F43).
    #[derive(Clone, PartialEq, Eq, Hash)]
    SealedKeyMaterial(Vec<u8>) =
        MAGIC, LENGTHS, KeyMaterialError::OtherKeyMaterial;
    /// The reference by which states know it.
    material: MaterialRef;
}

sealed_errors! {
    /// A sealed private half that could not be opened.
    KeyMaterialError = "sealed private half of a key",
        LENGTHS, "MalformedKeyMaterial";
    OtherKeyMaterial(MaterialRef) = "key material", "OtherKeyMaterial";
}

impl SealedKeyMaterial {
    /// The bytes as they are stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = head(MAGIC, self.root, self.id.as_bytes());
        [head.as_slice(), &self.sealed].concat()
    }
}

impl RootKeys {
    /// Seals the private half of one key version: PKCS#8 in DER. The nonce is drawn by the provider.
    ///
    /// # Errors
    /// [`CryptoError::Length`] beyond [`MAX_KEY_MATERIAL_LEN`], or another [`CryptoError`] if the
    /// provider fails.
    pub fn seal_key_material(
        &self,
        id: MaterialRef,
        pkcs8: &SecretBytes,
    ) -> Result<SealedKeyMaterial, CryptoError> {
        if pkcs8.expose().len() > MAX_KEY_MATERIAL_LEN {
            return Err(CryptoError::Length);
        }
        let sealed = self.provider().aead.seal_with_random_nonce(
            &*self.key_material_seal(id)?,
            &self.material_aad(id),
            pkcs8.expose(),
        )?;
        Ok(SealedKeyMaterial {
            root: self.id(),
            id,
            sealed,
        })
    }

    /// Opens the private half of one key version.
    ///
    /// # Errors
    /// [`KeyMaterialError::OtherRootKey`] or [`KeyMaterialError::OtherKeyMaterial`] if it names another,
    /// [`KeyMaterialError::Crypto`] if it does not authenticate as this key material.
    pub fn open_key_material(
        &self,
        id: MaterialRef,
        sealed: &SealedKeyMaterial,
    ) -> Result<SecretBytes, KeyMaterialError> {
        sealed.check(self.id(), id)?;
        Ok(self.provider().aead.open_with_random_nonce(
            &*self.key_material_seal(id)?,
            &self.material_aad(id),
            &sealed.sealed,
        )?)
    }

    fn material_aad(&self, id: MaterialRef) -> Vec<u8> {
        encode(&[SEAL, &head(MAGIC, self.id(), id.as_bytes())])
    }
}
