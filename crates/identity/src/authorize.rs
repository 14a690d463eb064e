//! Who may do what, where: asked before anything is said about what is there (I5).

use crate::{AccessList, Action, Caller, Denied, ScopeChain, Verdict};

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
