//! What can be asked.

use super::world::{Group, Permission, Subscription, Tenant, Who};

/// A vault's firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fire {
    /// Open to all.
    Open,
    /// Default deny; the service passes.
    Bypassed,
    /// Default deny; nobody passes.
    Closed,
}

/// One step of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Time passes, in hours.
    Advance(u16),
    /// The installation is closed and opened again.
    Reopen,
    /// A subscription to a tenant.
    MoveSubscription(Subscription, Tenant),
    /// A group to a subscription.
    MoveGroup(Group, Subscription),
    /// Create a vault; with rights to its keys for its creator.
    CreateVault {
        by: Who,
        vault: u8,
        group: Group,
        same_region: bool,
        purge_protection: bool,
    },
    /// Let a vault trust a tenant.
    Trust { by: Who, vault: u8, tenant: Tenant },
    /// Purge protection on, or asked off.
    Protect { by: Who, vault: u8, on: bool },
    /// Role mode on or off.
    RoleMode { by: Who, vault: u8, on: bool },
    /// The firewall.
    Firewall { by: Who, vault: u8, fire: Fire },
    /// Delete a vault.
    DeleteVault { by: Who, vault: u8 },
    /// Recover a vault.
    RecoverVault { by: Who, vault: u8 },
    /// Purge a vault.
    PurgeVault { by: Who, vault: u8 },
    /// A vault to a group.
    MoveVault { by: Who, vault: u8, group: Group },
    /// Grant a permission to the administrator (`to` none) or to a resource's identity.
    Grant {
        by: Who,
        vault: u8,
        to: Option<u8>,
        permission: Option<Permission>,
    },
    /// Take one away.
    Revoke {
        by: Who,
        vault: u8,
        to: Option<u8>,
        permission: Option<Permission>,
    },
    /// Import a key, or another version of it.
    ImportKey {
        by: Who,
        vault: u8,
        key: u8,
        bits: u16,
    },
    /// Enable or disable a version.
    EnableKey {
        by: Who,
        vault: u8,
        key: u8,
        version: u8,
        on: bool,
    },
    /// Let a version expire half a minute from now.
    ExpireKey {
        by: Who,
        vault: u8,
        key: u8,
        version: u8,
    },
    /// Let a version be valid from an hour from now on.
    NotBefore {
        by: Who,
        vault: u8,
        key: u8,
        version: u8,
    },
    /// Delete a key.
    DeleteKey { by: Who, vault: u8, key: u8 },
    /// Recover a key.
    RecoverKey { by: Who, vault: u8, key: u8 },
    /// Purge a key.
    PurgeKey { by: Who, vault: u8, key: u8 },
    /// Create a resource.
    Create {
        by: Who,
        resource: u8,
        group: Group,
        paid: bool,
        customer_key: bool,
    },
    /// Another tier.
    Tier { by: Who, resource: u8, paid: bool },
    /// The identity, on or off.
    Identify { by: Who, resource: u8, on: bool },
    /// A customer's key.
    SetKey {
        by: Who,
        resource: u8,
        vault: u8,
        key: u8,
        version: u8,
    },
    /// Back to a service-managed key.
    Reset { by: Who, resource: u8 },
    /// A new generation.
    Rekey { by: Who, resource: u8 },
    /// To a group.
    Move { by: Who, resource: u8, group: Group },
    /// Delete it.
    Delete { by: Who, resource: u8 },
    /// Recover it.
    Recover { by: Who, resource: u8 },
    /// Purge it.
    Purge { by: Who, resource: u8 },
    /// Something with its objects.
    Data {
        by: Who,
        resource: u8,
        object: Object,
    },
}

/// Something with objects, by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// Write.
    Put(u8, bool),
    /// Read.
    Get(u8),
    /// Size.
    Head(u8),
    /// All of them.
    List,
    /// One over another.
    Copy(u8, u8),
    /// One in the place of another.
    Rename(u8, u8),
    /// Remove.
    Delete(u8),
}
