//! Durable, versioned, indexed and audited records.
//!
//! This room keeps bytes under names: it knows no domain type and no cryptography. Every record
//! ([`AggregateId`]) has a [`Version`]; a [`Commit`] writes records with their index rows and audit
//! entries, and only if everything it was decided from still has the version that was read. The
//! audit is a chain whose tags are made by a [`ChainKey`] that the caller hands in. Time is always
//! handed in, too.
//!
//! [`Ledger`] is the trait, [`sqlite::SqliteLedger`] implements it on one file that several processes
//! may share, and [`key_file`] keeps erasable secrets in a file of their own.
//!
//! ```
//! use std::sync::Arc;
//! use strongroom_base::Timestamp;
//! use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
//! use strongroom_ledger::{AggregateId, ChainKey, Commit, Ledger, LedgerError, Version};
//!
//! #[derive(Debug)]
//! struct Hmac(ring::hmac::Key);
//! impl ChainKey for Hmac {
//!     fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
//!         let mut context = ring::hmac::Context::with_key(&self.0);
//!         message.iter().for_each(|part| context.update(part));
//!         let mut tag = [0; 32];
//!         tag.copy_from_slice(context.sign().as_ref());
//!         tag
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("ledger.db");
//! let key = Arc::new(Hmac(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32])));
//! let ledger = SqliteLedger::open(&path, key, SqliteOptions::new().create(true)).await?;
//! let now = Timestamp::from_unix_millis(1_700_000_000_000);
//!
//! let id = AggregateId::new("resource", "5f3a")?;
//! let created = ledger.commit(Commit::put(&id, Version::ABSENT, "first"), now).await?;
//! assert_eq!(ledger.load(&id).await?.unwrap().state, "first");
//!
//! // Whoever decided from the absent record is told what is there by now.
//! let late = ledger.commit(Commit::put(&id, Version::ABSENT, "second"), now).await;
//! assert!(matches!(late, Err(LedgerError::Conflict { found, .. }) if Some(found) == created.version()));
//! # ledger.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `invalid`, `text`, `id`, `tag`: names, versions, and the keys of the chains;
//! - `revision`, `commit`, `chain`, `query`: what is written, what that leaves in a chain, and what is asked;
//! - `error`, `ledger`: what can fail, and the trait;
//! - `runtime`, `sql`, `sqlite`, `key_file`: the ledger, and the file of erasable secrets, on SQLite;
//! - `checkpoint`, `audit`: where chains stood, and whether they hold together;
//! - `conformance`: what every ledger is held to.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
mod chain;
pub mod checkpoint;
mod commit;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
mod error;
mod id;
mod invalid;
pub mod key_file;
mod ledger;
mod query;
mod revision;
pub mod runtime;
mod sql;
pub mod sqlite;
mod tag;
mod text;

pub use chain::{AuditRow, Head};
pub use commit::{
    AuditEntry, Change, Claim, Commit, Committed, Condition, Guard, IndexRow, Phase, Write,
};
pub use error::{Cause, Damage, Hindrance, LedgerError};
pub use id::{AggregateId, Version};
pub use invalid::Invalid;
pub use ledger::{ChangeMark, Changed, ClaimOutcome, Ledger, Snapshot, Stored};
pub use query::{Find, Found, Page};
pub use revision::{REVISIONS, Revised};
pub use tag::{ChainKey, Tag};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
