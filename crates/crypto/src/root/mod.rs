//! The root key of an installation and what is derived from it.

mod text;

use std::fmt;

use strongroom_base::{MaterialRef, ResourceUid};
use zeroize::Zeroizing;

use crate::encoding::encode;
use crate::keyring::KeyringMac;
use crate::{CryptoError, HmacKey, KEY_LEN, Prk, Provider, RootKey, RootKeyId};

pub use text::{RootKeyText, RootKeyTextError};

/// The salt of the extraction (F30).
const SALT: &[u8] = b"strongroom/root-key/1";
const ID: &[u8] = b"strongroom/root-key/id/1";
const KEYRING_MAC: &[u8] = b"strongroom/root-key/keyring-mac/1";
const AUDIT_CHAIN: &[u8] = b"strongroom/root-key/audit-chain/1";
const STATE_MAC: &[u8] = b"strongroom/root-key/state-mac/1";
const SERVICE_KEY: &[u8] = b"strongroom/root-key/service-key/1";
const KEY_MATERIAL: &[u8] = b"strongroom/root-key/key-material/1";

/// The keys of an installation, derived from its root key (F30–F37), one for each purpose. It does
/// not need the [`RootKey`] afterwards.
pub struct RootKeys {
    provider: Provider,
    prk: Box<dyn Prk>,
    id: RootKeyId,
}

impl RootKeys {
    /// Prepares the derivation.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn derive(provider: &Provider, root: &RootKey) -> Result<Self, CryptoError> {
        let prk = provider.hkdf.extract(SALT, root.expose());
        let mut id = [0; 16];
        prk.expand(&[&encode(&[ID])], &mut id)?;
        Ok(Self {
            provider: *provider,
            prk,
            id: RootKeyId::from_bytes(id),
        })
    }

    /// The public id of the root key.
    #[must_use]
    pub fn id(&self) -> RootKeyId {
        self.id
    }

    /// The key that authenticates the keyring of one resource.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn keyring_mac(&self, uid: ResourceUid) -> Result<KeyringMac, CryptoError> {
        let key = self.key(&[KEYRING_MAC, uid.as_bytes()])?;
        Ok(KeyringMac::new(uid, self.provider.hmac.key(&key)))
    }

    /// The key of the audit chain (R18).
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn audit_chain(&self) -> Result<Box<dyn HmacKey>, CryptoError> {
        Ok(self.provider.hmac.key(&*self.key(&[AUDIT_CHAIN])?))
    }

    /// The key under which the states of an installation are authenticated (F36): whoever can write
    /// the database can then neither make a state nor give one to another aggregate.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn state_mac(&self) -> Result<Box<dyn HmacKey>, CryptoError> {
        Ok(self.provider.hmac.key(&*self.key(&[STATE_MAC])?))
    }

    /// The key that seals the service-managed keys of one resource.
    pub(crate) fn service_key_seal(
        &self,
        uid: ResourceUid,
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, CryptoError> {
        self.key(&[SERVICE_KEY, uid.as_bytes()])
    }

    /// The key that seals one private half of a vault's key (F37).
    pub(crate) fn key_material_seal(
        &self,
        id: MaterialRef,
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, CryptoError> {
        self.key(&[KEY_MATERIAL, id.as_bytes()])
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    fn key(&self, info: &[&[u8]]) -> Result<Zeroizing<[u8; KEY_LEN]>, CryptoError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        self.prk.expand(&[&encode(info)], key.as_mut_slice())?;
        Ok(key)
    }
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKeys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
