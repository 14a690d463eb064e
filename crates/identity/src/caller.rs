//! Who asks.

use strongroom_base::{PrincipalId, TenantId};

use crate::{Principal, PrincipalKind, Standing};

/// Who asks, as far as a right depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a caller is registered or is not")]
pub enum Caller {
    /// Nobody of this id is registered.
    Unknown {
        /// The id given.
        id: PrincipalId,
    },
    /// A principal.
    Known {
        /// Its object id.
        id: PrincipalId,
        /// The tenant it is registered in.
        home: TenantId,
        /// Whether it can be a guest in another tenant: users can.
        guest: bool,
        /// Whether it may authenticate.
        standing: Standing,
    },
}

impl Caller {
    /// The caller of this id, given what is stored about it.
    #[must_use]
    pub fn of(id: PrincipalId, stored: Option<&Principal>) -> Self {
        match stored {
            Some(principal) if principal.id == id => Self::Known {
                id,
                home: principal.home,
                guest: matches!(principal.kind, PrincipalKind::User),
                standing: principal.standing(),
            },
            Some(_) | None => Self::Unknown { id },
        }
    }

    /// The object id.
    #[must_use]
    pub const fn id(&self) -> PrincipalId {
        match self {
            Self::Unknown { id } | Self::Known { id, .. } => *id,
        }
    }

    pub(crate) fn authenticated(&self) -> bool {
        matches!(
            self,
            Self::Known {
                standing: Standing::Enabled,
                ..
            }
        )
    }

    /// Whether an assignment in `tenant` can be its own at all.
    pub(crate) fn may_enter(&self, tenant: TenantId) -> bool {
        match self {
            Self::Unknown { .. } => false,
            Self::Known { home, guest, .. } => *home == tenant || *guest,
        }
    }
}
