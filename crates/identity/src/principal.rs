//! A principal: anyone who can authenticate. Its object id is never given to another.

use core::convert::Infallible;

use strongroom_base::{
    Machine, Outcome, OutcomeKind, PrincipalId, ResourceUid, Retry, TenantId, Timestamp,
};

use crate::{Action, AppId, Denied, DisplayName, NameUse, SchemaV1, Verdict};

/// A principal of a tenant's directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct Principal {
    /// The schema.
    pub v: SchemaV1,
    /// Its object id.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// The tenant that it is registered in, for good: a principal does not move (R13).
    pub home: TenantId,
    /// Its name; that of a managed identity is its resource's when it was made.
    pub name: DisplayName,
    /// Whether it may authenticate.
    pub life: PrincipalLife,
}

impl Principal {
    /// Whether it may authenticate, as a fact for others.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self.life {
            PrincipalLife::Enabled => Standing::Enabled,
            PrincipalLife::Disabled => Standing::Disabled,
            PrincipalLife::Deleted { .. } => Standing::Gone,
        }
    }
}

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "rules must judge each kind")]
pub enum PrincipalKind {
    /// A person. It alone can be a guest: hold a role in another tenant.
    User,
    /// An application, by its client id. An access policy that names an application id is not one for
    /// the identity of a resource (R9).
    Application {
        /// The client id.
        app: AppId,
    },
    /// The system-assigned identity of a resource.
    ManagedIdentity {
        /// The resource.
        of: ResourceUid,
    },
}

/// Whether a principal may authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum PrincipalLife {
    /// It may.
    Enabled,
    /// It may not until it is enabled.
    Disabled,
    /// It never will again. The row stays, so that the id is never given to another.
    Deleted {
        /// Since when.
        at: Timestamp,
    },
}

/// What the directory says of a principal, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "rules must judge each")]
pub enum Standing {
    /// Registered and enabled.
    Enabled,
    /// Registered, and not to be let in.
    Disabled,
    /// Deleted, or never registered.
    Gone,
}

/// What can be asked of a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum PrincipalCommand {
    /// Register it. A managed identity is registered by Strongroom, as a part of what its resource
    /// was asked (R11); asking again is no harm.
    Register {
        /// The object id, drawn by the driver.
        id: PrincipalId,
        /// What it is.
        kind: PrincipalKind,
        /// The tenant.
        home: TenantId,
        /// The name.
        name: DisplayName,
    },
    /// Let it authenticate no more.
    Disable,
    /// Let it authenticate again.
    Enable,
    /// Delete a user or application for good.
    Delete {
        /// The moment.
        at: Timestamp,
    },
    /// Delete the managed identity whose resource has given it up (R12). Strongroom's own.
    Retire {
        /// The moment.
        at: Timestamp,
    },
}

impl PrincipalCommand {
    /// What the caller must be allowed at the root of the principal's tenant; nothing for what
    /// Strongroom does itself.
    #[must_use]
    pub const fn requires(&self) -> Option<Action> {
        match self {
            Self::Register {
                kind: PrincipalKind::ManagedIdentity { .. },
                ..
            }
            | Self::Retire { .. } => None,
            Self::Register {
                kind: PrincipalKind::User | PrincipalKind::Application { .. },
                ..
            } => Some(Action::PrincipalsCreate),
            Self::Disable => Some(Action::PrincipalsDisable),
            Self::Enable => Some(Action::PrincipalsEnable),
            Self::Delete { .. } => Some(Action::PrincipalsDelete),
        }
    }
}

/// What has to be known to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalFacts {
    /// Whether the caller has what [`PrincipalCommand::requires`].
    pub authority: Verdict,
    /// Whether the name is free among the users and applications of the tenant.
    pub name: NameUse,
}

/// What happened to a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum PrincipalEvent {
    /// It was registered.
    Registered(Principal),
    /// It may authenticate no more.
    Disabled,
    /// It may again.
    Enabled,
    /// It is gone for good.
    Deleted {
        /// Since when.
        at: Timestamp,
    },
}

/// Why a principal turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrincipalRefusal {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// The object id is, or was, another principal's.
    #[error(
        "object id {id} is or was another principal's and is never used again (R12): draw another"
    )]
    IdTaken {
        /// Which.
        id: PrincipalId,
    },
    /// Another user or application of the tenant has the name.
    #[error("tenant {home} has a principal `{name}`: choose another name")]
    NameTaken {
        /// Where.
        home: TenantId,
        /// The name.
        name: DisplayName,
    },
    /// There is no such principal.
    #[error("there is no such principal: see those there are with: strongroom principal list")]
    NotFound,
    /// It was deleted.
    #[error("principal {id} was deleted and does not come back: register a new one")]
    Deleted {
        /// Which.
        id: PrincipalId,
    },
    /// A managed identity lives and dies with its resource.
    #[error(
        "principal {id} is the managed identity of resource {of} and is deleted by it alone (R12): \
         strongroom resource identity disable {of}"
    )]
    OwnedByResource {
        /// Which.
        id: PrincipalId,
        /// Whose.
        of: ResourceUid,
    },
    /// Only a managed identity is given up by a resource.
    #[error(
        "principal {id} is no managed identity, so no resource gives it up: strongroom principal delete {id}"
    )]
    NotOwnedByResource {
        /// Which.
        id: PrincipalId,
    },
}

impl Outcome for PrincipalRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NoOp => "NoOp",
            Self::IdTaken { .. } => "PrincipalIdTaken",
            Self::NameTaken { .. } => "PrincipalNameTaken",
            Self::NotFound => "PrincipalNotFound",
            Self::Deleted { .. } => "PrincipalDeleted",
            Self::OwnedByResource { .. } => "ManagedIdentityOwnedByResource",
            Self::NotOwnedByResource { .. } => "NotAManagedIdentity",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => OutcomeKind::BadInput,
            Self::NoOp
            | Self::IdTaken { .. }
            | Self::NameTaken { .. }
            | Self::Deleted { .. }
            | Self::OwnedByResource { .. }
            | Self::NotOwnedByResource { .. } => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NameTaken { .. } => Retry::AfterRepair,
            Self::NotFound
            | Self::NoOp
            | Self::IdTaken { .. }
            | Self::Deleted { .. }
            | Self::OwnedByResource { .. }
            | Self::NotOwnedByResource { .. } => Retry::Never,
        }
    }
}

/// The unique key of the name of a user or application in its tenant. Managed identities have none:
/// they are named after resources, of which several may share a name.
#[must_use]
pub fn principal_name_key(principal: &Principal) -> Option<String> {
    match (principal.kind, principal.life) {
        (PrincipalKind::ManagedIdentity { .. }, _) | (_, PrincipalLife::Deleted { .. }) => None,
        (
            PrincipalKind::User | PrincipalKind::Application { .. },
            PrincipalLife::Enabled | PrincipalLife::Disabled,
        ) => Some(format!("{}/{}", principal.home, principal.name.folded())),
    }
}

/// The machine of a principal; no state is one that was never registered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PrincipalMachine;

type Decision = Result<Vec<PrincipalEvent>, PrincipalRefusal>;

impl Machine for PrincipalMachine {
    type State = Option<Principal>;
    type Command = PrincipalCommand;
    type Facts<'a> = PrincipalFacts;
    type Event = PrincipalEvent;
    type Effect = Infallible;
    type Refusal = PrincipalRefusal;

    fn decide(
        state: &Option<Principal>,
        command: &PrincipalCommand,
        facts: &PrincipalFacts,
    ) -> Decision {
        if command.requires().is_some() {
            facts.authority.clone()?;
        }
        match state {
            None => absent(command, facts),
            Some(principal) => present(principal, command),
        }
    }

    fn evolve(state: &mut Option<Principal>, event: &PrincipalEvent) {
        if let PrincipalEvent::Registered(principal) = event {
            *state = Some(principal.clone());
        }
        let Some(principal) = state else { return };
        match event {
            PrincipalEvent::Registered(_) => {}
            PrincipalEvent::Disabled => principal.life = PrincipalLife::Disabled,
            PrincipalEvent::Enabled => principal.life = PrincipalLife::Enabled,
            PrincipalEvent::Deleted { at } => principal.life = PrincipalLife::Deleted { at: *at },
        }
    }

    fn effects(_state: &Option<Principal>, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &Option<Principal>) -> Option<Timestamp> {
        None
    }
}

fn absent(command: &PrincipalCommand, facts: &PrincipalFacts) -> Decision {
    match command {
        PrincipalCommand::Register {
            id,
            kind,
            home,
            name,
        } => {
            match (kind, facts.name) {
                (PrincipalKind::User | PrincipalKind::Application { .. }, NameUse::Taken) => {
                    return Err(PrincipalRefusal::NameTaken {
                        home: *home,
                        name: name.clone(),
                    });
                }
                (PrincipalKind::User | PrincipalKind::Application { .. }, NameUse::Free)
                | (PrincipalKind::ManagedIdentity { .. }, NameUse::Free | NameUse::Taken) => {}
            }
            Ok(vec![PrincipalEvent::Registered(Principal {
                v: SchemaV1::default(),
                id: *id,
                kind: *kind,
                home: *home,
                name: name.clone(),
                life: PrincipalLife::Enabled,
            })])
        }
        PrincipalCommand::Disable
        | PrincipalCommand::Enable
        | PrincipalCommand::Delete { .. }
        | PrincipalCommand::Retire { .. } => Err(PrincipalRefusal::NotFound),
    }
}

fn present(principal: &Principal, command: &PrincipalCommand) -> Decision {
    let id = principal.id;
    let event = match (command, principal.life) {
        (PrincipalCommand::Register { kind, home, .. }, life) => {
            // What was cut off registers again; a deleted one is never the same again (R12).
            let same = *kind == principal.kind && *home == principal.home;
            let alive = !matches!(life, PrincipalLife::Deleted { .. });
            let again = matches!(kind, PrincipalKind::ManagedIdentity { .. }) && same && alive;
            return Err(if again {
                PrincipalRefusal::NoOp
            } else {
                PrincipalRefusal::IdTaken { id }
            });
        }
        (PrincipalCommand::Disable, PrincipalLife::Enabled) => PrincipalEvent::Disabled,
        (PrincipalCommand::Enable, PrincipalLife::Disabled) => PrincipalEvent::Enabled,
        (PrincipalCommand::Disable, PrincipalLife::Disabled)
        | (PrincipalCommand::Enable, PrincipalLife::Enabled)
        | (
            PrincipalCommand::Delete { .. } | PrincipalCommand::Retire { .. },
            PrincipalLife::Deleted { .. },
        ) => {
            return Err(PrincipalRefusal::NoOp);
        }
        (PrincipalCommand::Disable | PrincipalCommand::Enable, PrincipalLife::Deleted { .. }) => {
            return Err(PrincipalRefusal::Deleted { id });
        }
        (PrincipalCommand::Delete { at }, PrincipalLife::Enabled | PrincipalLife::Disabled) => {
            if let PrincipalKind::ManagedIdentity { of } = principal.kind {
                return Err(PrincipalRefusal::OwnedByResource { id, of });
            }
            PrincipalEvent::Deleted { at: *at }
        }
        (PrincipalCommand::Retire { at }, PrincipalLife::Enabled | PrincipalLife::Disabled) => {
            match principal.kind {
                PrincipalKind::ManagedIdentity { .. } => PrincipalEvent::Deleted { at: *at },
                PrincipalKind::User | PrincipalKind::Application { .. } => {
                    return Err(PrincipalRefusal::NotOwnedByResource { id });
                }
            }
        }
    };
    Ok(vec![event])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, denied, principal, tenant, user};

    fn identity() -> Principal {
        let kind = PrincipalKind::ManagedIdentity {
            of: ResourceUid::from_bytes([9; 16]),
        };
        Principal { kind, ..user(1, 1) }
    }

    #[test]
    fn table() {
        let at = Timestamp::from_unix_millis(1);
        let with = |principal: Principal, life| Some(Principal { life, ..principal });
        let states = [
            ("absent", None),
            ("user enabled", Some(user(1, 1))),
            ("user disabled", with(user(1, 1), PrincipalLife::Disabled)),
            (
                "user deleted",
                with(user(1, 1), PrincipalLife::Deleted { at }),
            ),
            ("identity enabled", Some(identity())),
            (
                "identity disabled",
                with(identity(), PrincipalLife::Disabled),
            ),
            (
                "identity deleted",
                with(identity(), PrincipalLife::Deleted { at }),
            ),
        ];
        let register = |kind, home| PrincipalCommand::Register {
            id: principal(1),
            kind,
            home: tenant(home),
            name: "Ada".parse().unwrap(),
        };
        let commands = [
            ("register user", register(PrincipalKind::User, 1)),
            (
                "register application",
                register(
                    PrincipalKind::Application {
                        app: AppId::from_bytes([3; 16]),
                    },
                    1,
                ),
            ),
            ("register identity", register(identity().kind, 1)),
            ("register identity elsewhere", register(identity().kind, 2)),
            ("disable", PrincipalCommand::Disable),
            ("enable", PrincipalCommand::Enable),
            ("delete", PrincipalCommand::Delete { at }),
            ("retire", PrincipalCommand::Retire { at }),
        ];
        let facts = [
            (
                "allowed",
                PrincipalFacts {
                    authority: Ok(()),
                    name: NameUse::Free,
                },
            ),
            (
                "allowed, name taken",
                PrincipalFacts {
                    authority: Ok(()),
                    name: NameUse::Taken,
                },
            ),
            (
                "denied",
                PrincipalFacts {
                    authority: Err(denied()),
                    name: NameUse::Free,
                },
            ),
        ];
        insta::assert_snapshot!(Table::<PrincipalMachine>::of(&states, &commands, &facts));
    }
}
