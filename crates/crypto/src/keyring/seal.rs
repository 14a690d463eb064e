//! An older generation under the next newer (F53).

use strongroom_base::ResourceUid;
use zeroize::Zeroizing;

use super::WrappedKey;
use crate::encoding::encode;
use crate::object::Generation;
use crate::{CryptoError, KEY_LEN, Provider, ResourceKey};

const KEY_LABEL: &[u8] = b"strongroom/keyring/older/key/1";
const SEAL_LABEL: &[u8] = b"strongroom/keyring/older/seal/1";

/// One step of the chain: which resource, which generation, under which.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) uid: ResourceUid,
    pub(super) older: Generation,
    pub(super) newer: Generation,
}

impl Link {
    pub(super) fn seal(
        self,
        provider: &Provider,
        older: &ResourceKey,
        newer: &ResourceKey,
    ) -> Result<WrappedKey, CryptoError> {
        let key = self.key(provider, newer)?;
        provider
            .aead
            .seal_with_random_nonce(&key, &self.encode(SEAL_LABEL), older.expose())
            .map(WrappedKey::new)
    }

    pub(super) fn open(
        self,
        provider: &Provider,
        sealed: &WrappedKey,
        newer: &ResourceKey,
    ) -> Result<ResourceKey, CryptoError> {
        let key = self.key(provider, newer)?;
        let aad = self.encode(SEAL_LABEL);
        let older = provider
            .aead
            .open_with_random_nonce(&key, &aad, sealed.as_bytes())?;
        ResourceKey::from_secret(&older)
    }

    /// A key of its own, so that the resource key itself only ever enters HKDF-Expand.
    fn key(
        self,
        provider: &Provider,
        newer: &ResourceKey,
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, CryptoError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        provider
            .hkdf
            .prk(newer.expose())
            .expand(&[&self.encode(KEY_LABEL)], key.as_mut_slice())?;
        Ok(key)
    }

    fn encode(self, label: &[u8]) -> Vec<u8> {
        let Self { uid, older, newer } = self;
        encode(&[
            label,
            uid.as_bytes(),
            &older.number().to_be_bytes(),
            &newer.number().to_be_bytes(),
        ])
    }
}
