//! Strongroom's cryptographic core: the provider seam, secret types, key wrapping and sealed
//! objects. It knows no files, sockets, async or clock.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "aws-lc-rs")]
pub mod aws_lc_rs;
pub mod cobblestone;
mod encoding;
mod error;
#[cfg(all(feature = "aws-lc-rs", feature = "ring"))]
pub mod fastest;
mod id;
mod key_material;
pub mod keyring;
pub mod object;
mod provider;
#[cfg(feature = "ring")]
pub mod ring;
mod root;
mod sealed;
mod secret;
mod service_key;

pub use error::CryptoError;
pub use id::{InvalidKeyId, RootKeyId, ServiceKeyId};
pub use key_material::{KeyMaterialError, MAX_KEY_MATERIAL_LEN, SealedKeyMaterial};
pub use provider::{
    Aead, Hkdf, Hmac, HmacKey, KeyTransport, MAC_LEN, NONCE_LEN, Nonce, OpeningKey, Prk, Provider,
    RsaKeySize, RsaPrivateKey, RsaPublicKey, SealingKey, SecureRandom, TAG_LEN, Tag, WrapAlgorithm,
};
pub use root::{RootKeyText, RootKeyTextError, RootKeys};
pub use secret::{KEY_LEN, ResourceKey, RootKey, SecretBytes, ServiceManagedKey};
pub use service_key::{SEALED_SERVICE_KEY_LEN, SealedServiceKey, ServiceKeyError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
