//! What the tests of all machines share: the printed table of state × command, and small worlds.

use core::fmt::Write as _;
use core::marker::PhantomData;

use strongroom_base::{Machine, Outcome, PrincipalId, SubscriptionId, TenantId};

use crate::{
    Action, Denied, Descent, GroupUid, Principal, PrincipalKind, PrincipalLife, ResourceGroup,
    SchemaV1, Subscription, SubscriptionState, Tenancy,
};

pub(crate) struct Table<M>(PhantomData<M>);

impl<M: Machine> Table<M> {
    /// Every state × command × facts: the events, or the refusal's code. On the way each cell is held
    /// to what any machine keeps: deciding changes nothing, a refusal says why, what is allowed changes
    /// the state, and carried out again it is no surprise.
    pub(crate) fn of(
        states: &[(&str, M::State)],
        commands: &[(&str, M::Command)],
        facts: &[(&str, M::Facts<'_>)],
    ) -> String {
        let mut text = String::new();
        for (state_name, state) in states {
            for (command_name, command) in commands {
                writeln!(text, "{state_name} × {command_name}").unwrap();
                for (facts_name, facts) in facts {
                    let cell = cell::<M>(state, command, facts);
                    writeln!(text, "    {facts_name}: {cell}").unwrap();
                }
            }
        }
        text
    }
}

fn cell<M: Machine>(state: &M::State, command: &M::Command, facts: &M::Facts<'_>) -> String {
    match M::decide(state, command, facts) {
        Ok(events) => {
            let mut after = state.clone();
            for event in &events {
                M::evolve(&mut after, event);
            }
            assert!(
                after != *state,
                "{command:?} was allowed and changes nothing in {state:?}"
            );
            let names = events.iter().map(|event| {
                let text = format!("{event:?}");
                let end = text
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(text.len());
                text[..end].to_owned()
            });
            names.collect::<Vec<_>>().join(", ")
        }
        Err(refusal) => {
            assert!(
                refusal.to_string().contains(": "),
                "what would satisfy it? {refusal}"
            );
            format!("refused {}", refusal.code())
        }
    }
}

pub(crate) fn tenant(number: u8) -> TenantId {
    TenantId::from_bytes([number; 16])
}

pub(crate) fn principal(number: u8) -> PrincipalId {
    PrincipalId::from_bytes([number; 16])
}

pub(crate) fn subscription_id(number: u8) -> SubscriptionId {
    SubscriptionId::from_bytes([number; 16])
}

pub(crate) fn subscription(number: u8, in_tenant: u8) -> Subscription {
    Subscription {
        v: SchemaV1::default(),
        id: subscription_id(number),
        name: format!("Subscription {number}").parse().unwrap(),
        tenant: tenant(in_tenant),
        tenancy: Tenancy::default(),
        state: SubscriptionState::Enabled,
    }
}

pub(crate) fn group(number: u8, in_subscription: u8) -> ResourceGroup {
    ResourceGroup {
        v: SchemaV1::default(),
        id: GroupUid::from_bytes([number; 16]),
        subscription: subscription_id(in_subscription),
        name: format!("Group-{number}").parse().unwrap(),
        descent: Descent::default(),
    }
}

pub(crate) fn user(number: u8, home: u8) -> Principal {
    Principal {
        v: SchemaV1::default(),
        id: principal(number),
        kind: PrincipalKind::User,
        home: tenant(home),
        name: format!("User {number}").parse().unwrap(),
        life: PrincipalLife::Enabled,
    }
}

pub(crate) fn denied() -> Denied {
    Denied::Hidden {
        principal: principal(1),
        action: Action::GroupsWrite,
    }
}
