//! The access list of a scope: who holds which role there.

use core::convert::Infallible;
use std::collections::BTreeMap;

use strongroom_base::{Machine, Outcome, OutcomeKind, PrincipalId, Retry, TenantId, Timestamp};

use crate::{Action, Caller, Denied, Role, SchemaV1, Scope, Standing, Tenancy, Verdict};

/// The role assignments at one scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct AccessList {
    /// The schema.
    pub v: SchemaV1,
    /// The scope.
    pub scope: Scope,
    /// The roles of each principal, void ones included: read it with [`AccessList::roles_of`].
    pub assignments: BTreeMap<PrincipalId, BTreeMap<Role, Held>>,
}

/// Under what a role is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct Held {
    /// The tenancy of the scope when the role was assigned: with any other, it is void.
    pub tenancy: Tenancy,
    /// When it was assigned.
    pub since: Timestamp,
}

impl AccessList {
    /// The roles that a principal holds here, the scope being of this tenancy now.
    pub fn roles_of(
        &self,
        principal: PrincipalId,
        tenancy: Tenancy,
    ) -> impl Iterator<Item = Role> + '_ {
        let of = self.assignments.get(&principal).into_iter().flatten();
        of.filter(move |(_, held)| held.tenancy == tenancy)
            .map(|(role, _)| *role)
    }

    /// All assignments that count, the scope being of this tenancy now.
    pub fn valid(&self, tenancy: Tenancy) -> impl Iterator<Item = (PrincipalId, Role, Held)> + '_ {
        self.all()
            .filter(move |(_, _, held)| held.tenancy == tenancy)
    }

    fn all(&self) -> impl Iterator<Item = (PrincipalId, Role, Held)> + '_ {
        self.assignments.iter().flat_map(|(principal, roles)| {
            roles.iter().map(|(role, held)| (*principal, *role, *held))
        })
    }
}

/// What can be asked of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum AccessCommand {
    /// Assign a role at the scope.
    Assign {
        /// To whom.
        principal: PrincipalId,
        /// Which.
        role: Role,
        /// The moment.
        at: Timestamp,
    },
    /// Assign Owner at the root of a tenant, in the commit that makes it. Strongroom's own.
    Found {
        /// To whom.
        administrator: PrincipalId,
        /// The moment.
        at: Timestamp,
    },
    /// Remove a role assignment.
    Remove {
        /// Whose.
        principal: PrincipalId,
        /// Which.
        role: Role,
    },
    /// Remove all, since the scope is gone for good. Strongroom's own.
    Clear,
}

impl AccessCommand {
    /// What the caller must be allowed at the scope; nothing for what Strongroom does itself.
    #[must_use]
    pub const fn requires(&self) -> Option<Action> {
        match self {
            Self::Assign { .. } => Some(Action::RoleAssignmentsWrite),
            Self::Remove { .. } => Some(Action::RoleAssignmentsDelete),
            Self::Found { .. } | Self::Clear => None,
        }
    }
}

/// What has to be known to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFacts {
    /// Whether the caller has what [`AccessCommand::requires`].
    pub authority: Verdict,
    /// The scope of the list.
    pub scope: Scope,
    /// The present tenant of the scope.
    pub tenant: TenantId,
    /// The present tenancy of the scope.
    pub tenancy: Tenancy,
    /// Whom the command names; [`Caller::Unknown`] for a command that names nobody.
    pub assignee: Caller,
}

/// What happened to an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum AccessEvent {
    /// A role was assigned.
    Assigned {
        /// Where.
        scope: Scope,
        /// To whom.
        principal: PrincipalId,
        /// Which.
        role: Role,
        /// Under what.
        held: Held,
    },
    /// An assignment was removed.
    Removed {
        /// Whose.
        principal: PrincipalId,
        /// Which.
        role: Role,
    },
    /// An assignment that a move to another tenant made void is not stored any more.
    Dropped {
        /// Whose.
        principal: PrincipalId,
        /// Which.
        role: Role,
    },
    /// The scope is gone, and the list with it.
    Cleared,
}

/// Why an access list turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessRefusal {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// Nobody of this id is in the directory, or nobody any more.
    #[error(
        "principal {principal} is not in the directory of tenant {tenant}: see: strongroom principal list"
    )]
    PrincipalNotFound {
        /// Who.
        principal: PrincipalId,
        /// The tenant of the scope.
        tenant: TenantId,
    },
    /// The last owner of a tenant stays.
    #[error(
        "principal {principal} is the last Owner at {scope}, and without one nobody could assign a \
         role again: assign another first: strongroom role assign Owner --assignee PRINCIPAL --scope {scope}"
    )]
    LastOwner {
        /// Who.
        principal: PrincipalId,
        /// The root.
        scope: Scope,
    },
    /// The facts are not those of this list and command.
    #[error("what was read is not of this scope and command: read again")]
    StaleFacts,
}

impl Outcome for AccessRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NoOp => "NoOp",
            Self::PrincipalNotFound { .. } => "PrincipalNotFound",
            Self::LastOwner { .. } => "LastOwnerCannotBeRemoved",
            Self::StaleFacts => "StaleFacts",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoOp | Self::LastOwner { .. } => OutcomeKind::Refused,
            Self::PrincipalNotFound { .. } => OutcomeKind::BadInput,
            Self::StaleFacts => OutcomeKind::Internal,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NoOp | Self::StaleFacts => Retry::Never,
            Self::PrincipalNotFound { .. } | Self::LastOwner { .. } => Retry::AfterRepair,
        }
    }
}

/// The key under which the lists that name a principal are found: what it may do, and where. It is the
/// beginning of each key; the scope follows.
#[must_use]
pub fn assignee_key(principal: PrincipalId, scope: &Scope) -> String {
    format!("{principal}/{scope}")
}

/// The machine of an access list; no state is a scope where nobody holds a role.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AccessMachine;

type Decision = Result<Vec<AccessEvent>, AccessRefusal>;

impl Machine for AccessMachine {
    type State = Option<AccessList>;
    type Command = AccessCommand;
    type Facts<'a> = AccessFacts;
    type Event = AccessEvent;
    type Effect = Infallible;
    type Refusal = AccessRefusal;

    fn decide(
        state: &Option<AccessList>,
        command: &AccessCommand,
        facts: &AccessFacts,
    ) -> Decision {
        if command.requires().is_some() {
            facts.authority.clone()?;
        }
        if state.as_ref().is_some_and(|list| list.scope != facts.scope) {
            return Err(AccessRefusal::StaleFacts);
        }
        match (state, command) {
            (
                _,
                AccessCommand::Assign {
                    principal,
                    role,
                    at,
                },
            ) => assign(state.as_ref(), *principal, *role, *at, facts),
            (_, AccessCommand::Found { administrator, at }) => {
                assign(state.as_ref(), *administrator, Role::Owner, *at, facts)
            }
            (None, AccessCommand::Remove { .. } | AccessCommand::Clear) => Err(AccessRefusal::NoOp),
            (Some(list), AccessCommand::Remove { principal, role }) => {
                remove(list, *principal, *role, facts)
            }
            (Some(_), AccessCommand::Clear) => Ok(vec![AccessEvent::Cleared]),
        }
    }

    fn evolve(state: &mut Option<AccessList>, event: &AccessEvent) {
        match event {
            AccessEvent::Assigned {
                scope,
                principal,
                role,
                held,
            } => {
                let list = state.get_or_insert_with(|| AccessList {
                    v: SchemaV1::default(),
                    scope: *scope,
                    assignments: BTreeMap::new(),
                });
                list.assignments
                    .entry(*principal)
                    .or_default()
                    .insert(*role, *held);
            }
            AccessEvent::Removed { principal, role } | AccessEvent::Dropped { principal, role } => {
                let Some(list) = state else { return };
                if let Some(roles) = list.assignments.get_mut(principal) {
                    roles.remove(role);
                }
                list.assignments.retain(|_, roles| !roles.is_empty());
                // An empty list and none are one state.
                if list.assignments.is_empty() {
                    *state = None;
                }
            }
            AccessEvent::Cleared => *state = None,
        }
    }

    fn effects(_state: &Option<AccessList>, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &Option<AccessList>) -> Option<Timestamp> {
        None
    }
}

fn assign(
    list: Option<&AccessList>,
    principal: PrincipalId,
    role: Role,
    at: Timestamp,
    facts: &AccessFacts,
) -> Decision {
    if facts.assignee.id() != principal {
        return Err(AccessRefusal::StaleFacts);
    }
    if !assignable(&facts.assignee, facts.tenant) {
        return Err(AccessRefusal::PrincipalNotFound {
            principal,
            tenant: facts.tenant,
        });
    }
    let mut roles = list
        .into_iter()
        .flat_map(|list| list.roles_of(principal, facts.tenancy));
    if roles.any(|held| held == role) {
        return Err(AccessRefusal::NoOp);
    }
    let mut events = list
        .map(|list| dropped(list, facts.tenancy))
        .unwrap_or_default();
    let held = Held {
        tenancy: facts.tenancy,
        since: at,
    };
    events.push(AccessEvent::Assigned {
        scope: facts.scope,
        principal,
        role,
        held,
    });
    Ok(events)
}

fn remove(list: &AccessList, principal: PrincipalId, role: Role, facts: &AccessFacts) -> Decision {
    if !list
        .roles_of(principal, facts.tenancy)
        .any(|held| held == role)
    {
        return Err(AccessRefusal::NoOp);
    }
    let owners = list
        .valid(facts.tenancy)
        .filter(|(_, held, _)| *held == Role::Owner)
        .count();
    if role == Role::Owner && owners == 1 && matches!(facts.scope, Scope::Tenant(_)) {
        return Err(AccessRefusal::LastOwner {
            principal,
            scope: facts.scope,
        });
    }
    let mut events = dropped(list, facts.tenancy);
    events.push(AccessEvent::Removed { principal, role });
    Ok(events)
}

/// A role goes to whom the directory of the tenant has: its own principals, disabled ones too, and
/// users of another as guests. One of another tenant that is no user is not in it (R13).
fn assignable(assignee: &Caller, tenant: TenantId) -> bool {
    match assignee {
        Caller::Unknown { .. } => false,
        Caller::Known {
            id: _,
            home,
            guest,
            standing,
        } => *standing != Standing::Gone && (*home == tenant || *guest),
    }
}

/// What moves have made void goes with the next write.
fn dropped(list: &AccessList, tenancy: Tenancy) -> Vec<AccessEvent> {
    let void = list.all().filter(|(_, _, held)| held.tenancy != tenancy);
    void.map(|(principal, role, _)| AccessEvent::Dropped { principal, role })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Crossing;
    use crate::table::{Table, denied, principal, tenant, user};
    use crate::{Principal, PrincipalKind, PrincipalLife};

    const AT: Timestamp = Timestamp::from_unix_millis(1);

    fn list(entries: &[(u8, Role, Tenancy)]) -> Option<AccessList> {
        let mut state = None;
        for (number, role, tenancy) in entries {
            let held = Held {
                tenancy: *tenancy,
                since: AT,
            };
            let scope = Scope::Tenant(tenant(1));
            let event = AccessEvent::Assigned {
                scope,
                principal: principal(*number),
                role: *role,
                held,
            };
            AccessMachine::evolve(&mut state, &event);
        }
        state
    }

    #[test]
    fn table() {
        let (now, before) = (
            Tenancy::default().after(Crossing::Across),
            Tenancy::default(),
        );
        let states = [
            ("nobody", None),
            ("1 is Owner", list(&[(1, Role::Owner, now)])),
            (
                "1 and 2 are Owners",
                list(&[(1, Role::Owner, now), (2, Role::Owner, now)]),
            ),
            (
                "1 was Owner before a move",
                list(&[(1, Role::Owner, before)]),
            ),
            (
                "1 is Owner, 2 was",
                list(&[(1, Role::Owner, now), (2, Role::Owner, before)]),
            ),
        ];
        let one = principal(1);
        let commands = [
            (
                "assign Owner to 1",
                AccessCommand::Assign {
                    principal: one,
                    role: Role::Owner,
                    at: AT,
                },
            ),
            (
                "assign Reader to 1",
                AccessCommand::Assign {
                    principal: one,
                    role: Role::Reader,
                    at: AT,
                },
            ),
            (
                "found with 1",
                AccessCommand::Found {
                    administrator: one,
                    at: AT,
                },
            ),
            (
                "remove Owner from 1",
                AccessCommand::Remove {
                    principal: one,
                    role: Role::Owner,
                },
            ),
            (
                "remove Reader from 1",
                AccessCommand::Remove {
                    principal: one,
                    role: Role::Reader,
                },
            ),
            ("clear", AccessCommand::Clear),
        ];
        let facts = |authority, assignee: Option<Principal>| AccessFacts {
            authority,
            scope: Scope::Tenant(tenant(1)),
            tenant: tenant(1),
            tenancy: now,
            assignee: Caller::of(one, assignee.as_ref()),
        };
        let identity = |home| {
            let of = strongroom_base::ResourceUid::from_bytes([9; 16]);
            Principal {
                kind: PrincipalKind::ManagedIdentity { of },
                ..user(1, home)
            }
        };
        let deleted = Principal {
            life: PrincipalLife::Deleted { at: AT },
            ..user(1, 1)
        };
        let facts = [
            ("allowed, user", facts(Ok(()), Some(user(1, 1)))),
            ("allowed, guest", facts(Ok(()), Some(user(1, 2)))),
            ("allowed, identity", facts(Ok(()), Some(identity(1)))),
            (
                "allowed, foreign identity",
                facts(Ok(()), Some(identity(2))),
            ),
            ("allowed, deleted user", facts(Ok(()), Some(deleted))),
            ("allowed, unknown", facts(Ok(()), None)),
            ("denied, user", facts(Err(denied()), Some(user(1, 1)))),
        ];
        insta::assert_snapshot!(Table::<AccessMachine>::of(&states, &commands, &facts));
    }

    #[test]
    fn the_lists_that_name_a_principal_are_found_by_it_and_each_by_its_scope() {
        let scopes = [Scope::Tenant(tenant(1)), Scope::Tenant(tenant(2))];
        for scope in scopes {
            let key = assignee_key(principal(1), &scope);
            assert_eq!(key, format!("{}/{scope}", principal(1)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What a list holds is what was assigned and not removed since, whoever else holds what.
        #[test]
        fn i08_an_access_list_holds_what_the_naive_model_holds(
            steps in vec((any::<bool>(), 1_u8..4, prop::sample::select(&Role::ALL[..3])), 1..32)
        ) {
            let (mut state, mut naive) = (None, BTreeSet::new());
            for (assign, who, role) in steps {
                let who = principal(who);
                let command = if assign {
                    AccessCommand::Assign { principal: who, role, at: AT }
                } else {
                    AccessCommand::Remove { principal: who, role }
                };
                let facts = AccessFacts {
                    authority: Ok(()),
                    scope: Scope::Tenant(tenant(1)),
                    tenant: tenant(1),
                    tenancy: Tenancy::default(),
                    assignee: Caller::of(who, Some(&Principal { id: who, ..user(1, 1) })),
                };
                let decided = AccessMachine::decide(&state, &command, &facts);
                let news = if assign { naive.insert((who, role)) } else { naive.remove(&(who, role)) };
                prop_assert_eq!(decided.is_ok(), news);
                for event in decided.unwrap_or_default() {
                    AccessMachine::evolve(&mut state, &event);
                }
                let held = state.iter().flat_map(|list| list.valid(Tenancy::default()));
                prop_assert_eq!(&held.map(|(who, role, _)| (who, role)).collect::<BTreeSet<_>>(), &naive);
                // An empty list and none are one state.
                prop_assert_eq!(state.is_none(), naive.is_empty());
            }
        }
    }
}
