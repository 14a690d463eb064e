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
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `error`, `files`, `clock`: what can go wrong, how files are written, what time it is;
//! - `audit`, `busy`, `core`, `driver`: records, and how the machines that decide over them are driven;
//! - `audit_chain`, `key_files`: the audit of all tenants, and sealed keys;
//! - `directory`, `vaults`: who owns what and who may do what; who keeps keys;
//! - `lease`, `local_folder`, `store`: the data, under keys in memory that are proved again and again;
//! - `resource`: what stores customer data, and everything that it rests on;
//! - `operator`, `maintenance`: what a principal asks, and what time makes due;
//! - `installation`, `strongroom`: one data folder, made and opened.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod audit;
mod audit_chain;
mod busy;
mod clock;
mod core;
mod directory;
mod driver;
#[cfg(test)]
mod earlier;
mod error;
mod files;
#[cfg(test)]
mod fresh;
mod installation;
mod key_files;
mod lease;
mod local_folder;
mod maintenance;
mod operator;
mod resource;
mod store;
mod strongroom;
mod vaults;

pub use crate::audit::{AuditRecord, AuditResult, Caller, OnBehalfOf, Operation};
pub use crate::audit_chain::{Audited, VerifiedAudit};
pub use crate::clock::SystemClock;
pub use crate::error::{Error, FolderError, InstallationError, OutOfReach, Trouble};
#[cfg(feature = "fault-injection")]
#[cfg_attr(docsrs, doc(cfg(feature = "fault-injection")))]
pub use crate::installation::Faults;
pub use crate::installation::{
    InitOptions, InstallationView, Options, Relocation, RootKeySource, UnknownRootKeySource,
};
#[cfg(feature = "fault-injection")]
#[cfg_attr(docsrs, doc(cfg(feature = "fault-injection")))]
pub use crate::lease::Danger;
pub use crate::lease::{InvalidLease, LeaseSettings, LeaseTerm, LeaseTooShort};
pub use crate::local_folder::Unlistable;
pub use crate::maintenance::{Maintained, Maintenance, MaintenanceLimit, MaintenanceTask};
pub use crate::operator::{
    GroupView, KeyCensus, NewKey, NewPrincipal, NewVault, Operator, PrincipalView,
    RoleAssignmentView, SubscriptionView, TenantView, VersionInUse,
};
pub use crate::resource::{
    ChangeView, EncryptionView, Explanation, IdentityView, KeySource, NewResource, Obstacle,
    OnTheWay, Probe, ResourceChange, ResourceHandle, ResourceState, ResourceView,
};
pub use crate::store::{Checked, Depth, EncryptedStore, Seen};
pub use crate::strongroom::{ExportedKey, Strongroom};
pub use crate::vaults::{
    FactSettings, KeyInfo, KeyVersionInfo, LifeInfo, OutsideVault, VaultBudget, VaultInfo,
};
#[cfg(feature = "aws-lc-rs")]
pub use strongroom_crypto::aws_lc_rs;
#[cfg(all(feature = "aws-lc-rs", feature = "ring"))]
pub use strongroom_crypto::fastest;
pub use strongroom_crypto::object::BindingMode;
#[cfg(feature = "ring")]
pub use strongroom_crypto::ring;
pub use strongroom_crypto::{Provider, RsaKeySize, SecretBytes, WrapAlgorithm};
pub use strongroom_identity::{
    AppId, DisplayName, GroupUid, InvalidDisplayName, PrincipalKind, PrincipalLife, Role, Scope,
    SubscriptionState, UnknownRole, UnknownScope, VaultUid,
};
pub use strongroom_resource::{
    Capability, ChangeKind, Inaccessible, Reason, Refusal, Report, Tier, UnknownTier,
};
pub use strongroom_vault::key::{
    AttributeChange as VersionChange, InvalidRotationPolicy, RotateWhen, RotationPolicy, TimeChange,
};
pub use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, Grant, Grantee, InvalidRetention, PolicyEntry,
    RetentionDays, VaultUpdate,
};
pub use strongroom_vault::{
    KeyId, KeyName, KeyOperation, KeyPermission, KeySpec, KeyVersion, KeyVersionId, PublicKey,
    UnknownWord, VaultAddress, VaultName, Wrapped,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
