//! Leases: a resource's keys in memory, with what allows their use (R17).
//!
//! A lease is a proof, by a real unwrap, that the whole chain of authority (identity, tenant, region,
//! policy, vault, key version) held at a moment, and is good for a time from then on. It is kept in
//! these rooms:
//!
//! - [`machine`] decides what becomes of it, from commands and moments alone;
//! - [`keys`] is what it holds;
//! - [`desk`] shares it: many read it without a lock, one asks for the next, a drop reaches all;
//! - [`source`] asks for it, and answers those who wait;
//! - [`rights`] are judged anew with each lease;
//! - [`access`] is what an operation holds: it is asked again before each block that is handed out;
//! - [`key_source`] says where its keys come from;
//! - [`findings`] and [`leases`] know which changes void it, and [`watch`] finds those that other processes make.

mod access;
mod desk;
mod findings;
mod key_source;
mod keys;
mod leases;
mod machine;
pub(crate) mod rights;
mod settings;
mod source;
mod sync;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use self::access::{Access, Session};
pub(crate) use self::findings::Watching;
pub(crate) use self::key_source::{KeySource, Proof, Watched};
pub(crate) use self::leases::Leases;
pub(crate) use self::machine::Terms;
#[cfg(feature = "fault-injection")]
pub use self::settings::Danger;
pub use self::settings::{InvalidLease, LeaseSettings, LeaseTerm, LeaseTooShort};
pub(crate) use self::watch::Watch;
