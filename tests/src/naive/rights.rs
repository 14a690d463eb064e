//! Who may do what, by Azure's role names: an owner everything, a contributor everything but rights
//! and leaving the tenant, a reader nothing but looking.

use super::world::{Tenant, Who, World};
use super::{Group, No};

/// What a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// To see it.
    See,
    /// To change it, or use its data.
    Manage,
    /// To take it out of its tenant.
    Leave,
}

/// The one answer to whoever may not (I5).
pub(super) const NOT_AUTHORISED: No = No::refused("AuthorizationFailed");

impl Who {
    pub(super) fn may(self, right: Right, tenant: Tenant) -> bool {
        match (self, tenant) {
            (Self::Admin, _) | (Self::Stranger, Tenant::Away) => true,
            (Self::Contributor, Tenant::Home) => right != Right::Leave,
            (Self::Reader, Tenant::Home) => right == Right::See,
            (Self::Stranger, Tenant::Home) | (Self::Contributor | Self::Reader, Tenant::Away) => {
                false
            }
        }
    }

    /// The tenant of which they are.
    #[must_use]
    pub const fn tenant(self) -> Tenant {
        match self {
            Self::Stranger => Tenant::Away,
            Self::Admin | Self::Contributor | Self::Reader => Tenant::Home,
        }
    }

    /// Whether they may see what is in a tenant.
    #[must_use]
    pub fn sees(self, tenant: Tenant) -> bool {
        self.may(Right::See, tenant)
    }
}

impl World {
    /// Whether a move from one group to another is within somebody's rights.
    pub(super) fn may_move(&self, by: Who, from: Group, to: Group) -> bool {
        let (from, to) = (self.tenant_of(from), self.tenant_of(to));
        let right = if from == to {
            Right::Manage
        } else {
            Right::Leave
        };
        by.may(right, from) && by.may(Right::Manage, to)
    }
}
