//! A tenant: one directory. It is made with one administrator, Owner at its root.

use core::convert::Infallible;
use core::fmt::Debug;

use strongroom_base::{
    Machine, Outcome, OutcomeKind, PrincipalId, Retry, TenantId, Timestamp, shell_word,
};

use crate::{Action, Denied, DisplayName, SchemaV1, Verdict};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct Tenant {
    /// The schema.
    pub v: SchemaV1,
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: DisplayName,
    /// Whether its root has its first owner.
    pub founding: Founding,
}

/// Whether the root of a tenant has its first owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "a driver must react to each")]
pub enum Founding {
    /// This principal is to be Owner at the root, and is not yet. Earlier versions made a tenant and its first
    /// owner in two commits, and may have been cut off between them: see
    /// [`TenantCommand::AssignFirstOwner`].
    Owing {
        /// Who.
        administrator: PrincipalId,
        /// When the tenant was made.
        since: Timestamp,
    },
    /// It was assigned. What became of it later is the access list's.
    Done,
}

/// What can be asked of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum TenantCommand {
    /// Make it. The administrator may be of the new tenant or a guest of another. The same commit makes it
    /// Owner at the root ([`AccessCommand::Found`](crate::AccessCommand::Found)).
    Create {
        /// The id, drawn by the driver.
        id: TenantId,
        /// The name.
        name: DisplayName,
        /// Who will be Owner at its root.
        administrator: PrincipalId,
        /// The moment.
        at: Timestamp,
    },
    /// Give it the first owner that an earlier version still owed it ([`Founding::Owing`]). Strongroom's own.
    AssignFirstOwner,
}

impl TenantCommand {
    /// What the caller must be allowed, at the root of its own tenant; nothing for what Strongroom
    /// does itself. The first tenant, made with the installation, has no caller either: the verdict
    /// for it is `Ok`.
    #[must_use]
    pub const fn requires(&self) -> Option<Action> {
        match self {
            Self::Create { .. } => Some(Action::TenantsCreate),
            Self::AssignFirstOwner => None,
        }
    }
}

/// What has to be known to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantFacts {
    /// Whether the caller has what [`TenantCommand::requires`].
    pub authority: Verdict,
}

/// What happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum TenantEvent {
    /// It was made.
    Created(Tenant),
    /// Its root has its first owner.
    Founded,
}

/// Why a tenant turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantRefusal {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// Its first Owner would be a guest in it, and a user alone can be one (R13).
    #[error(
        "principal {principal} is no user, and nobody else can be a guest in a new tenant (R13): let a \
         user create it: strongroom tenant create {} --as PRINCIPAL", shell_word(name.as_str())
    )]
    NotAUser {
        /// What was to be created.
        name: DisplayName,
        /// Who asked.
        principal: PrincipalId,
    },
    /// The id drawn is that of another tenant.
    #[error("a tenant with this id exists: create it with another id")]
    IdTaken,
    /// There is no such tenant.
    #[error("there is no such tenant: see those there are with: strongroom tenant list")]
    NotFound,
}

impl Outcome for TenantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NoOp => "NoOp",
            Self::NotAUser { .. } => "GuestsAreUsers",
            Self::IdTaken => "TenantAlreadyExists",
            Self::NotFound => "TenantNotFound",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoOp | Self::NotAUser { .. } | Self::IdTaken => OutcomeKind::Refused,
            Self::NotFound => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NotAUser { .. } => Retry::AfterRepair,
            Self::NoOp | Self::IdTaken | Self::NotFound => Retry::Never,
        }
    }
}

/// The key under which a tenant is found by name. Not unique: whether a name is taken elsewhere is
/// not for a tenant to know (I5).
#[must_use]
pub fn tenant_name_key(name: &DisplayName) -> String {
    name.folded()
}

/// The machine of a tenant; no state is one that was never made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TenantMachine;

impl Machine for TenantMachine {
    type State = Option<Tenant>;
    type Command = TenantCommand;
    type Facts<'a> = TenantFacts;
    type Event = TenantEvent;
    type Effect = Infallible;
    type Refusal = TenantRefusal;

    fn decide(
        state: &Option<Tenant>,
        command: &TenantCommand,
        facts: &TenantFacts,
    ) -> Result<Vec<TenantEvent>, TenantRefusal> {
        if command.requires().is_some() {
            facts.authority.clone()?;
        }
        match (state, command) {
            (
                None,
                TenantCommand::Create {
                    id,
                    name,
                    administrator: _,
                    at: _,
                },
            ) => Ok(vec![TenantEvent::Created(Tenant {
                v: SchemaV1::default(),
                id: *id,
                name: name.clone(),
                founding: Founding::Done,
            })]),
            (None, TenantCommand::AssignFirstOwner) => Err(TenantRefusal::NotFound),
            (Some(_), TenantCommand::Create { .. }) => Err(TenantRefusal::IdTaken),
            (Some(tenant), TenantCommand::AssignFirstOwner) => match tenant.founding {
                Founding::Owing { .. } => Ok(vec![TenantEvent::Founded]),
                Founding::Done => Err(TenantRefusal::NoOp),
            },
        }
    }

    fn evolve(state: &mut Option<Tenant>, event: &TenantEvent) {
        match event {
            TenantEvent::Created(tenant) => *state = Some(tenant.clone()),
            TenantEvent::Founded => {
                if let Some(tenant) = state {
                    tenant.founding = Founding::Done;
                }
            }
        }
    }

    fn effects(_state: &Option<Tenant>, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &Option<Tenant>) -> Option<Timestamp> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, denied, principal, tenant};

    fn create() -> TenantCommand {
        let name = "Contoso".parse().unwrap();
        let at = Timestamp::from_unix_millis(1);
        TenantCommand::Create {
            id: tenant(1),
            name,
            administrator: principal(1),
            at,
        }
    }

    /// As an earlier version left it between its two commits.
    fn owing() -> Tenant {
        Tenant {
            v: SchemaV1::default(),
            id: tenant(1),
            name: "Contoso".parse().unwrap(),
            founding: Founding::Owing {
                administrator: principal(1),
                since: Timestamp::from_unix_millis(1),
            },
        }
    }

    #[test]
    fn table() {
        let allowed = TenantFacts { authority: Ok(()) };
        let mut done = None;
        for event in TenantMachine::decide(&done, &create(), &allowed).unwrap() {
            TenantMachine::evolve(&mut done, &event);
        }
        let states = [
            ("absent", None),
            ("founding owed", Some(owing())),
            ("founded", done),
        ];
        let commands = [
            ("create", create()),
            ("assign first owner", TenantCommand::AssignFirstOwner),
        ];
        let facts = [
            ("allowed", allowed),
            (
                "denied",
                TenantFacts {
                    authority: Err(denied()),
                },
            ),
        ];
        insta::assert_snapshot!(Table::<TenantMachine>::of(&states, &commands, &facts));
    }

    #[test]
    fn a_tenant_has_its_first_owner_from_the_start_or_once_what_was_owed_is_done() {
        let facts = TenantFacts { authority: Ok(()) };
        for (mut state, command) in [
            (None, create()),
            (Some(owing()), TenantCommand::AssignFirstOwner),
        ] {
            for event in TenantMachine::decide(&state, &command, &facts).unwrap() {
                TenantMachine::evolve(&mut state, &event);
            }
            assert_eq!(state.as_ref().unwrap().founding, Founding::Done);
            let again = TenantMachine::decide(&state, &TenantCommand::AssignFirstOwner, &facts);
            assert_eq!(again, Err(TenantRefusal::NoOp));
        }
    }
}
