//! The life of a resource as a pure machine: created, its tier and identity changed, its key changed by
//! its customer, moved, deleted, recovered, purged.
//!
//! A resource is what stores customer data. It is always encrypted: under a service-managed key made
//! for it alone (R4), or under a customer's key in a vault (R5–R11). A change of key-encryption key or
//! of generation spans several aggregates, and is one saga inside the resource's state
//! ([`KeyChange`]): while it is under way data is read and written with the active keyring, and
//! wherever it is cut off it is completed or undone.
//!
//! This room reads no clock, draws no random number and does no I/O: times, ids, key material and
//! what is seen of vaults arrive in commands and facts.
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `tier`, `access`, `state`, `facts`: what a resource is, and what is read of the world around it;
//! - `refusal`, `event`, `command`: what is asked, what happens, and the no;
//! - `conditions`, `decide`, `machine`: the rules, and the machine that follows them;
//! - `explain`, `report`: what the rules say before anything is asked.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
#[cfg(test)]
mod answers;
mod command;
mod conditions;
mod decide;
#[cfg(test)]
mod diagram;
mod event;
mod explain;
mod facts;
#[cfg(all(test, feature = "serde"))]
mod golden;
mod machine;
mod refusal;
mod report;
#[cfg(test)]
mod samples;
mod state;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod tier;

pub use access::{Inaccessible, Reason};
pub use command::{NewResource, ResourceAction, ResourceCommand, SetKey, at_creation};
pub use conditions::{NEEDED, same_region};
pub use event::ResourceEvent;
pub use explain::against;
pub use facts::{Candidate, Granting, ResourceFacts, SeenKey};
pub use machine::{ResourceEffect, ResourceMachine};
pub use refusal::Refusal;
pub use report::{Report, reports};
pub use state::{
    ChangeKind, ForDirectory, KeyChange, Life, RETENTION, Registration, Resource, Step, WantedGrant,
};
pub use tier::{Capability, Tier, UnknownTier};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
