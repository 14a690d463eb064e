//! Where a right holds.

use core::fmt;

use strongroom_base::{ResourceUid, SubscriptionId, TenantId};

use crate::{Action, GroupUid, VaultUid};

/// Something that a role can be assigned at. By uid, never by ARM id, which moves and is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a walk must know each kind of scope"
)]
pub enum Scope {
    /// The root of a tenant: everything in it.
    Tenant(TenantId),
    /// A subscription and what it holds.
    Subscription(SubscriptionId),
    /// A resource group and what it holds.
    Group(GroupUid),
    /// A resource.
    Resource(ResourceUid),
    /// A vault.
    Vault(VaultUid),
}

impl Scope {
    /// The action that shows this scope exists: who lacks it is told nothing of it (I5).
    #[must_use]
    pub const fn read_action(&self) -> Action {
        match self {
            Self::Tenant(_) => Action::TenantsRead,
            Self::Subscription(_) => Action::SubscriptionsRead,
            Self::Group(_) => Action::GroupsRead,
            Self::Resource(_) => Action::AccountsRead,
            Self::Vault(_) => Action::VaultsRead,
        }
    }
}

/// As it stands in the id of an [`AccessList`](crate::AccessList), such as `subscription.…`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "tenant.{id}"),
            Self::Subscription(id) => write!(f, "subscription.{id}"),
            Self::Group(uid) => write!(f, "group.{uid}"),
            Self::Resource(uid) => write!(f, "resource.{uid}"),
            Self::Vault(uid) => write!(f, "vault.{uid}"),
        }
    }
}

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a scope: expected tenant.ID, subscription.ID, group.UID, resource.UID or vault.UID"
)]
pub struct UnknownScope {
    text: String,
}

/// As it is printed.
impl core::str::FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let scope = match text.split_once('.') {
            Some(("tenant", id)) => id.parse().ok().map(Self::Tenant),
            Some(("subscription", id)) => id.parse().ok().map(Self::Subscription),
            Some(("group", uid)) => uid.parse().ok().map(Self::Group),
            Some(("resource", uid)) => uid.parse().ok().map(Self::Resource),
            Some(("vault", uid)) => uid.parse().ok().map(Self::Vault),
            Some(_) | None => None,
        };
        scope.ok_or_else(|| UnknownScope {
            text: text.to_owned(),
        })
    }
}
