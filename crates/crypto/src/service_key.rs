//! Service-managed keys (R4): sealed under the root key, and wrapping resource keys.

use std::fmt;

use strongroom_base::{Outcome, OutcomeKind, ResourceUid, Retry};

use crate::encoding::encode;
use crate::object::Generation;
use crate::{
    CryptoError, KEY_LEN, NONCE_LEN, Provider, ResourceKey, RootKeyId, RootKeys, ServiceKeyId,
    ServiceManagedKey, TAG_LEN,
};

const MAGIC: [u8; 8] = *b"\x93STRSKEY";
const VERSION: u8 = 1;
/// Nonce, key and tag.
const SEALED_KEY_LEN: usize = NONCE_LEN + KEY_LEN + TAG_LEN;
/// Bytes of a sealed service-managed key: magic, version, two ids, and the sealed key.
pub const SEALED_SERVICE_KEY_LEN: usize = 8 + 1 + 16 + 16 + SEALED_KEY_LEN;

const SEAL: &[u8] = b"strongroom/service-key/seal/1";
const WRAP: &[u8] = b"strongroom/service-key/wrap/1";

/// A service-managed key, sealed under a root key that it names (F40).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealedServiceKey {
    root: RootKeyId,
    key: ServiceKeyId,
    sealed: [u8; SEALED_KEY_LEN],
}

impl SealedServiceKey {
    /// The root key that it is sealed under.
    #[must_use]
    pub fn root_key(&self) -> RootKeyId {
        self.root
    }

    /// The key that it is.
    #[must_use]
    pub fn service_key(&self) -> ServiceKeyId {
        self.key
    }

    /// The bytes as they are stored.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SEALED_SERVICE_KEY_LEN] {
        let Self { root, key, sealed } = self;
        let mut out = [0; SEALED_SERVICE_KEY_LEN];
        let parts: [&[u8]; 5] = [&MAGIC, &[VERSION], root.as_bytes(), key.as_bytes(), sealed];
        for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        out
    }

    /// Reads the bytes as they are stored. Nothing is authenticated yet.
    ///
    /// # Errors
    /// [`ServiceKeyError::Malformed`] or [`ServiceKeyError::UnknownVersion`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ServiceKeyError> {
        let malformed = || ServiceKeyError::Malformed {
            length: bytes.len(),
        };
        let rest = bytes.strip_prefix(&MAGIC).ok_or_else(malformed)?;
        let (&[version], rest) = rest.split_first_chunk().ok_or_else(malformed)?;
        if version != VERSION {
            return Err(ServiceKeyError::UnknownVersion(version));
        }
        let (root, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
        let (key, sealed) = rest.split_first_chunk().ok_or_else(malformed)?;
        Ok(Self {
            root: RootKeyId::from_bytes(*root),
            key: ServiceKeyId::from_bytes(*key),
            sealed: sealed.try_into().map_err(|_| malformed())?,
        })
    }
}

impl fmt::Debug for SealedServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedServiceKey")
            .field("root", &self.root)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A sealed service-managed key that could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceKeyError {
    /// Not the bytes of a sealed service-managed key.
    #[error(
        "{length} bytes are not a sealed service-managed key: it has {SEALED_SERVICE_KEY_LEN} and \
         begins with its magic bytes"
    )]
    Malformed {
        /// How many bytes there are.
        length: usize,
    },
    /// A version that is not known.
    #[error("sealed key version {0} is not known here (1 is): a newer version may have written it")]
    UnknownVersion(u8),
    /// Sealed under another root key than the present one.
    #[error("the key is sealed under root key {sealed_under}, the present root key is {present}")]
    OtherRootKey {
        /// The root key that it names.
        sealed_under: RootKeyId,
        /// The root key that was tried.
        present: RootKeyId,
    },
    /// It does not authenticate, or the provider failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Outcome for ServiceKeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "MalformedServiceKey",
            Self::UnknownVersion(_) => "UnknownFormat",
            Self::OtherRootKey { .. } => "OtherRootKey",
            Self::Crypto(error) => error.code(),
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Malformed { .. } | Self::UnknownVersion(_) => OutcomeKind::Damaged,
            // The installation was started with another root key.
            Self::OtherRootKey { .. } => OutcomeKind::BadInput,
            Self::Crypto(error) => error.kind(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Malformed { .. } => Retry::Never,
            Self::UnknownVersion(_) | Self::OtherRootKey { .. } => Retry::AfterRepair,
            Self::Crypto(error) => error.retry(),
        }
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
            key: id,
            sealed: sealed.try_into().map_err(|_| CryptoError::Length)?,
        })
    }

    /// Opens a service-managed key of one resource.
    ///
    /// # Errors
    /// [`ServiceKeyError::OtherRootKey`] if it names another root key, [`ServiceKeyError::Crypto`] if
    /// it does not authenticate as this key of this resource.
    pub fn open_service_key(
        &self,
        uid: ResourceUid,
        id: ServiceKeyId,
        sealed: &SealedServiceKey,
    ) -> Result<ServiceManagedKey, ServiceKeyError> {
        if sealed.root != self.id() {
            return Err(ServiceKeyError::OtherRootKey {
                sealed_under: sealed.root,
                present: self.id(),
            });
        }
        let key = self.provider().aead.open_with_random_nonce(
            &*self.service_key_seal(uid)?,
            // The id that the caller asked for, so that a blob moved from another key is found.
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

#[cfg(feature = "serde")]
impl serde::Serialize for SealedServiceKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64ct::{Base64, Encoding};
        serializer.serialize_str(&Base64::encode_string(&self.to_bytes()))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SealedServiceKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64ct::{Base64, Encoding};
        use serde::de::Error;
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = Base64::decode_vec(&text)
            .map_err(|_| D::Error::custom("expected standard base64 with padding"))?;
        Self::parse(&bytes).map_err(D::Error::custom)
    }
}
