//! Who may do what, where: asked before anything is said about what is there (I5).

use strongroom_base::{Outcome, OutcomeKind, PrincipalId, Retry, TenantId};

use crate::{AccessList, Action, Principal, PrincipalKind, Role, Scope, ScopeChain, Standing};

/// What [`authorize`] says; machines take it as a fact and look at it first.
pub type Verdict = Result<(), Denied>;

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

    fn authenticated(&self) -> bool {
        matches!(
            self,
            Self::Known {
                standing: Standing::Enabled,
                ..
            }
        )
    }

    /// Whether an assignment in `tenant` can be its own at all.
    fn may_enter(&self, tenant: TenantId) -> bool {
        match self {
            Self::Unknown { .. } => false,
            Self::Known { home, guest, .. } => *home == tenant || *guest,
        }
    }
}

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

/// Whether `caller` may do `action` at the scope that `chain` is of.
///
/// `lists` are the access lists of the scopes of the chain, in any order; one that is absent grants
/// nothing, and one of another scope does not count. An assignment counts while its scope has the
/// tenancy under which it was made.
///
/// # Errors
/// [`Denied::Hidden`] if the caller may not read the scope either, [`Denied::Forbidden`] if it may,
/// [`Denied::NotAuthenticated`] if it cannot ask for anything.
pub fn authorize(
    caller: &Caller,
    action: Action,
    chain: &ScopeChain,
    lists: &[&AccessList],
) -> Verdict {
    let principal = caller.id();
    if !caller.authenticated() {
        return Err(Denied::NotAuthenticated { principal });
    }
    if allowed(caller, action, chain, lists) {
        return Ok(());
    }
    let scope = chain.scope();
    if allowed(caller, scope.read_action(), chain, lists) {
        Err(Denied::Forbidden {
            principal,
            action,
            scope,
        })
    } else {
        Err(Denied::Hidden { principal, action })
    }
}

/// What there is to say of a scope that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum Absent {
    /// The caller may do `action` at the nearest thing that is there, and may know what is not in
    /// it: say so.
    NotFound,
    /// Give this answer.
    Denied(Denied),
}

/// The answer for a scope that is not there. `nearest` is the chain of the lowest of its parents that
/// is there, with its access lists; none if not even the subscription or tenant is.
///
/// Nobody is told that something is *not* there who would not have been told that it is: the right
/// is judged at the parent, which holds it for everything below.
#[must_use]
pub fn absent(
    caller: &Caller,
    action: Action,
    read: Action,
    nearest: Option<(&ScopeChain, &[&AccessList])>,
) -> Absent {
    let principal = caller.id();
    if !caller.authenticated() {
        return Absent::Denied(Denied::NotAuthenticated { principal });
    }
    let may = |action| nearest.is_some_and(|(chain, lists)| allowed(caller, action, chain, lists));
    if may(read) || may(action) {
        Absent::NotFound
    } else {
        Absent::Denied(Denied::Hidden { principal, action })
    }
}

fn allowed(caller: &Caller, action: Action, chain: &ScopeChain, lists: &[&AccessList]) -> bool {
    caller.may_enter(chain.tenant())
        && chain.links().any(|link| {
            let here = lists.iter().filter(|list| list.scope == link.scope);
            let mut roles = here.flat_map(|list| list.roles_of(caller.id(), link.tenancy));
            roles.any(|role| role.allows(action))
        })
}
