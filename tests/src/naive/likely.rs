//! Which steps are worth trying in a world: most of them do something, some are refused.

use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy as _, Union};

use super::step::{Fire, Object, Step};
use super::world::{Group, Kek, OUTSIDE, Permission, Subscription, Tenant};
use super::{Who, World};

const GROUPS: [Group; 3] = [Group(0), Group(1), Group(2)];
const RESOURCES: u8 = 3;
const PATHS: u8 = 4;

/// Mostly the administrator, now and then somebody who may not.
fn callers() -> Vec<Who> {
    let mut callers = vec![Who::Admin; 10];
    callers.extend([Who::Contributor, Who::Contributor, Who::Reader, Who::Stranger]);
    callers
}

/// A strategy over the steps that fit.
#[must_use]
pub fn likely(world: &World) -> BoxedStrategy<Step> {
    let kinds: [(u32, Vec<Step>); 8] = [
        (20, making(world)),
        (26, data(world)),
        (16, keys_of_resources(world)),
        (10, taking_away(world)),
        (12, giving_back(world)),
        (7, lives(world)),
        (5, moves(world)),
        (4, vault_settings(world)),
    ];
    let kinds: Vec<_> = kinds
        .into_iter()
        .filter_map(|(weight, steps)| {
            let steps: Vec<_> = steps.into_iter().filter(|step| world.fits(step)).collect();
            (!steps.is_empty()).then(|| (weight, select(steps).boxed()))
        })
        .collect();
    Union::new_weighted(kinds).boxed()
}

fn making(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for resource in 0..RESOURCES {
            let made = world.resources.get(&resource);
            if made.is_some() && by != Who::Contributor {
                continue;
            }
            let group = made.map_or(Group(resource % 3), |found| found.group);
            let create = |paid, customer_key| Step::Create { by, resource, group, paid, customer_key };
            steps.extend([create(true, false), create(true, false), create(true, false)]);
            steps.extend([create(false, false), create(true, true)]);
        }
        for vault in 0..OUTSIDE {
            if world.vaults.contains_key(&vault) && by != Who::Contributor {
                continue;
            }
            for (same_region, purge_protection) in
                [(true, true), (true, true), (true, true), (true, false), (false, true)]
            {
                let group = Group(vault * 2);
                steps.push(Step::CreateVault { by, vault, group, same_region, purge_protection });
            }
        }
        for vault in 0..=OUTSIDE {
            for key in 0..2 {
                let import = |bits| Step::ImportKey { by, vault, key, bits };
                steps.extend([import(2048), import(2048), import(2048)]);
                if by == Who::Contributor {
                    steps.push(import(3072));
                }
            }
        }
    }
    steps
}

fn data(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for resource in 0..RESOURCES {
            if !world.resources.contains_key(&resource) && by != Who::Reader {
                continue;
            }
            let mut push = |object| steps.push(Step::Data { by, resource, object });
            push(Object::List);
            for path in 0..PATHS {
                let other = (path + 1) % PATHS;
                push(Object::Put(path, path == 3));
                push(Object::Get(path));
                push(Object::Get(path));
                push(Object::Head(path));
                push(Object::Copy(path, other));
                push(Object::Rename(other, path));
                if path < 2 {
                    push(Object::Delete(path));
                }
            }
        }
    }
    steps
}

/// All versions, and a few that are not there.
fn versions(world: &World) -> Vec<(u8, u8, u8)> {
    let mut found = vec![(0, 0, 9), (1, 1, 0)];
    for ((vault, key), one) in &world.keys {
        for version in 0..one.versions.len() {
            found.push((*vault, *key, u8::try_from(version).unwrap_or(u8::MAX)));
        }
    }
    found
}

fn keys_of_resources(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for (&resource, found) in &world.resources {
            for (vault, key, version) in versions(world) {
                steps.push(Step::SetKey { by, resource, vault, key, version });
            }
            steps.push(Step::Rekey { by, resource });
            if let Kek::Customer(_) = found.kek {
                steps.push(Step::Reset { by, resource });
            }
            if found.identity.is_none() {
                steps.push(Step::Identify { by, resource, on: true });
            }
        }
    }
    steps
}

fn taking_away(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    let by = Who::Admin;
    for (vault, key, version) in versions(world) {
        steps.push(Step::EnableKey { by, vault, key, version, on: false });
        steps.push(Step::EnableKey { by, vault, key, version, on: false });
        steps.push(Step::ExpireKey { by, vault, key, version });
        steps.push(Step::NotBefore { by, vault, key, version });
        steps.push(Step::DeleteKey { by, vault, key });
    }
    for &vault in world.vaults.keys() {
        steps.push(Step::DeleteVault { by, vault });
        for fire in [Fire::Closed, Fire::Bypassed] {
            steps.push(Step::Firewall { by, vault, fire });
        }
        for to in (0..RESOURCES).map(Some) {
            for permission in [Permission::Get, Permission::Wrap, Permission::Unwrap] {
                steps.push(Step::Revoke { by, vault, to, permission: Some(permission) });
            }
        }
    }
    for &resource in world.resources.keys() {
        steps.push(Step::Identify { by, resource, on: false });
        steps.push(Step::Identify { by: Who::Contributor, resource, on: false });
        steps.push(Step::Tier { by, resource, paid: false });
    }
    steps
}

fn giving_back(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in [Who::Admin, Who::Admin, Who::Admin, Who::Contributor, Who::Stranger] {
        for (vault, key, version) in versions(world) {
            let disabled = world
                .keys
                .get(&(vault, key))
                .and_then(|key| key.versions.get(usize::from(version)))
                .is_some_and(|version| !version.enabled);
            if disabled {
                let enable = Step::EnableKey { by, vault, key, version, on: true };
                steps.extend([enable; 4]);
            }
            steps.push(Step::RecoverKey { by, vault, key });
        }
        for (&vault, found) in &world.vaults {
            steps.push(Step::RecoverVault { by, vault });
            steps.push(Step::Firewall { by, vault, fire: Fire::Open });
            steps.push(Step::Protect { by, vault, on: true });
            if found.role_mode {
                steps.push(Step::RoleMode { by, vault, on: false });
            }
            for to in (0..RESOURCES).map(Some) {
                let grant = |permission| Step::Grant { by, vault, to, permission };
                steps.extend([grant(None), grant(None), grant(Some(Permission::Unwrap))]);
            }
            steps.push(Step::Grant { by, vault, to: None, permission: None });
        }
        for (&resource, found) in &world.resources {
            if found.identity.is_none() {
                steps.push(Step::Identify { by, resource, on: true });
            }
            if !found.paid {
                steps.push(Step::Tier { by, resource, paid: true });
            }
        }
    }
    steps
}

fn lives(world: &World) -> Vec<Step> {
    let mut steps = vec![Step::Advance(2), Step::Advance(2), Step::Advance(30), Step::Advance(200)];
    steps.push(Step::Reopen);
    for by in callers() {
        for &resource in world.resources.keys() {
            steps.push(Step::Delete { by, resource });
            steps.extend([Step::Recover { by, resource }; 3]);
            steps.push(Step::Purge { by, resource });
        }
    }
    for (vault, key, _) in versions(world) {
        steps.push(Step::PurgeKey { by: Who::Admin, vault, key });
    }
    for &vault in world.vaults.keys() {
        steps.push(Step::PurgeVault { by: Who::Admin, vault });
        steps.extend([Step::RecoverVault { by: Who::Admin, vault }; 3]);
    }
    steps
}

fn moves(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for group in GROUPS {
            for &resource in world.resources.keys() {
                steps.push(Step::Move { by, resource, group });
            }
            for &vault in world.vaults.keys() {
                steps.push(Step::MoveVault { by, vault, group });
            }
        }
        for subscription in [Subscription::First, Subscription::Second] {
            for tenant in [Tenant::Home, Tenant::Away] {
                steps.push(Step::MoveSubscription(subscription, tenant));
            }
            steps.extend(GROUPS.map(|group| Step::MoveGroup(group, subscription)));
        }
    }
    steps
}

fn vault_settings(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for &vault in world.vaults.keys() {
            for tenant in [Tenant::Home, Tenant::Away] {
                steps.push(Step::Trust { by, vault, tenant });
            }
            for on in [true, false] {
                steps.push(Step::Protect { by, vault, on });
                steps.push(Step::RoleMode { by, vault, on });
            }
        }
    }
    steps
}
