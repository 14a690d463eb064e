//! The system-assigned identity of a resource: part of the resource's state, its rules here.

use core::convert::Infallible;

use strongroom_base::{
    Machine, Outcome, OutcomeKind, PrincipalId, ResourceName, Retry, TenantId, Timestamp,
};

use crate::Standing;

/// The managed identity of a resource, as the resource stores it. That a move left it behind is never
/// stored: it is seen by comparing its home with the resource's present tenant (R13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum ManagedIdentity {
    /// There is none.
    #[default]
    Off,
    /// There is one.
    On {
        /// Its object id.
        principal: PrincipalId,
        /// The tenant in which it was made, and stays.
        home: TenantId,
        /// Since when.
        since: Timestamp,
    },
}

impl ManagedIdentity {
    /// What it is worth in the tenant that its resource is in now.
    #[must_use]
    pub fn standing(&self, present: TenantId) -> IdentityStanding {
        match *self {
            Self::Off => IdentityStanding::Off,
            Self::On {
                principal, home, ..
            } if home == present => IdentityStanding::On { principal },
            Self::On {
                principal, home, ..
            } => IdentityStanding::LeftBehind {
                principal,
                home,
                present,
            },
        }
    }

    /// What a move of its resource, by whatever holds it, from one tenant to another means. Nothing
    /// is written for it.
    #[must_use]
    pub fn on_move(&self, from: TenantId, to: TenantId) -> MoveMeaning {
        match *self {
            Self::On { home, .. } if from == home && to != home => MoveMeaning::StaysBehind,
            Self::On { home, .. } if from != home && to == home => MoveMeaning::WorksAgain,
            Self::On { .. } | Self::Off => MoveMeaning::Nothing,
        }
    }
}

/// What a managed identity is worth in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum IdentityStanding {
    /// There is none.
    Off,
    /// It is at home.
    On {
        /// Its object id.
        principal: PrincipalId,
    },
    /// A move to another tenant left it behind (R13).
    LeftBehind {
        /// Its object id.
        principal: PrincipalId,
        /// The tenant where it stayed.
        home: TenantId,
        /// The tenant where its resource is.
        present: TenantId,
    },
}

/// What a move of its resource means for a managed identity (R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an explanation must name each")]
pub enum MoveMeaning {
    /// It is as it was.
    Nothing,
    /// It stays in its tenant and has no access for its resource any more.
    StaysBehind,
    /// It is at home again, as the same principal.
    WorksAgain,
}

/// What can be asked of a managed identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum IdentityCommand {
    /// Make one: each time a new principal (R12).
    Enable {
        /// The object id, drawn by the driver.
        principal: PrincipalId,
        /// The moment.
        at: Timestamp,
    },
    /// Give it up; its principal is owed a
    /// [`Retire`](crate::PrincipalCommand::Retire).
    Disable,
}

/// What has to be known to decide. Whether the caller may is the resource's to ask:
/// [`Action::AccountsWrite`](crate::Action::AccountsWrite).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityFacts {
    /// The tenant that the resource is in now.
    pub present: TenantId,
}

/// What happened to a managed identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum IdentityEvent {
    /// It was made.
    Enabled {
        /// Its object id.
        principal: PrincipalId,
        /// The tenant in which it was made.
        home: TenantId,
        /// Since when.
        at: Timestamp,
    },
    /// It was given up.
    Disabled {
        /// The principal to be deleted.
        principal: PrincipalId,
        /// In the directory of this tenant.
        home: TenantId,
    },
}

/// Why a managed identity turns a command down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityRefusal {
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// It is on, and of no use where the resource is. To make it anew gives up the way back, so it
    /// takes a word of its own.
    #[error(
        "the managed identity stayed in tenant {home} when the resource came to {present} (R13): move \
         the resource back, or make it anew, after which the old one is lost for good"
    )]
    LeftBehind {
        /// Where it stayed.
        home: TenantId,
        /// Where its resource is.
        present: TenantId,
    },
}

impl Outcome for IdentityRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoOp => "NoOp",
            Self::LeftBehind { .. } => "IdentityLeftBehind",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Refused
    }

    fn retry(&self) -> Retry {
        match self {
            Self::NoOp => Retry::Never,
            Self::LeftBehind { .. } => Retry::AfterRepair,
        }
    }
}

/// Why there is no token for a resource: the directory says no, so it is a denial, and revokes
/// (R12, R13). It heals as soon as what it names is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        tag = "cause",
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[expect(clippy::exhaustive_enums, reason = "a revocation must name its cause")]
pub enum NoToken {
    /// The managed identity is off.
    #[error("the managed identity is off (R12)")]
    IdentityOff,
    /// A move to another tenant left it behind.
    #[error(
        "the managed identity stayed in tenant {home} when the resource came to {present} (R13)"
    )]
    LeftBehind {
        /// Where it stayed.
        home: TenantId,
        /// Where its resource is.
        present: TenantId,
    },
    /// Its principal was deleted, or is not registered yet.
    #[error("principal {principal} of the managed identity is not in the directory (R12)")]
    PrincipalDeleted {
        /// Which.
        principal: PrincipalId,
    },
    /// Its principal is disabled.
    #[error("principal {principal} of the managed identity is disabled (R12)")]
    PrincipalDisabled {
        /// Which.
        principal: PrincipalId,
    },
}

impl IdentityRefusal {
    /// What would satisfy it, for the resource of this name.
    #[must_use]
    pub fn remedy(self, resource: &ResourceName) -> Option<String> {
        match self {
            Self::NoOp => None,
            Self::LeftBehind { .. } => Some(made_anew(resource)),
        }
    }
}

impl NoToken {
    /// What would turn it into a yes, for the resource of this name.
    #[must_use]
    pub fn remedy(self, resource: &ResourceName) -> String {
        match self {
            Self::IdentityOff => format!(
                "enable it: strongroom resource identity enable {resource}; and grant the new principal \
                 access to the vault"
            ),
            Self::LeftBehind { present, .. } => format!(
                "move everything back, or make it anew: {}; and grant it access to the vault, which must \
                 trust {present}",
                made_anew(resource)
            ),
            Self::PrincipalDeleted { .. } => format!(
                "make it anew: {}; and grant it access to the vault",
                made_anew(resource)
            ),
            Self::PrincipalDisabled { principal } => format!(
                "an owner of its tenant enables it: strongroom principal enable {principal}"
            ),
        }
    }
}

fn made_anew(resource: &ResourceName) -> String {
    format!(
        "strongroom resource identity disable {resource}, then: strongroom resource identity enable \
         {resource}"
    )
}

impl Outcome for NoToken {
    fn code(&self) -> &'static str {
        match self {
            Self::IdentityOff => "IdentityOff",
            Self::LeftBehind { .. } => "IdentityLeftBehind",
            Self::PrincipalDeleted { .. } => "PrincipalDeleted",
            Self::PrincipalDisabled { .. } => "PrincipalDisabled",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Denied
    }

    fn retry(&self) -> Retry {
        Retry::AfterRepair
    }
}

/// The principal for which a resource gets a token in the tenant it is in now, given what the
/// directory says of that principal at this moment: nothing here outlives the call.
///
/// # Errors
/// The cause, the first that holds: off, left behind, deleted, disabled.
pub fn token_for(
    identity: &ManagedIdentity,
    present: TenantId,
    directory: Standing,
) -> Result<PrincipalId, NoToken> {
    match (identity.standing(present), directory) {
        (IdentityStanding::Off, _) => Err(NoToken::IdentityOff),
        (IdentityStanding::LeftBehind { home, present, .. }, _) => {
            Err(NoToken::LeftBehind { home, present })
        }
        (IdentityStanding::On { principal }, Standing::Gone) => {
            Err(NoToken::PrincipalDeleted { principal })
        }
        (IdentityStanding::On { principal }, Standing::Disabled) => {
            Err(NoToken::PrincipalDisabled { principal })
        }
        (IdentityStanding::On { principal }, Standing::Enabled) => Ok(principal),
    }
}

/// The machine of a managed identity, for the resource's own to embed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IdentityMachine;

impl Machine for IdentityMachine {
    type State = ManagedIdentity;
    type Command = IdentityCommand;
    type Facts<'a> = IdentityFacts;
    type Event = IdentityEvent;
    type Effect = Infallible;
    type Refusal = IdentityRefusal;

    fn decide(
        state: &ManagedIdentity,
        command: &IdentityCommand,
        facts: &IdentityFacts,
    ) -> Result<Vec<IdentityEvent>, IdentityRefusal> {
        match (*state, *command) {
            (ManagedIdentity::Off, IdentityCommand::Enable { principal, at }) => {
                Ok(vec![IdentityEvent::Enabled {
                    principal,
                    home: facts.present,
                    at,
                }])
            }
            (ManagedIdentity::Off, IdentityCommand::Disable) => Err(IdentityRefusal::NoOp),
            (ManagedIdentity::On { home, .. }, IdentityCommand::Enable { .. }) => {
                let present = facts.present;
                Err(if home == present {
                    IdentityRefusal::NoOp
                } else {
                    IdentityRefusal::LeftBehind { home, present }
                })
            }
            (
                ManagedIdentity::On {
                    principal, home, ..
                },
                IdentityCommand::Disable,
            ) => Ok(vec![IdentityEvent::Disabled { principal, home }]),
        }
    }

    fn evolve(state: &mut ManagedIdentity, event: &IdentityEvent) {
        *state = match *event {
            IdentityEvent::Enabled {
                principal,
                home,
                at,
            } => ManagedIdentity::On {
                principal,
                home,
                since: at,
            },
            IdentityEvent::Disabled { .. } => ManagedIdentity::Off,
        };
    }

    fn effects(_state: &ManagedIdentity, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &ManagedIdentity) -> Option<Timestamp> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, principal, tenant};

    const AT: Timestamp = Timestamp::from_unix_millis(1);

    fn on(number: u8, home: u8) -> ManagedIdentity {
        ManagedIdentity::On {
            principal: principal(number),
            home: tenant(home),
            since: AT,
        }
    }

    fn apply(state: &mut ManagedIdentity, command: IdentityCommand, present: u8) {
        let facts = IdentityFacts {
            present: tenant(present),
        };
        for event in IdentityMachine::decide(state, &command, &facts).unwrap() {
            IdentityMachine::evolve(state, &event);
        }
    }

    #[test]
    fn table() {
        let states = [("off", ManagedIdentity::Off), ("on, made in 1", on(1, 1))];
        let commands = [
            (
                "enable",
                IdentityCommand::Enable {
                    principal: principal(2),
                    at: AT,
                },
            ),
            ("disable", IdentityCommand::Disable),
        ];
        let facts = [1, 2].map(|number| IdentityFacts {
            present: tenant(number),
        });
        let facts = [("resource in 1", facts[0]), ("resource in 2", facts[1])];
        insta::assert_snapshot!(Table::<IdentityMachine>::of(&states, &commands, &facts));
    }

    #[test]
    fn r12_off_and_on_again_is_another_principal() {
        let mut identity = on(1, 1);
        apply(&mut identity, IdentityCommand::Disable, 1);
        assert_eq!(
            token_for(&identity, tenant(1), Standing::Enabled),
            Err(NoToken::IdentityOff)
        );
        apply(
            &mut identity,
            IdentityCommand::Enable {
                principal: principal(2),
                at: AT,
            },
            1,
        );
        assert_eq!(
            token_for(&identity, tenant(1), Standing::Enabled),
            Ok(principal(2))
        );
    }

    #[test]
    fn r12_a_principal_that_is_gone_or_disabled_gets_no_token() {
        let token = |standing| token_for(&on(1, 1), tenant(1), standing);
        let principal = principal(1);
        assert_eq!(
            token(Standing::Gone),
            Err(NoToken::PrincipalDeleted { principal })
        );
        assert_eq!(
            token(Standing::Disabled),
            Err(NoToken::PrincipalDisabled { principal })
        );
        assert_eq!(
            token(Standing::Gone).unwrap_err().kind(),
            OutcomeKind::Denied
        );
    }

    #[test]
    fn r13_moved_back_the_same_identity_works_again() {
        let identity = on(1, 1);
        assert_eq!(
            identity.on_move(tenant(1), tenant(2)),
            MoveMeaning::StaysBehind
        );
        let left = Err(NoToken::LeftBehind {
            home: tenant(1),
            present: tenant(2),
        });
        assert_eq!(token_for(&identity, tenant(2), Standing::Enabled), left);
        assert_eq!(identity.on_move(tenant(2), tenant(3)), MoveMeaning::Nothing);
        assert_eq!(
            identity.on_move(tenant(3), tenant(1)),
            MoveMeaning::WorksAgain
        );
        assert_eq!(
            token_for(&identity, tenant(1), Standing::Enabled),
            Ok(principal(1))
        );
    }

    #[test]
    fn r13_made_anew_elsewhere_the_old_identity_does_not_come_back() {
        let mut identity = on(1, 1);
        apply(&mut identity, IdentityCommand::Disable, 2);
        apply(
            &mut identity,
            IdentityCommand::Enable {
                principal: principal(2),
                at: AT,
            },
            2,
        );
        assert_eq!(
            token_for(&identity, tenant(2), Standing::Enabled),
            Ok(principal(2))
        );
        let left = Err(NoToken::LeftBehind {
            home: tenant(2),
            present: tenant(1),
        });
        assert_eq!(token_for(&identity, tenant(1), Standing::Enabled), left);
    }

    #[test]
    fn r12_each_no_has_a_code_of_its_own_and_a_remedy_that_names_what_to_type() {
        let (home, present, principal) = (tenant(1), tenant(2), principal(3));
        let notes = "notes".parse().unwrap();
        let (enable, disable) = (
            "strongroom resource identity enable notes",
            "strongroom resource identity disable notes",
        );
        let again = format!("{disable}, then: {enable}");
        let mine = format!("strongroom principal enable {principal}");
        for (no, code, remedy) in [
            (NoToken::IdentityOff, "IdentityOff", enable),
            (
                NoToken::LeftBehind { home, present },
                "IdentityLeftBehind",
                &again,
            ),
            (
                NoToken::PrincipalDeleted { principal },
                "PrincipalDeleted",
                &again,
            ),
            (
                NoToken::PrincipalDisabled { principal },
                "PrincipalDisabled",
                &mine,
            ),
        ] {
            assert_eq!(no.code(), code);
            let told = no.remedy(&notes);
            assert!(told.contains(remedy), "{told}");
        }
        // What is refused when it is asked for is mended in the same way; what is so already needs nothing.
        let left = IdentityRefusal::LeftBehind { home, present };
        assert_eq!(left.remedy(&notes), Some(again));
        assert_eq!(IdentityRefusal::NoOp.remedy(&notes), None);
    }
}
