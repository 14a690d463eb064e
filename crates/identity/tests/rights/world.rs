//! The machines with their states, as a driver would hold them.

use crate::naive::*;
use std::collections::{BTreeMap, BTreeSet};

use strongroom_base::{Machine, ResourceUid, SubscriptionId};
use strongroom_identity::{
    AccessCommand, AccessFacts, AccessList, AccessMachine, AccessRefusal, Action, AppId, Caller,
    Crossing, Descent, GroupCommand, GroupFacts, GroupMachine, GroupUid, NameUse, Present,
    Principal, PrincipalCommand, PrincipalFacts, PrincipalKind, PrincipalMachine, ResourceGroup,
    Role, Scope, ScopeChain, Subscription, SubscriptionCommand, SubscriptionFacts,
    SubscriptionMachine, Verdict, authorize,
};

/// The machines, each with the states that the facade would hold in rows.
pub(crate) struct World {
    pub(crate) subs: Vec<Option<Subscription>>,
    pub(crate) groups: Vec<Option<ResourceGroup>>,
    pub(crate) leaves: Vec<(u8, Descent)>,
    pub(crate) lists: BTreeMap<Scope, Option<AccessList>>,
    pub(crate) principals: Vec<Principal>,
    /// How many rows were written.
    pub(crate) rows: usize,
}

pub(crate) fn run<M: Machine>(
    state: &mut M::State,
    command: &M::Command,
    facts: &M::Facts<'_>,
) -> Result<(), M::Refusal> {
    for event in M::decide(state, command, facts)? {
        M::evolve(state, &event);
    }
    Ok(())
}

pub(crate) fn register(who: u8) -> Principal {
    let kind = match who % 4 {
        0 | 2 => PrincipalKind::User,
        1 => PrincipalKind::ManagedIdentity {
            of: ResourceUid::from_bytes([who; 16]),
        },
        _ => PrincipalKind::Application {
            app: AppId::from_bytes([who; 16]),
        },
    };
    let (id, home, name) = (
        principal(who),
        tenant(home_of(who)),
        format!("p{who}").parse().unwrap(),
    );
    let command = PrincipalCommand::Register {
        id,
        kind,
        home,
        name,
    };
    let mut state = None;
    let facts = PrincipalFacts {
        authority: Ok(()),
        name: NameUse::Free,
    };
    run::<PrincipalMachine>(&mut state, &command, &facts).unwrap();
    state.unwrap()
}

impl World {
    pub(crate) fn new() -> (Self, Naive) {
        let mut world = Self {
            subs: Vec::new(),
            groups: Vec::new(),
            leaves: (0..LEAVES)
                .map(|leaf| (leaf % GROUPS, Descent::default()))
                .collect(),
            lists: Place::all().map(|place| (place.scope(), None)).collect(),
            principals: (0..PRINCIPALS).map(register).collect(),
            rows: 0,
        };
        for n in 0..SUBSCRIPTIONS {
            let (id, name) = (
                SubscriptionId::from_bytes([n; 16]),
                format!("s{n}").parse().unwrap(),
            );
            let command = SubscriptionCommand::Create {
                id,
                name,
                tenant: tenant(n % TENANTS),
            };
            let mut state = None;
            run::<SubscriptionMachine>(
                &mut state,
                &command,
                &SubscriptionFacts { authority: Ok(()) },
            )
            .unwrap();
            world.subs.push(state);
        }
        for n in 0..GROUPS {
            let target = world.sub(n % SUBSCRIPTIONS).clone();
            let (id, name) = (
                GroupUid::from_bytes([n; 16]),
                format!("g{n}").parse().unwrap(),
            );
            let command = GroupCommand::Create {
                id,
                subscription: target.id,
                name,
            };
            let (present, name) = (Present::Nowhere, NameUse::Free);
            let facts = GroupFacts {
                authority: Ok(()),
                target: Present::In(&target),
                name,
                present,
            };
            let mut state = None;
            run::<GroupMachine>(&mut state, &command, &facts).unwrap();
            world.groups.push(state);
        }
        let naive = Naive {
            tenant_of_sub: (0..SUBSCRIPTIONS).map(|n| (n, n % TENANTS)).collect(),
            sub_of_group: (0..GROUPS).map(|n| (n, n % SUBSCRIPTIONS)).collect(),
            group_of_leaf: (0..LEAVES).map(|n| (n, n % GROUPS)).collect(),
            assigned: BTreeSet::new(),
        };
        (world, naive)
    }

    pub(crate) fn sub(&self, n: u8) -> &Subscription {
        self.subs[usize::from(n)].as_ref().unwrap()
    }

    pub(crate) fn group(&self, n: u8) -> &ResourceGroup {
        self.groups[usize::from(n)].as_ref().unwrap()
    }

    pub(crate) fn chain(&self, place: Place) -> ScopeChain {
        match place {
            Place::Root(n) => ScopeChain::of_tenant(tenant(n)),
            Place::Sub(n) => ScopeChain::of_subscription(self.sub(n)),
            Place::Group(n) => {
                let group = self.group(n);
                let held_by = self
                    .subs
                    .iter()
                    .flatten()
                    .find(|sub| sub.id == group.subscription)
                    .unwrap();
                ScopeChain::of_group(group, held_by).unwrap()
            }
            Place::Leaf(n) => {
                let (group, descent) = self.leaves[usize::from(n)];
                let chain = self.chain(Place::Group(group));
                match place.scope() {
                    Scope::Vault(uid) => chain.vault(uid, descent),
                    _ => chain.resource(ResourceUid::from_bytes([n; 16]), descent),
                }
            }
        }
    }

    pub(crate) fn lists(&self, chain: &ScopeChain) -> Vec<&AccessList> {
        chain
            .links()
            .filter_map(|link| self.lists[&link.scope].as_ref())
            .collect()
    }

    pub(crate) fn caller(&self, who: u8) -> Caller {
        Caller::of(principal(who), self.principals.get(usize::from(who)))
    }

    pub(crate) fn ask(&self, who: u8, place: Place, action: Action) -> Verdict {
        let chain = self.chain(place);
        authorize(&self.caller(who), action, &chain, &self.lists(&chain))
    }

    pub(crate) fn access(
        &mut self,
        place: Place,
        who: u8,
        command: &AccessCommand,
    ) -> Result<(), AccessRefusal> {
        let chain = self.chain(place);
        let facts = AccessFacts {
            authority: Ok(()),
            scope: chain.scope(),
            tenant: chain.tenant(),
            tenancy: chain.tenancy(),
            assignee: self.caller(who),
        };
        run::<AccessMachine>(self.lists.get_mut(&chain.scope()).unwrap(), command, &facts)
    }

    pub(crate) fn move_leaf(&mut self, leaf: u8, to: u8) {
        let (from, descent) = self.leaves[usize::from(leaf)];
        let (old, new) = (self.chain(Place::Group(from)), self.chain(Place::Group(to)));
        let crossing = Crossing::between(old.tenant(), new.tenant());
        self.leaves[usize::from(leaf)] =
            (to, descent.moved(old.tenancy(), new.tenancy(), crossing));
    }

    /// Takes the step in both; what the machine refuses the naive model must hold to be so already, or
    /// not to be possible.
    pub(crate) fn take(&mut self, naive: &mut Naive, step: &Step) {
        self.rows += 1;
        match *step {
            Step::Assign(place, who, role) => {
                let given = self.access(
                    place,
                    who,
                    &AccessCommand::Assign {
                        principal: principal(who),
                        role,
                        at: AT,
                    },
                );
                let possible = who.is_multiple_of(2) || home_of(who) == naive.tenant(place);
                let new = !naive.assigned.contains(&(place, who, role));
                assert_eq!(given.is_ok(), possible && new, "{step:?}: {given:?}");
                if given.is_ok() {
                    naive.assigned.insert((place, who, role));
                }
            }
            Step::Remove(place, who, role) => {
                let taken = self.access(
                    place,
                    who,
                    &AccessCommand::Remove {
                        principal: principal(who),
                        role,
                    },
                );
                let there = naive.assigned.contains(&(place, who, role));
                let owners = naive
                    .assigned
                    .iter()
                    .filter(|(at, _, held)| *at == place && *held == Role::Owner);
                let last =
                    matches!(place, Place::Root(_)) && role == Role::Owner && owners.count() == 1;
                assert_eq!(taken.is_ok(), there && !last, "{step:?}: {taken:?}");
                if taken.is_ok() {
                    naive.assigned.remove(&(place, who, role));
                }
            }
            Step::MoveSub(sub, to) => {
                let command = SubscriptionCommand::Move { tenant: tenant(to) };
                let facts = SubscriptionFacts { authority: Ok(()) };
                let moved =
                    run::<SubscriptionMachine>(&mut self.subs[usize::from(sub)], &command, &facts);
                assert_eq!(
                    moved.is_ok(),
                    naive.tenant_of_sub[&sub] != to,
                    "{step:?}: {moved:?}"
                );
                naive.moving(|naive| naive.tenant_of_sub.insert(sub, to));
            }
            Step::MoveGroup(group, to) => {
                let (target, here) = (
                    self.sub(to).clone(),
                    self.sub(naive.sub_of_group[&group]).clone(),
                );
                let command = GroupCommand::Move {
                    subscription: target.id,
                };
                let (present, name) = (Present::In(&here), NameUse::Free);
                let facts = GroupFacts {
                    authority: Ok(()),
                    target: Present::In(&target),
                    name,
                    present,
                };
                let moved =
                    run::<GroupMachine>(&mut self.groups[usize::from(group)], &command, &facts);
                assert_eq!(
                    moved.is_ok(),
                    naive.sub_of_group[&group] != to,
                    "{step:?}: {moved:?}"
                );
                naive.moving(|naive| naive.sub_of_group.insert(group, to));
            }
            Step::MoveLeaf(leaf, to) => {
                self.move_leaf(leaf, to);
                naive.moving(|naive| naive.group_of_leaf.insert(leaf, to));
            }
        }
    }
}
