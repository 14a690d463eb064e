//! Who is who, what belongs to whom, and who may do what: tenants, subscriptions, resource groups,
//! principals, managed identities, role assignments.
//!
//! Everything here is pure: times and ids arrive in commands, what has to be known of the rest of
//! the world arrives as facts. This room knows no vault, no key and no store; it mints no token and
//! reads none. It never does I/O, reads a clock, draws a random number or logs.
//!
//! # What belongs to whom
//! A tenant owns subscriptions, a subscription holds groups, a group holds resources and vaults. A
//! thing stores its parent and never its tenant: [`ScopeChain`] walks up. So a move of a subscription
//! of any size, or of a group, changes one row; what follows for everything below is *computed*: which
//! role assignments are void ([`Tenancy`]), and which managed identities were left behind
//! ([`ManagedIdentity::standing`], R13).
//!
//! # Where role assignments live
//! In an aggregate of their own for each scope, the [`AccessList`]. Not in the principal: to grant or
//! take a right at a scope is a change *of that scope*, judged and guarded there, and what may be done
//! to a scope should be one row to read and one to audit. Not in the subscription, group, resource or
//! vault itself: rights change on another clock than properties do, the two would conflict without
//! need, and rooms above would have to carry rights in their states. A decision reads at most four lists.
//!
//! # Authorisation comes before existence
//! [`authorize`] answers a caller who may not even read a scope with [`Denied::Hidden`], and
//! [`absent`] answers for what is not there with the same: same code, same text (I5). Every machine
//! here looks at that verdict before it looks at its state.
//!
//! ```
//! use strongroom_base::{Machine, PrincipalId, TenantId, Timestamp};
//! use strongroom_identity::{
//!     IdentityCommand, IdentityFacts, IdentityMachine, ManagedIdentity, NoToken, Standing, token_for,
//! };
//!
//! let (home, elsewhere) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
//! let principal = PrincipalId::from_bytes([7; 16]);
//! let enable = IdentityCommand::Enable { principal, at: Timestamp::from_unix_millis(0) };
//!
//! let mut identity = ManagedIdentity::Off;
//! for event in IdentityMachine::decide(&identity, &enable, &IdentityFacts { present: home })? {
//!     IdentityMachine::evolve(&mut identity, &event);
//! }
//! assert_eq!(token_for(&identity, home, Standing::Enabled), Ok(principal));
//! // A move to another tenant leaves it behind, without a change to the resource (R13).
//! assert_eq!(
//!     token_for(&identity, elsewhere, Standing::Enabled),
//!     Err(NoToken::LeftBehind { home, present: elsewhere }),
//! );
//! # Ok::<(), strongroom_identity::IdentityRefusal>(())
//! ```
//!
//! # Layers
//! A module uses those that come before it here, and no others:
//! - `id`, `name`, `action`, `role`, `tenancy`, `scope`, `denied`: names, what may be done where, and the no;
//! - `tenant`, `subscription`, `principal`, `group`: what belongs to whom;
//! - `caller`, `chain`, `access`, `authorize`: who may do what;
//! - `managed`: identities that a tenant can be left with.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod action;
mod authorize;
mod caller;
mod chain;
mod denied;
mod group;
mod id;
mod managed;
mod name;
mod principal;
mod role;
mod scope;
mod subscription;
#[cfg(test)]
mod table;
mod tenancy;
mod tenant;

pub use access::{
    AccessCommand, AccessEvent, AccessFacts, AccessList, AccessMachine, AccessRefusal, Held,
    assignee_key,
};
pub use action::{Action, UnknownAction};
pub use authorize::{Absent, absent, authorize};
pub use caller::Caller;
pub use chain::{BrokenChain, Link, ScopeChain};
pub use denied::{Denied, Verdict};
pub use group::{
    GroupCommand, GroupEvent, GroupFacts, GroupMachine, GroupRefusal, Present, ResourceGroup,
    group_name_key,
};
pub use id::{AppId, GroupUid, VaultUid};
pub use managed::{
    IdentityCommand, IdentityEvent, IdentityFacts, IdentityMachine, IdentityRefusal,
    IdentityStanding, ManagedIdentity, MoveMeaning, NoToken, token_for,
};
pub use name::{DisplayName, InvalidDisplayName, NameUse};
pub use principal::{
    Principal, PrincipalCommand, PrincipalEvent, PrincipalFacts, PrincipalKind, PrincipalLife,
    PrincipalMachine, PrincipalRefusal, Standing, principal_name_key,
};
pub use role::{Role, UnknownRole};
pub use scope::{Scope, UnknownScope};
pub use strongroom_base::{InvalidId, SchemaV1};
pub use subscription::{
    Subscription, SubscriptionCommand, SubscriptionEvent, SubscriptionFacts, SubscriptionMachine,
    SubscriptionRefusal, SubscriptionState, subscription_name_key,
};
pub use tenancy::{Crossing, Descent, Tenancy};
pub use tenant::{
    Founding, Tenant, TenantCommand, TenantEvent, TenantFacts, TenantMachine, TenantRefusal,
    tenant_name_key,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
