//! Why a caller may not do what it asks.

use strongroom_base::{Outcome, OutcomeKind, PrincipalId, Retry};

use crate::{Action, Role, Scope};

/// What [`authorize`](crate::authorize) says; machines take it as a fact and look at it first.
pub type Verdict = Result<(), Denied>;

/// Why a caller may not do what it asks.
///
/// Its kind is [`OutcomeKind::Refused`]: our rules say no to a caller. It is never a *denial*, which
/// would revoke a resource's access to its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The one answer to a caller without a right to read: it is the same whether the scope is there
    /// or not, and is made of nothing but what the caller gave (I5).
    #[error(
        "principal {principal} does not have authorization to perform action `{action}` over the \
         scope, or the scope is invalid (I5): name another scope, or ask its owner for a role there"
    )]
    Hidden {
        /// Who asked.
        principal: PrincipalId,
        /// For what.
        action: Action,
    },
    /// The caller sees the scope and lacks the right to do this to it.
    #[error(
        "principal {principal} may not perform action `{action}` at {scope}: an owner must do it, or \
         assign a role that allows it: strongroom role assign \"{}\" --assignee {principal} --scope {scope}",
        Role::least_for(*action)
    )]
    Forbidden {
        /// Who asked.
        principal: PrincipalId,
        /// For what.
        action: Action,
        /// Where.
        scope: Scope,
    },
    /// The caller is not registered, disabled or deleted. It says nothing about any scope.
    #[error(
        "principal {principal} cannot authenticate: it is not registered, disabled or deleted; act as \
         another one, or see: strongroom principal list"
    )]
    NotAuthenticated {
        /// Who asked.
        principal: PrincipalId,
    },
}

impl Outcome for Denied {
    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } | Self::Forbidden { .. } => "AuthorizationFailed",
            Self::NotAuthenticated { .. } => "AuthenticationFailed",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Refused
    }

    fn retry(&self) -> Retry {
        Retry::AfterRepair
    }
}
