//! Strongroom's cryptographic core: the provider seam, secret types, key wrapping and sealed
//! objects. It knows no files, sockets, async or clock.
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `error`, `encoding`, `random`, `secret`: what can fail, how fields are joined, and keys in memory;
//! - `provider`, `ring`, `aws_lc_rs`, `fastest`: the seam, and what stands behind it;
//! - `cobblestone`, `object`: sealed messages, and sealed objects;
//! - `id`, `sealed`, `keyring`, `root`, `key_material`, `service_key`: keys that seal keys.
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
mod random;
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
    RsaKeySize, RsaPrivateKey, RsaPublicKey, SealingKey, TAG_LEN, Tag, WrapAlgorithm,
};
pub use random::SecureRandom;
pub use root::{RootKeyText, RootKeyTextError, RootKeys};
pub use secret::{KEY_LEN, ResourceKey, RootKey, SecretBytes, ServiceManagedKey};
pub use service_key::{SEALED_SERVICE_KEY_LEN, SealedServiceKey, ServiceKeyError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
