//! Strongroom's cryptographic core: the provider seam, secret types, key wrapping and sealed
//! objects. It knows no files, sockets, async or clock.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod cobblestone;
mod error;
pub mod object;
mod provider;
mod secret;

pub use error::CryptoError;
pub use provider::{
    Aead, Hkdf, Hmac, HmacKey, KeyTransport, MAC_LEN, NONCE_LEN, Nonce, OpeningKey, Prk, Provider,
    RsaKeySize, RsaPrivateKey, RsaPublicKey, SealingKey, SecureRandom, TAG_LEN, Tag, WrapAlgorithm,
};
pub use secret::{KEY_LEN, ResourceKey, RootKey, SecretBytes, ServiceManagedKey};
