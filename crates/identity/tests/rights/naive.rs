//! Places and steps, and the naive model: sets of assignments, from which a move deletes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strongroom_base::{PrincipalId, ResourceUid, SubscriptionId, TenantId, Timestamp};
use strongroom_identity::{Action, GroupUid, Role, Scope, VaultUid};

pub(crate) const AT: Timestamp = Timestamp::from_unix_millis(1);
pub(crate) const TENANTS: u8 = 2;
pub(crate) const SUBSCRIPTIONS: u8 = 3;
pub(crate) const GROUPS: u8 = 4;
pub(crate) const LEAVES: u8 = 4;
pub(crate) const PRINCIPALS: u8 = 6;
pub(crate) const ROLES: [Role; 3] = [Role::Reader, Role::Contributor, Role::Owner];
pub(crate) const ACTIONS: [Action; 4] = [
    Action::AccountsRead,
    Action::AccountsWrite,
    Action::RoleAssignmentsWrite,
    Action::KeysUnwrap,
];

pub(crate) fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}
pub(crate) fn principal(n: u8) -> PrincipalId {
    PrincipalId::from_bytes([n; 16])
}

/// A place in the naive model: what it is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Root(u8),
    Sub(u8),
    Group(u8),
    Leaf(u8),
}

impl Place {
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Root(n) => Scope::Tenant(tenant(n)),
            Self::Sub(n) => Scope::Subscription(SubscriptionId::from_bytes([n; 16])),
            Self::Group(n) => Scope::Group(GroupUid::from_bytes([n; 16])),
            Self::Leaf(n) if n.is_multiple_of(2) => {
                Scope::Resource(ResourceUid::from_bytes([n; 16]))
            }
            Self::Leaf(n) => Scope::Vault(VaultUid::from_bytes([n; 16])),
        }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let roots = (0..TENANTS).map(Self::Root);
        let subs = (0..SUBSCRIPTIONS).map(Self::Sub);
        let groups = (0..GROUPS).map(Self::Group);
        roots
            .chain(subs)
            .chain(groups)
            .chain((0..LEAVES).map(Self::Leaf))
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Assign(Place, u8, Role),
    Remove(Place, u8, Role),
    MoveSub(u8, u8),
    MoveGroup(u8, u8),
    MoveLeaf(u8, u8),
}

pub(crate) fn place() -> impl Strategy<Value = Place> {
    proptest::sample::select(Place::all().collect::<Vec<_>>())
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let role = || proptest::sample::select(&ROLES[..]);
    prop_oneof![
        4 => (place(), 0..PRINCIPALS, role()).prop_map(|(p, who, role)| Step::Assign(p, who, role)),
        1 => (place(), 0..PRINCIPALS, role()).prop_map(|(p, who, role)| Step::Remove(p, who, role)),
        1 => (0..SUBSCRIPTIONS, 0..TENANTS).prop_map(|(s, t)| Step::MoveSub(s, t)),
        1 => (0..GROUPS, 0..SUBSCRIPTIONS).prop_map(|(g, s)| Step::MoveGroup(g, s)),
        1 => (0..LEAVES, 0..GROUPS).prop_map(|(l, g)| Step::MoveLeaf(l, g)),
    ]
}

/// The naive model: who is in what, and a plain set of assignments.
#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) tenant_of_sub: BTreeMap<u8, u8>,
    pub(crate) sub_of_group: BTreeMap<u8, u8>,
    pub(crate) group_of_leaf: BTreeMap<u8, u8>,
    pub(crate) assigned: BTreeSet<(Place, u8, Role)>,
}

impl Naive {
    pub(crate) fn above(&self, place: Place) -> Vec<Place> {
        let mut way = vec![place];
        loop {
            let next = match way[way.len() - 1] {
                Place::Root(_) => return way,
                Place::Sub(n) => Place::Root(self.tenant_of_sub[&n]),
                Place::Group(n) => Place::Sub(self.sub_of_group[&n]),
                Place::Leaf(n) => Place::Group(self.group_of_leaf[&n]),
            };
            way.push(next);
        }
    }

    pub(crate) fn tenant(&self, place: Place) -> u8 {
        match self.above(place).last() {
            Some(Place::Root(n)) => *n,
            other => panic!("no root above {place:?}: {other:?}"),
        }
    }

    /// Moves, and deletes the assignments of all that changed its tenant by it.
    pub(crate) fn moving(&mut self, shift: impl FnOnce(&mut Self) -> Option<u8>) {
        let before: BTreeMap<_, _> = Place::all()
            .map(|place| (place, self.tenant(place)))
            .collect();
        shift(self);
        let now = self.clone();
        self.assigned
            .retain(|(place, _, _)| before[place] == now.tenant(*place));
    }

    pub(crate) fn holds(&self, who: u8, place: Place, roles: &[Role]) -> bool {
        // Even ones are users; the others do not leave their tenant.
        let may_enter = who.is_multiple_of(2) || home_of(who) == self.tenant(place);
        let above = self.above(place);
        may_enter
            && self.assigned.iter().any(|(at, whose, role)| {
                above.contains(at) && *whose == who && roles.contains(role)
            })
    }

    pub(crate) fn verdict(&self, who: u8, place: Place, action: Action) -> &'static str {
        let roles: &[Role] = match action {
            Action::AccountsRead => &ROLES,
            Action::AccountsWrite => &[Role::Contributor, Role::Owner],
            Action::RoleAssignmentsWrite => &[Role::Owner],
            _ => &[],
        };
        if self.holds(who, place, roles) {
            "ok"
        } else if self.holds(who, place, &ROLES) {
            "forbidden"
        } else {
            "hidden"
        }
    }
}

pub(crate) fn home_of(who: u8) -> u8 {
    who / 2 % TENANTS
}
