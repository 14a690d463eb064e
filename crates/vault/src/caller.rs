//! Who asks, and what has to be known of them to judge it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use strongroom_base::{CorrelationId, PrincipalId, TenantId};

use crate::KeyPermission;

/// Who asks a vault for something: enough for a vault of our own to judge by, and for a remote one
/// to get a token with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct Caller {
    /// The tenant whose directory is asked for the token: the resource's own, never one that a
    /// vault's challenge names (R6).
    pub tenant: TenantId,
    /// The object id.
    pub principal: PrincipalId,
    /// Where the call comes from.
    pub origin: Origin,
    /// Joins the records of one request (R18).
    pub correlation: CorrelationId,
}

/// Where a call comes from, as a vault's firewall sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a firewall must judge each")]
pub enum Origin {
    /// The service, on behalf of a resource: what `bypass: AzureServices` lets through.
    TrustedService,
    /// Anybody else, by network address.
    Address(IpAddr),
}

/// What the directory of [`Caller::tenant`] says of the principal, at the moment of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum Standing {
    /// Registered there, and enabled.
    Present,
    /// Not there: the identity was disabled or deleted (R12).
    Gone,
    /// Not there but in another tenant, where a move left it behind (R13).
    LeftBehind,
}

/// Who asks a machine of the vault: a fact that its driver gathers.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver makes it from these parts"
)]
pub enum Asker<'a> {
    /// Strongroom itself, when time or an effect calls. It holds no permission to anything else.
    Strongroom,
    /// A principal.
    Principal {
        /// Who.
        caller: &'a Caller,
        /// What the directory says of them now.
        standing: Standing,
        /// What their role assignments at the vault permit. It counts in role mode alone.
        roles: &'a BTreeSet<KeyPermission>,
    },
}
