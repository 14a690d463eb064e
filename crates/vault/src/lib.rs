//! Vaults as pure machines, and the trait that every vault answers.
//!
//! This room holds vaults with their access policies and firewall, keys with their versions, soft
//! delete and rotation; the [`KeyVault`] trait; and the software vault that implements it over a
//! seam to its state. It never reads a clock, draws a random number, or does I/O: times, ids and
//! key material arrive in commands, and private material is somewhere else, by reference.
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `encoding`, `id`, `name`, `permission`, `material`, `address`, `caller`: names, who asks, and for what;
//! - `denial`, `advice`, `error`, `settings`: the no, what would turn it into a yes, and how a vault judges;
//! - `provider`: the traits that every vault answers;
//! - `vault`, `access`, `key`: the machines, and whether a vault lets a caller in;
//! - `import`, `software`, `conformance`: key material from outside, the software vault, and what every vault is
//!   held to.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod address;
pub mod advice;
mod caller;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
mod denial;
mod encoding;
mod error;
mod id;
pub mod import;
pub mod key;
mod material;
mod name;
mod permission;
mod provider;
#[cfg(test)]
mod samples;
mod settings;
pub mod software;
#[cfg(test)]
mod table;
pub mod vault;

pub use access::VaultView;
pub use address::{
    EMBEDDED_SUFFIX, InvalidKeyId, InvalidSuffix, KeyId, KeyVersionId, VaultAddress, VaultSuffix,
    VaultSuffixes,
};
pub use advice::Party;
pub use caller::{Asker, Caller, Origin, Standing};
pub use denial::Denial;
pub use error::{Unavailable, VaultError};
pub use id::{KeyVersion, OpId};
pub use material::{KeySpec, KeyType, PublicKey};
pub use name::{InvalidName, KeyName, VaultName};
pub use permission::{KeyOperation, KeyPermission, UnknownWord};
pub use provider::{KeyProperties, KeyVault, VaultDirectory, VaultProperties, Wrapped};
pub use strongroom_base::{InvalidId, MaterialRef, SchemaV1};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
