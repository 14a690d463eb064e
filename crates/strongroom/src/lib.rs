//! Strongroom's facade: an installation, its resources, and the object store that applications use.
//!
//! ```
//! # async fn example(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
//! use object_store::{ObjectStoreExt, path::Path};
//! use strongroom::{InitOptions, NewResource, Options, Strongroom};
//!
//! let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
//! let view = Strongroom::init(folder, InitOptions::default(), &options).await?;
//! let room = Strongroom::open(folder, &options).await?;
//! let notes = room.create_resource(NewResource::new("notes".parse()?, view.region)).await?;
//!
//! // From here on it is an ordinary object store.
//! let store = notes.store().await?;
//! store.put(&Path::from("greeting"), "hello".into()).await?;
//! assert_eq!(store.get(&Path::from("greeting")).await?.bytes().await?, "hello");
//! room.close().await?;
//! # Ok(())
//! # }
//! # let folder = tempfile::tempdir()?;
//! # tokio::runtime::Runtime::new()?.block_on(example(&folder.path().join("data")))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod audit;
mod audit_chain;
mod clock;
mod core;
mod directory;
mod error;
mod installation;
mod lease;
mod local_folder;
mod resource;
mod service_keys;
mod store;
mod strongroom;

pub use crate::audit::{AuditRecord, AuditResult, Caller, Operation};
pub use crate::audit_chain::{Audited, VerifiedAudit};
pub use crate::clock::SystemClock;
pub use crate::error::Error;
pub use crate::installation::{
    InitOptions, InstallationError, InstallationView, Options, RootKeySource, UnknownRootKeySource,
};
pub use crate::resource::{
    Capability, EncryptionView, NewResource, Refusal, ResourceHandle, ResourceState, ResourceView,
    Tier, UnknownTier,
};
pub use crate::store::{EncryptedStore, Unlistable};
pub use crate::strongroom::{ExportedKey, Strongroom};
pub use strongroom_crypto::Provider;
#[cfg(feature = "aws-lc-rs")]
pub use strongroom_crypto::aws_lc_rs;
pub use strongroom_crypto::object::BindingMode;
#[cfg(feature = "ring")]
pub use strongroom_crypto::ring;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
