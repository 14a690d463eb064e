//! The words that all of Strongroom's crates share.
//!
//! This room holds ids and the macro [`ids!`] that defines others, [`Timestamp`] and [`Clock`], the
//! one list of [`Outcome`]s with its [`Retry`] classes, the [`Machine`] shape, the version
//! [`SchemaV1`] that a stored state carries, and which characters [`misleads`] whoever reads them. It never reads a clock, draws a random number,
//! logs, or does I/O: whoever needs one of these hands it in.
//!
//! ```
//! use strongroom_base::{Clock, ResourceUid, Timestamp};
//!
//! // A fixed time is a clock, so rules that depend on time are tested without waiting.
//! let noon = Timestamp::from_unix_millis(1_700_000_000_000);
//! assert_eq!(noon.now(), noon);
//!
//! // Ids are drawn by a driver and arrive as bytes; they print as lower-case hex.
//! let uid = ResourceUid::from_bytes([0xab; 16]);
//! assert_eq!(uid.to_string(), "abababababababababababababababab");
//! assert_eq!(uid.to_string().parse(), Ok(uid));
//! ```
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `text`, `shell`: which characters mislead, and words of a shell;
//! - `outcome`, `schema`: how things come out, and the version that a stored state carries;
//! - `id`, `name`, `time`: what things are called, and when they are;
//! - `machine`: the shape of what decides.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod id;
mod machine;
mod name;
mod outcome;
mod schema;
mod shell;
mod text;
mod time;

pub use id::{
    CorrelationId, IdShape, InvalidId, MaterialRef, PrincipalId, RecordId, ResourceUid,
    SubscriptionId, TenantId,
};
pub use machine::Machine;
pub use name::{InvalidName, Region, ResourceGroupName, ResourceName};
pub use outcome::{Outcome, OutcomeKind, Retry};
pub use schema::SchemaV1;
pub use shell::shell_word;
pub use text::{hides, misleads, seen};
pub use time::{Clock, Timestamp};

/// What the ids that [`ids!`] defines elsewhere are stored by.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use serde as __serde;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
