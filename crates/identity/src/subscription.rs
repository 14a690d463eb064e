//! A subscription: what a tenant owns. It moves to another tenant, whatever it holds, in one row.

use core::convert::Infallible;

use strongroom_base::{Machine, Outcome, OutcomeKind, Retry, SubscriptionId, TenantId, Timestamp};

use crate::{Action, Crossing, Denied, DisplayName, SchemaV1, Tenancy, Verdict};

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct Subscription {
    /// The schema.
    pub v: SchemaV1,
    /// Its id: the same in every tenant.
    pub id: SubscriptionId,
    /// Its name.
    pub name: DisplayName,
    /// The tenant it belongs to now, and with it everything that it holds.
    pub tenant: TenantId,
    /// How often that has changed.
    pub tenancy: Tenancy,
    /// Whether new things may be made in it.
    pub state: SubscriptionState,
}

/// Whether new things may be made in a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum SubscriptionState {
    /// As usual.
    Enabled,
    /// Nothing is made in it or moved into it. What it holds goes on as it is, and can be moved out.
    Disabled,
}

/// What can be asked of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum SubscriptionCommand {
    /// Make it in a tenant.
    Create {
        /// The id, drawn by the driver.
        id: SubscriptionId,
        /// The name.
        name: DisplayName,
        /// The tenant.
        tenant: TenantId,
    },
    /// Give it another name.
    Rename {
        /// The name.
        name: DisplayName,
    },
    /// Move it to another tenant, with everything that it holds (R13).
    Move {
        /// Where to.
        tenant: TenantId,
    },
    /// Let nothing new be made in it.
    Disable,
    /// Let new things be made in it again.
    Enable,
}

impl SubscriptionCommand {
    /// What the caller must be allowed at the subscription itself; for a creation, at the root of
    /// the tenant.
    #[must_use]
    pub const fn requires(&self) -> Action {
        match self {
            Self::Create { .. } => Action::SubscriptionsWrite,
            Self::Rename { .. } => Action::SubscriptionsRename,
            Self::Move { .. } => Action::TenantChange,
            Self::Disable => Action::SubscriptionsCancel,
            Self::Enable => Action::SubscriptionsEnable,
        }
    }

    /// What the caller must be allowed at the root of another tenant, and which.
    #[must_use]
    pub const fn requires_there(&self) -> Option<(TenantId, Action)> {
        match self {
            Self::Move { tenant } => Some((*tenant, Action::SubscriptionsWrite)),
            Self::Create { .. } | Self::Rename { .. } | Self::Disable | Self::Enable => None,
        }
    }
}

/// What has to be known to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionFacts {
    /// Whether the caller has what [`SubscriptionCommand::requires`] and
    /// [`SubscriptionCommand::requires_there`]: the first that says no. A tenant that is not there
    /// says no like one that the caller may not see.
    pub authority: Verdict,
}

/// What happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum SubscriptionEvent {
    /// It was made.
    Created(Subscription),
    /// It has another name.
    Renamed {
        /// The name.
        name: DisplayName,
    },
    /// It went to another tenant. The role assignments of the old one are void, below it as well, and
    /// the managed identities of its resources stay behind (R13): both are computed, none is written.
    Moved {
        /// Where from.
        from: TenantId,
        /// Where to.
        to: TenantId,
    },
    /// Nothing new may be made in it.
    Disabled,
    /// New things may be made in it again.
    Enabled,
}

/// Why a subscription turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionRefusal {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// The id drawn is that of another subscription.
    #[error("a subscription with this id exists: create it with another id")]
    IdTaken,
    /// There is no such subscription.
    #[error(
        "there is no such subscription: see those there are with: strongroom subscription list"
    )]
    NotFound,
}

impl Outcome for SubscriptionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NoOp => "NoOp",
            Self::IdTaken => "SubscriptionAlreadyExists",
            Self::NotFound => "SubscriptionNotFound",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoOp | Self::IdTaken => OutcomeKind::Refused,
            Self::NotFound => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NoOp | Self::IdTaken | Self::NotFound => Retry::Never,
        }
    }
}

/// The key under which a subscription is found by name in its tenant. Not unique: a move must not
/// fail because of a name in a tenant that the mover may not look into (I5).
#[must_use]
pub fn subscription_name_key(tenant: TenantId, name: &DisplayName) -> String {
    format!("{tenant}/{}", name.folded())
}

/// The machine of a subscription; no state is one that was never made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SubscriptionMachine;

impl Machine for SubscriptionMachine {
    type State = Option<Subscription>;
    type Command = SubscriptionCommand;
    type Facts<'a> = SubscriptionFacts;
    type Event = SubscriptionEvent;
    type Effect = Infallible;
    type Refusal = SubscriptionRefusal;

    fn decide(
        state: &Option<Subscription>,
        command: &SubscriptionCommand,
        facts: &SubscriptionFacts,
    ) -> Result<Vec<SubscriptionEvent>, SubscriptionRefusal> {
        facts.authority.clone()?;
        match state {
            None => absent(command),
            Some(subscription) => present(subscription, command),
        }
    }

    fn evolve(state: &mut Option<Subscription>, event: &SubscriptionEvent) {
        if let SubscriptionEvent::Created(subscription) = event {
            *state = Some(subscription.clone());
        }
        let Some(subscription) = state else { return };
        match event {
            SubscriptionEvent::Created(_) => {}
            SubscriptionEvent::Renamed { name } => subscription.name = name.clone(),
            SubscriptionEvent::Moved { from, to } => {
                subscription.tenant = *to;
                subscription.tenancy = subscription.tenancy.after(Crossing::between(*from, *to));
            }
            SubscriptionEvent::Disabled => subscription.state = SubscriptionState::Disabled,
            SubscriptionEvent::Enabled => subscription.state = SubscriptionState::Enabled,
        }
    }

    fn effects(_state: &Option<Subscription>, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &Option<Subscription>) -> Option<Timestamp> {
        None
    }
}

fn absent(command: &SubscriptionCommand) -> Result<Vec<SubscriptionEvent>, SubscriptionRefusal> {
    match command {
        SubscriptionCommand::Create { id, name, tenant } => {
            Ok(vec![SubscriptionEvent::Created(Subscription {
                v: SchemaV1::default(),
                id: *id,
                name: name.clone(),
                tenant: *tenant,
                tenancy: Tenancy::default(),
                state: SubscriptionState::Enabled,
            })])
        }
        SubscriptionCommand::Rename { .. }
        | SubscriptionCommand::Move { .. }
        | SubscriptionCommand::Disable
        | SubscriptionCommand::Enable => Err(SubscriptionRefusal::NotFound),
    }
}

fn present(
    subscription: &Subscription,
    command: &SubscriptionCommand,
) -> Result<Vec<SubscriptionEvent>, SubscriptionRefusal> {
    let event = match (command, subscription.state) {
        (SubscriptionCommand::Create { .. }, _) => return Err(SubscriptionRefusal::IdTaken),
        (SubscriptionCommand::Rename { name }, _) if *name != subscription.name => {
            SubscriptionEvent::Renamed { name: name.clone() }
        }
        (SubscriptionCommand::Move { tenant }, _) if *tenant != subscription.tenant => {
            SubscriptionEvent::Moved {
                from: subscription.tenant,
                to: *tenant,
            }
        }
        (SubscriptionCommand::Disable, SubscriptionState::Enabled) => SubscriptionEvent::Disabled,
        (SubscriptionCommand::Enable, SubscriptionState::Disabled) => SubscriptionEvent::Enabled,
        (SubscriptionCommand::Rename { .. } | SubscriptionCommand::Move { .. }, _)
        | (SubscriptionCommand::Disable, SubscriptionState::Disabled)
        | (SubscriptionCommand::Enable, SubscriptionState::Enabled) => {
            return Err(SubscriptionRefusal::NoOp);
        }
    };
    Ok(vec![event])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, denied, subscription, subscription_id, tenant};

    #[test]
    fn table() {
        let enabled = subscription(1, 1);
        let disabled = Subscription {
            state: SubscriptionState::Disabled,
            ..enabled.clone()
        };
        let states = [
            ("absent", None),
            ("enabled", Some(enabled)),
            ("disabled", Some(disabled)),
        ];
        let name: DisplayName = "Sales".parse().unwrap();
        let commands = [
            (
                "create",
                SubscriptionCommand::Create {
                    id: subscription_id(1),
                    name: name.clone(),
                    tenant: tenant(1),
                },
            ),
            ("rename", SubscriptionCommand::Rename { name }),
            (
                "rename to its name",
                SubscriptionCommand::Rename {
                    name: "Subscription 1".parse().unwrap(),
                },
            ),
            ("move", SubscriptionCommand::Move { tenant: tenant(2) }),
            (
                "move to its tenant",
                SubscriptionCommand::Move { tenant: tenant(1) },
            ),
            ("disable", SubscriptionCommand::Disable),
            ("enable", SubscriptionCommand::Enable),
        ];
        let facts = [
            ("allowed", SubscriptionFacts { authority: Ok(()) }),
            (
                "denied",
                SubscriptionFacts {
                    authority: Err(denied()),
                },
            ),
        ];
        insta::assert_snapshot!(Table::<SubscriptionMachine>::of(&states, &commands, &facts));
    }

    #[test]
    fn r13_a_move_asks_for_a_right_at_its_destination() {
        let to = SubscriptionCommand::Move { tenant: tenant(2) };
        let needed = Action::SubscriptionsWrite;
        assert_eq!(to.requires_there(), Some((tenant(2), needed)));
        for stays in [SubscriptionCommand::Disable, SubscriptionCommand::Enable] {
            assert_eq!(stays.requires_there(), None);
        }
    }
}
