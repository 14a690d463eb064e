//! The nine ways in which access to a customer's key is taken away, and what each is called.

use serde::Serialize;

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    PolicyRemoved,
    KeyDisabled,
    KeyDeleted,
    VaultDeleted,
    FirewallClosed,
    IdentityDisabled,
    ResourceMoved,
    GroupMoved,
    SubscriptionMoved,
}

impl Way {
    pub(super) const ALL: [Self; 9] = [
        Self::PolicyRemoved,
        Self::KeyDisabled,
        Self::KeyDeleted,
        Self::VaultDeleted,
        Self::FirewallClosed,
        Self::IdentityDisabled,
        Self::ResourceMoved,
        Self::GroupMoved,
        Self::SubscriptionMoved,
    ];

    /// What people read.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::PolicyRemoved => "policy removed",
            Self::KeyDisabled => "key disabled",
            Self::KeyDeleted => "key deleted",
            Self::VaultDeleted => "vault deleted",
            Self::FirewallClosed => "firewall closed",
            Self::IdentityDisabled => "identity disabled",
            Self::ResourceMoved => "resource moved",
            Self::GroupMoved => "group moved",
            Self::SubscriptionMoved => "subscription moved",
        }
    }

    /// What the tour calls the things that it makes for it.
    pub(super) fn slug(self) -> String {
        format!("tour-{}", self.words().replace(' ', "-"))
    }

    /// The stable code that every operation is to be refused with.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::PolicyRemoved => "AccessDenied",
            Self::KeyDisabled => "KeyDisabled",
            Self::KeyDeleted => "KeyDeleted",
            Self::VaultDeleted => "VaultDeleted",
            Self::FirewallClosed => "ForbiddenByFirewall",
            Self::IdentityDisabled => "IdentityOff",
            Self::ResourceMoved | Self::GroupMoved | Self::SubscriptionMoved => {
                "IdentityLeftBehind"
            }
        }
    }
}
