//! Service-managed keys (R4): sealed under the root key, and wrapping resource keys.

use std::ops::RangeInclusive;

use strongroom_base::ResourceUid;

use crate::encoding::{encode, join};
use crate::object::Generation;
use crate::sealed::{HEAD_LEN, SEALING_LEN, head, sealed_errors, sealed_types};
use crate::{
    CryptoError, KEY_LEN, Provider, ResourceKey, RootKeyId, RootKeys, ServiceKeyId,
    ServiceManagedKey,
};

const MAGIC: [u8; 8] = *b"\x93STRSKEY";
const SEALED_KEY_LEN: usize = KEY_LEN + SEALING_LEN;
/// Bytes of a sealed service-managed key: magic, version, two ids, and the sealed key.
pub const SEALED_SERVICE_KEY_LEN: usize = HEAD_LEN + SEALED_KEY_LEN;
const LENGTHS: RangeInclusive<usize> = SEALED_SERVICE_KEY_LEN..=SEALED_SERVICE_KEY_LEN;

const SEAL: &[u8] = b"strongroom/service-key/seal/1";
const WRAP: &[u8] = b"strongroom/service-key/wrap/1";

sealed_types! {
    /// A service-managed key, sealed under a root key that it names (F40).
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    SealedServiceKey([u8; SEALED_KEY_LEN]) =
        MAGIC, LENGTHS, ServiceKeyError::OtherServiceKey;
    /// The key that it is.
    service_key: ServiceKeyId;
}

sealed_errors! {
    /// A sealed service-managed key that could not be opened.
    ServiceKeyError = "sealed service-managed key",
        LENGTHS, "MalformedServiceKey";
    OtherServiceKey(ServiceKeyId) = "service-managed key", "OtherServiceKey";
}

impl SealedServiceKey {
    /// The bytes as they are stored.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SEALED_SERVICE_KEY_LEN] {
        let head = head(MAGIC, self.root, self.id.as_bytes());
        join(&[&head, &self.sealed])
    }
}

impl RootKeys {
    /// Seals a service-managed key for one resource. The nonce is drawn by the provider.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn seal_service_key(
        &self,
        uid: ResourceUid,
        id: ServiceKeyId,
        key: &ServiceManagedKey,
    ) -> Result<SealedServiceKey, CryptoError> {
        let sealed = self.provider().aead.seal_with_random_nonce(
            &*self.service_key_seal(uid)?,
            &seal_aad(self.id(), uid, id),
            key.expose(),
        )?;
        Ok(SealedServiceKey {
            root: self.id(),
            id,
            sealed: sealed.try_into().map_err(|_| CryptoError::Length)?,
        })
    }

    /// Opens a service-managed key of one resource.
    ///
    /// # Errors
    /// [`ServiceKeyError::OtherRootKey`] or [`ServiceKeyError::OtherServiceKey`] if it names another,
    /// [`ServiceKeyError::Crypto`] if it does not authenticate as this key of this resource.
    pub fn open_service_key(
        &self,
        uid: ResourceUid,
        id: ServiceKeyId,
        sealed: &SealedServiceKey,
    ) -> Result<ServiceManagedKey, ServiceKeyError> {
        sealed.check(self.id(), id)?;
        let key = self.provider().aead.open_with_random_nonce(
            &*self.service_key_seal(uid)?,
            &seal_aad(self.id(), uid, id),
            &sealed.sealed,
        )?;
        Ok(ServiceManagedKey::from_secret(&key)?)
    }
}

impl ServiceManagedKey {
    /// Wraps one generation of a resource key (F42): AES-256-GCM, bound to the resource and the
    /// generation. The nonce is drawn by the provider.
    ///
    /// # Errors
    /// A [`CryptoError`] if the provider fails.
    pub fn wrap_resource_key(
        &self,
        provider: &Provider,
        uid: ResourceUid,
        generation: Generation,
        key: &ResourceKey,
    ) -> Result<Vec<u8>, CryptoError> {
        let aad = wrap_aad(uid, generation);
        provider
            .aead
            .seal_with_random_nonce(self.expose(), &aad, key.expose())
    }

    /// Unwraps one generation of a resource key.
    ///
    /// # Errors
    /// [`CryptoError::Authentication`] if it is not the one that was wrapped under this key for this
    /// resource and generation.
    pub fn unwrap_resource_key(
        &self,
        provider: &Provider,
        uid: ResourceUid,
        generation: Generation,
        wrapped: &[u8],
    ) -> Result<ResourceKey, CryptoError> {
        let aad = wrap_aad(uid, generation);
        let key = provider
            .aead
            .open_with_random_nonce(self.expose(), &aad, wrapped)?;
        ResourceKey::from_secret(&key)
    }
}

fn seal_aad(root: RootKeyId, uid: ResourceUid, id: ServiceKeyId) -> Vec<u8> {
    encode(&[SEAL, root.as_bytes(), uid.as_bytes(), id.as_bytes()])
}

fn wrap_aad(uid: ResourceUid, generation: Generation) -> Vec<u8> {
    encode(&[WRAP, uid.as_bytes(), &generation.number().to_be_bytes()])
}
