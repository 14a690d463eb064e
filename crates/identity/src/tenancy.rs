//! How a scope knows that it has changed its tenant, without a row of its own being written.

use strongroom_base::TenantId;

use crate::Action;

/// How often a scope has changed its tenant, whether by itself or with what holds it.
///
/// A role assignment remembers the tenancy of its scope when it was made, and counts only while the
/// scope still has that tenancy: a move to another tenant drops the assignments of the old one for
/// good, and moving back does not bring them back. The number never goes down for one scope, and is
/// of no use between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Tenancy(i64);

impl Tenancy {
    /// The tenancy after `crossing`.
    #[must_use]
    pub const fn after(self, crossing: Crossing) -> Self {
        match crossing {
            Crossing::Within => self,
            Crossing::Across => Self(self.0.wrapping_add(1)),
        }
    }
}

/// Whether a move leaves the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a move does or does not")]
pub enum Crossing {
    /// It stays in the tenant.
    Within,
    /// It goes to another one (R13).
    Across,
}

impl Crossing {
    /// What a move from one tenant to the other is.
    #[must_use]
    pub fn between(from: TenantId, to: TenantId) -> Self {
        if from == to {
            Self::Within
        } else {
            Self::Across
        }
    }

    /// What a caller must be allowed at a group, resource or vault to move it like this. Out of its
    /// tenant only an owner takes a thing, as the directory change of a subscription. Where it goes,
    /// [`Action::GroupsWrite`] is needed.
    #[must_use]
    pub const fn requires(self) -> &'static [Action] {
        match self {
            Self::Within => &[Action::GroupsMove],
            Self::Across => &[Action::GroupsMove, Action::TenantChange],
        }
    }
}

/// What a group, a resource or a vault stores to have a [`Tenancy`]: the distance to that of its
/// parent. So a move of the parent counts for everything below, in the parent's row alone, and a move
/// of the thing itself is a new distance, in its own.
///
/// ```
/// use strongroom_identity::{Crossing, Descent, Tenancy};
///
/// let (old_group, new_group) = (Tenancy::default(), Tenancy::default().after(Crossing::Across));
/// let born = Descent::default();
/// // Moved within the tenant, the thing keeps its tenancy, whatever that of its new parent is.
/// let moved = born.moved(old_group, new_group, Crossing::Within);
/// assert_eq!(moved.tenancy(new_group), born.tenancy(old_group));
/// // Moved to another tenant and back, it has another one than before.
/// let away = born.moved(old_group, new_group, Crossing::Across);
/// let back = away.moved(new_group, old_group, Crossing::Across);
/// assert_ne!(back.tenancy(old_group), born.tenancy(old_group));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Descent(i64);

impl Descent {
    /// The tenancy of the thing, given that of its parent.
    #[must_use]
    pub const fn tenancy(self, parent: Tenancy) -> Tenancy {
        Tenancy(parent.0.wrapping_add(self.0))
    }

    /// What to store after a move from a parent of tenancy `from` to one of tenancy `to`.
    #[must_use]
    pub const fn moved(self, from: Tenancy, to: Tenancy, crossing: Crossing) -> Self {
        let now = self.tenancy(from).after(crossing);
        Self(now.0.wrapping_sub(to.0))
    }
}
