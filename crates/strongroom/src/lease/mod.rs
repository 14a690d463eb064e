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
//! - [`proof`] is the asking itself, and what it leaves in the resource's state;
//! - [`watch`] knows which changes void it, made by this process or by another;
//! - [`budget`] keeps a vault from being asked more than it allows.

mod access;
mod budget;
mod desk;
mod keys;
mod machine;
mod moment;
mod proof;
pub(crate) mod rights;
mod settings;
mod source;
mod sync;
#[cfg(test)]
mod tests;
mod watch;

use self::keys::LeasedKeys;

pub(crate) use self::access::{Access, Session};
pub(crate) use self::budget::Budgets;
pub(crate) use self::machine::Terms;
pub(crate) use self::moment::Moment;
pub use self::proof::OutOfReach;
pub use self::settings::{InvalidLease, LeaseSettings, LeaseTerm, LeaseTooShort, VaultBudget};
pub(crate) use self::source::LeaseSource;
pub(crate) use self::watch::{Leases, Watch, Watching};

/// A resource's keys, and how long they may be used.
pub(crate) type Lease = desk::Lease<LeasedKeys>;
