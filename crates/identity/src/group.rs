//! A resource group: what a subscription holds. It moves, whatever it holds, in one row.

use core::convert::Infallible;

use strongroom_base::{
    Machine, Outcome, OutcomeKind, ResourceGroupName, Retry, SubscriptionId, TenantId, Timestamp,
};

use crate::{
    Action, Crossing, Denied, Descent, GroupUid, NameUse, SchemaV1, Subscription,
    SubscriptionState, Verdict,
};

/// A resource group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct ResourceGroup {
    /// The schema.
    pub v: SchemaV1,
    /// Its uid, by which what it holds names it.
    pub id: GroupUid,
    /// The subscription that holds it now.
    pub subscription: SubscriptionId,
    /// Its name, as given. ARM compares group names without regard to case.
    pub name: ResourceGroupName,
    /// From the tenancy of its subscription to its own.
    pub descent: Descent,
}

/// What can be asked of a resource group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum GroupCommand {
    /// Make it in a subscription.
    Create {
        /// The uid, drawn by the driver.
        id: GroupUid,
        /// The subscription.
        subscription: SubscriptionId,
        /// The name.
        name: ResourceGroupName,
    },
    /// Move it, with everything that it holds, to another subscription, of the same or another tenant.
    Move {
        /// Where to.
        subscription: SubscriptionId,
    },
}

impl GroupCommand {
    /// What the caller must be allowed where the group is; for a creation, at the subscription.
    #[must_use]
    pub const fn requires(&self, crossing: Crossing) -> &'static [Action] {
        match self {
            Self::Create { .. } => &[Action::GroupsWrite],
            Self::Move { .. } => crossing.requires(),
        }
    }

    /// What the caller must be allowed at the subscription it goes to, and which.
    #[must_use]
    pub const fn requires_there(&self) -> Option<(SubscriptionId, Action)> {
        match self {
            Self::Create { .. } => None,
            Self::Move { subscription } => Some((*subscription, Action::GroupsWrite)),
        }
    }
}

/// What has to be known to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts<'a> {
    /// Whether the caller has what [`GroupCommand::requires`] and [`GroupCommand::requires_there`]: the
    /// first that says no. A subscription that is not there says no like one that it may not see.
    pub authority: Verdict,
    /// The subscription that the command names; nowhere, if there is none of that id.
    pub target: Present<'a>,
    /// Whether the group's name is free there.
    pub name: NameUse,
    /// Where the group is now.
    pub present: Present<'a>,
}

/// Where a group is or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other")]
pub enum Present<'a> {
    /// In no subscription: it does not exist yet, or the one that is named does not.
    Nowhere,
    /// In this subscription.
    In(&'a Subscription),
}

/// What happened to a resource group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_enums, reason = "an audit must name each")]
pub enum GroupEvent {
    /// It was made.
    Created(ResourceGroup),
    /// It went to another subscription. If the tenants differ, what
    /// [`SubscriptionEvent::Moved`](crate::SubscriptionEvent::Moved) says follows for all it holds.
    Moved {
        /// Where to.
        subscription: SubscriptionId,
        /// From the tenancy of that one to its own.
        descent: Descent,
        /// The tenant it left.
        from: TenantId,
        /// The tenant it is in.
        to: TenantId,
    },
}

/// Why a resource group turns a command down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupRefusal {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// The uid drawn is that of another group.
    #[error("a group with this uid exists: create it with another uid")]
    IdTaken,
    /// There is no such group.
    #[error("there is no such resource group: see those there are with: strongroom group list")]
    NotFound,
    /// Another group of the subscription has the name.
    #[error(
        "subscription {subscription} has a resource group `{name}`, and names are compared without \
         regard to case: choose another name or another subscription"
    )]
    NameTaken {
        /// Where.
        subscription: SubscriptionId,
        /// The name.
        name: ResourceGroupName,
    },
    /// The subscription takes nothing new.
    #[error(
        "subscription {subscription} is disabled and takes nothing new: name another one, or enable \
         it with: strongroom subscription enable {subscription}"
    )]
    SubscriptionDisabled {
        /// Which.
        subscription: SubscriptionId,
    },
    /// The facts are not those of this command and state.
    #[error("the subscriptions read are not those that the group and the command name: read again")]
    StaleFacts,
}

impl Outcome for GroupRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::NoOp => "NoOp",
            Self::IdTaken | Self::NameTaken { .. } => "ResourceGroupAlreadyExists",
            Self::NotFound => "ResourceGroupNotFound",
            Self::SubscriptionDisabled { .. } => "ReadOnlyDisabledSubscription",
            Self::StaleFacts => "StaleFacts",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoOp
            | Self::IdTaken
            | Self::NameTaken { .. }
            | Self::SubscriptionDisabled { .. } => OutcomeKind::Refused,
            Self::NotFound => OutcomeKind::BadInput,
            Self::StaleFacts => OutcomeKind::Internal,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::NoOp | Self::IdTaken | Self::NotFound | Self::StaleFacts => Retry::Never,
            Self::NameTaken { .. } | Self::SubscriptionDisabled { .. } => Retry::AfterRepair,
        }
    }
}

/// The unique key of a group's name in its subscription. ARM compares names without regard to case.
#[must_use]
pub fn group_name_key(subscription: SubscriptionId, name: &ResourceGroupName) -> String {
    format!("{subscription}/{}", name.as_str().to_ascii_lowercase())
}

/// The machine of a resource group; no state is one that was never made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GroupMachine;

impl Machine for GroupMachine {
    type State = Option<ResourceGroup>;
    type Command = GroupCommand;
    type Facts<'a> = GroupFacts<'a>;
    type Event = GroupEvent;
    type Effect = Infallible;
    type Refusal = GroupRefusal;

    fn decide(
        state: &Option<ResourceGroup>,
        command: &GroupCommand,
        facts: &GroupFacts<'_>,
    ) -> Result<Vec<GroupEvent>, GroupRefusal> {
        facts.authority.clone()?;
        match (state, command) {
            (
                None,
                GroupCommand::Create {
                    id,
                    subscription,
                    name,
                },
            ) => {
                enter(*subscription, name, facts)?;
                Ok(vec![GroupEvent::Created(ResourceGroup {
                    v: SchemaV1::default(),
                    id: *id,
                    subscription: *subscription,
                    name: name.clone(),
                    descent: Descent::default(),
                })])
            }
            (None, GroupCommand::Move { .. }) => Err(GroupRefusal::NotFound),
            (Some(_), GroupCommand::Create { .. }) => Err(GroupRefusal::IdTaken),
            (Some(group), GroupCommand::Move { subscription }) => {
                shift(group, *subscription, facts)
            }
        }
    }

    fn evolve(state: &mut Option<ResourceGroup>, event: &GroupEvent) {
        match event {
            GroupEvent::Created(group) => *state = Some(group.clone()),
            GroupEvent::Moved {
                subscription,
                descent,
                from: _,
                to: _,
            } => {
                if let Some(group) = state {
                    group.subscription = *subscription;
                    group.descent = *descent;
                }
            }
        }
    }

    fn effects(_state: &Option<ResourceGroup>, _now: Timestamp) -> Vec<Infallible> {
        Vec::new()
    }

    fn wake_at(_state: &Option<ResourceGroup>) -> Option<Timestamp> {
        None
    }
}

/// Whether a group of this name can come into the subscription.
fn enter<'a>(
    subscription: SubscriptionId,
    name: &ResourceGroupName,
    facts: &GroupFacts<'a>,
) -> Result<&'a Subscription, GroupRefusal> {
    let target = match facts.target {
        Present::In(target) if target.id == subscription => target,
        Present::In(_) | Present::Nowhere => return Err(GroupRefusal::StaleFacts),
    };
    match (target.state, facts.name) {
        (SubscriptionState::Disabled, _) => {
            Err(GroupRefusal::SubscriptionDisabled { subscription })
        }
        (SubscriptionState::Enabled, NameUse::Taken) => Err(GroupRefusal::NameTaken {
            subscription,
            name: name.clone(),
        }),
        (SubscriptionState::Enabled, NameUse::Free) => Ok(target),
    }
}

fn shift(
    group: &ResourceGroup,
    subscription: SubscriptionId,
    facts: &GroupFacts<'_>,
) -> Result<Vec<GroupEvent>, GroupRefusal> {
    if group.subscription == subscription {
        return Err(GroupRefusal::NoOp);
    }
    let here = match facts.present {
        Present::In(here) if here.id == group.subscription => here,
        Present::In(_) | Present::Nowhere => return Err(GroupRefusal::StaleFacts),
    };
    let there = enter(subscription, &group.name, facts)?;
    let crossing = Crossing::between(here.tenant, there.tenant);
    let descent = group.descent.moved(here.tenancy, there.tenancy, crossing);
    Ok(vec![GroupEvent::Moved {
        subscription,
        descent,
        from: here.tenant,
        to: there.tenant,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, denied, group, subscription, subscription_id};

    #[test]
    fn table() {
        let (here, there, abroad) = (subscription(1, 1), subscription(2, 1), subscription(2, 2));
        let disabled = Subscription {
            state: SubscriptionState::Disabled,
            ..there.clone()
        };
        let states = [("absent", None), ("in subscription 1", Some(group(1, 1)))];
        let create = |subscription| GroupCommand::Create {
            id: GroupUid::from_bytes([1; 16]),
            subscription: subscription_id(subscription),
            name: "Group-1".parse().unwrap(),
        };
        let commands = [
            ("create in 2", create(2)),
            (
                "move to 2",
                GroupCommand::Move {
                    subscription: subscription_id(2),
                },
            ),
            (
                "move to 1",
                GroupCommand::Move {
                    subscription: subscription_id(1),
                },
            ),
        ];
        let facts = |target, name, authority| GroupFacts {
            authority,
            target: Present::In(target),
            name,
            present: Present::In(&here),
        };
        let facts = [
            (
                "allowed, 2 in the tenant",
                facts(&there, NameUse::Free, Ok(())),
            ),
            (
                "allowed, 2 in another tenant",
                facts(&abroad, NameUse::Free, Ok(())),
            ),
            ("allowed, name taken", facts(&there, NameUse::Taken, Ok(()))),
            (
                "allowed, 2 disabled",
                facts(&disabled, NameUse::Free, Ok(())),
            ),
            (
                "denied, name taken",
                facts(&there, NameUse::Taken, Err(denied())),
            ),
            ("allowed, stale", facts(&here, NameUse::Free, Ok(()))),
        ];
        insta::assert_snapshot!(Table::<GroupMachine>::of(&states, &commands, &facts));
    }

    #[test]
    fn r13_a_move_asks_for_a_right_at_its_destination() {
        let there = subscription_id(2);
        let to = GroupCommand::Move {
            subscription: there,
        };
        assert_eq!(to.requires_there(), Some((there, Action::GroupsWrite)));
        // Where a new one is to be is the one place that is asked about.
        let create = GroupCommand::Create {
            id: GroupUid::from_bytes([1; 16]),
            subscription: there,
            name: "new".parse().unwrap(),
        };
        assert_eq!(create.requires_there(), None);
    }

    #[test]
    fn r13_out_of_its_tenant_only_an_owner_takes_a_group() {
        let to = GroupCommand::Move {
            subscription: subscription_id(2),
        };
        let create = GroupCommand::Create {
            id: GroupUid::from_bytes([1; 16]),
            subscription: subscription_id(2),
            name: "new".parse().unwrap(),
        };
        for (crossing, needed) in [
            (Crossing::Within, &[Action::GroupsMove][..]),
            (
                Crossing::Across,
                &[Action::GroupsMove, Action::TenantChange],
            ),
        ] {
            assert_eq!(to.requires(crossing), needed);
            assert_eq!(create.requires(crossing), [Action::GroupsWrite]);
        }
    }

    #[test]
    fn a_group_is_not_moved_by_facts_of_another_subscription_than_its_own() {
        let (here, there, elsewhere) = (subscription(1, 1), subscription(2, 1), subscription(3, 1));
        let to = GroupCommand::Move {
            subscription: there.id,
        };
        let from = |present| {
            let facts = GroupFacts {
                authority: Ok(()),
                target: Present::In(&there),
                name: NameUse::Free,
                present,
            };
            GroupMachine::decide(&Some(group(1, 1)), &to, &facts)
        };
        assert!(from(Present::In(&here)).is_ok());
        for stale in [Present::Nowhere, Present::In(&elsewhere)] {
            assert_eq!(from(stale), Err(GroupRefusal::StaleFacts));
        }
    }

    #[test]
    fn names_that_differ_in_case_alone_have_one_key() {
        let key = |name: &str| group_name_key(subscription_id(1), &name.parse().unwrap());
        assert_eq!(key("Team-A"), key("team-a"));
        assert_ne!(
            key("team-a"),
            group_name_key(subscription_id(2), &"team-a".parse().unwrap())
        );
    }
}
