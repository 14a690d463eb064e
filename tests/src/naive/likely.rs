//! Which steps are worth trying in a world: most of them do something, some are refused.

use proptest::arbitrary::any;
use proptest::strategy::{BoxedStrategy, Strategy as _};

use super::step::{Fire, Object, Step};
use super::world::{Group, Kek, Life, OUTSIDE, Permission, Subscription, Tenant};
use super::{Who, World};

const GROUPS: [Group; 3] = [Group(0), Group(1), Group(2)];
const RESOURCES: u8 = 3;
const PATHS: u8 = 4;

/// Mostly the administrator, now and then somebody who may not.
fn callers() -> Vec<Who> {
    let mut callers = vec![Who::Admin; 10];
    callers.extend([
        Who::Contributor,
        Who::Contributor,
        Who::Reader,
        Who::Stranger,
    ]);
    callers
}

/// The kinds of step, each with its weight; the fifth weighs more while data is out of reach.
const KINDS: [u32; 10] = [28, 30, 18, 8, 3, 5, 4, 2, 8, 6];
const BROKEN: [u32; 10] = [28, 30, 18, 8, 24, 5, 4, 2, 8, 6];

/// A strategy over the steps that fit. Most are such as the model says will be done: a life of refusals
/// alone would show little.
///
/// A step is drawn as two numbers, so that only the kind that was drawn is spelt out. It shrinks by being
/// left out.
pub fn likely(world: &World) -> BoxedStrategy<Step> {
    let world = world.clone();
    (any::<u32>(), any::<u32>())
        .prop_map(move |(kind, which)| pick(&world, kind, which))
        .no_shrink()
        .boxed()
}

fn pick(world: &World, kind: u32, which: u32) -> Step {
    let broken = world
        .resources
        .values()
        .any(|one| !world.against_use(one).is_empty());
    let weights = if broken { BROKEN } else { KINDS };
    let mut left = kind % weights.iter().sum::<u32>();
    let mut kind = 0;
    for (number, weight) in weights.into_iter().enumerate() {
        if left < weight {
            kind = number;
            break;
        }
        left -= weight;
    }
    // A kind of which there is nothing to do passes its turn on.
    for kind in (kind..weights.len()).chain(0..kind) {
        let mut steps = of_kind(world, kind);
        steps.retain(|step| world.fits(step));
        let chosen = which as usize % steps.len().max(1);
        if let Some(step) = steps.get(chosen) {
            return *step;
        }
    }
    Step::Reopen
}

fn of_kind(world: &World, kind: usize) -> Vec<Step> {
    match kind {
        0 => building(world),
        1 => data(world),
        2 => world.done(keys_of_resources(world, &[Who::Admin])),
        3 => taking_away(world),
        4 => world.done(giving_back(world)),
        5 => lives(world),
        6 => moves(world),
        7 => vault_settings(world),
        8 => anything(world),
        _ => refused_keys(world),
    }
}

/// Whatever is still missing of two resources with keys within their reach, inside and outside.
fn building(world: &World) -> Vec<Step> {
    let by = Who::Admin;
    let mut steps = Vec::new();
    for resource in 0..RESOURCES {
        match world.resources.get(&resource) {
            None => steps.push(Step::Create {
                by,
                resource,
                group: Group(if resource == 1 { 2 } else { 0 }),
                paid: true,
                customer_key: false,
            }),
            Some(found) if found.objects.len() < 2 && world.against_use(found).is_empty() => {
                let path = u8::try_from(found.objects.len()).unwrap_or(0);
                steps.push(Step::Data {
                    by,
                    resource,
                    object: Object::Put(path, false),
                });
            }
            Some(_) => {}
        }
        if let Some(found) = world.resources.get(&resource) {
            if !found.paid {
                steps.push(Step::Tier {
                    by,
                    resource,
                    paid: true,
                });
            }
            let lacks = world.party(Some(resource)).is_some_and(|party| {
                let outside = world.vaults.get(&OUTSIDE);
                outside.is_some_and(|vault| {
                    vault.policies.get(&party).is_none_or(|held| held.len() < 3)
                })
            });
            if found.identity.is_none() {
                steps.push(Step::Identify {
                    by,
                    resource,
                    on: true,
                });
            } else if lacks {
                steps.push(Step::Grant {
                    by,
                    vault: OUTSIDE,
                    to: Some(resource),
                    permission: None,
                });
            }
        }
    }
    for vault in 0..=OUTSIDE {
        if world.vaults.contains_key(&vault) {
            for key in 0..2 {
                let versions = world
                    .keys
                    .get(&(vault, key))
                    .map_or(0, |key| key.versions.len());
                if versions < 2 {
                    // Some are not of the size that a resource takes (R15).
                    let import = |bits| Step::ImportKey {
                        by,
                        vault,
                        key,
                        bits,
                    };
                    steps.extend([import(2048); 6]);
                    steps.extend((vault != OUTSIDE).then(|| import(3072)));
                }
            }
        } else {
            let group = Group(vault * 2);
            // Some are not fit for customer keys (R7, R14).
            let fit = (true, true);
            for (same_region, purge_protection) in
                [fit, fit, fit, fit, (false, true), (true, false)]
            {
                steps.push(Step::CreateVault {
                    by,
                    vault,
                    group,
                    same_region,
                    purge_protection,
                });
            }
        }
    }
    world.done(steps)
}

/// Keys that a resource whose data is within reach may not be set to.
fn refused_keys(world: &World) -> Vec<Step> {
    let mut steps = keys_of_resources(world, &[Who::Admin]);
    steps.retain(|step| match step {
        Step::SetKey {
            resource,
            vault,
            key,
            ..
        } => {
            let reached = world
                .resources
                .get(resource)
                .is_some_and(|found| found.paid && world.against_use(found).is_empty());
            reached && world.keys.contains_key(&(*vault, *key))
        }
        _ => false,
    });
    let done = world.done(steps.clone());
    steps.retain(|step| !done.contains(step));
    steps
}

/// Anything by anybody: most of it is refused.
fn anything(world: &World) -> Vec<Step> {
    let mut steps = making(world);
    steps.extend(data_of(world, &callers()));
    steps.extend(keys_of_resources(world, &callers()));
    steps.extend(taking_away(world));
    steps.extend(giving_back(world));
    steps
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
            let create = |paid, customer_key| Step::Create {
                by,
                resource,
                group,
                paid,
                customer_key,
            };
            steps.extend([
                create(true, false),
                create(true, false),
                create(true, false),
            ]);
            steps.extend([create(false, false), create(true, true)]);
        }
        for vault in 0..OUTSIDE {
            if world.vaults.contains_key(&vault) && by != Who::Contributor {
                continue;
            }
            for (same_region, purge_protection) in [
                (true, true),
                (true, true),
                (true, true),
                (true, false),
                (false, true),
            ] {
                let group = Group(vault * 2);
                steps.push(Step::CreateVault {
                    by,
                    vault,
                    group,
                    same_region,
                    purge_protection,
                });
            }
        }
        for vault in 0..=OUTSIDE {
            for key in 0..2 {
                let import = |bits| Step::ImportKey {
                    by,
                    vault,
                    key,
                    bits,
                };
                steps.extend([import(2048), import(2048), import(2048)]);
                if by == Who::Admin {
                    steps.push(import(3072));
                }
            }
        }
    }
    steps
}

/// What can be done with the objects that are there.
fn data(world: &World) -> Vec<Step> {
    let mut steps = data_of(
        world,
        &[Who::Admin, Who::Admin, Who::Contributor, Who::Stranger],
    );
    steps.retain(|step| match *step {
        Step::Data {
            resource, object, ..
        } => {
            let there = |path: u8| {
                world
                    .resources
                    .get(&resource)
                    .is_some_and(|found| found.objects.contains_key(&path))
            };
            match object {
                Object::Get(path) | Object::Head(path) | Object::Delete(path) => there(path),
                Object::Copy(from, _) | Object::Rename(from, _) => there(from),
                Object::Put(..) | Object::List => world.resources.contains_key(&resource),
            }
        }
        _ => true,
    });
    steps
}

fn data_of(world: &World, callers: &[Who]) -> Vec<Step> {
    let mut steps = Vec::new();
    for &by in callers {
        for resource in 0..RESOURCES {
            let life = world.resources.get(&resource).map(|found| found.life);
            if life != Some(Life::Live) && by == Who::Admin {
                continue;
            }
            let mut push = |object| {
                steps.push(Step::Data {
                    by,
                    resource,
                    object,
                });
            };
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

fn keys_of_resources(world: &World, callers: &[Who]) -> Vec<Step> {
    let mut steps = Vec::new();
    for &by in callers {
        for (&resource, found) in &world.resources {
            for (vault, key, version) in versions(world) {
                let set = Step::SetKey {
                    by,
                    resource,
                    vault,
                    key,
                    version,
                };
                // Another version of the key that it is under is one among many.
                let near =
                    matches!(found.kek, Kek::Customer(of) if (of.vault, of.key) == (vault, key));
                steps.extend(std::iter::repeat_n(set, if near { 6 } else { 1 }));
            }
            if matches!(found.kek, Kek::Customer(_)) || by != Who::Admin {
                steps.push(Step::Rekey { by, resource });
            }
            if let Kek::Customer(_) = found.kek {
                steps.push(Step::Reset { by, resource });
            }
            if found.identity.is_none() {
                steps.push(Step::Identify {
                    by,
                    resource,
                    on: true,
                });
            }
        }
    }
    steps
}

/// Access is taken from resources whose data a customer's key holds, and now and then from others.
fn taking_away(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    let by = Who::Admin;
    for (&resource, found) in &world.resources {
        steps.push(Step::Tier {
            by,
            resource,
            paid: false,
        });
        let Kek::Customer(of) = found.kek else {
            continue;
        };
        let (vault, key) = (of.vault, of.key);
        steps.push(Step::Identify {
            by,
            resource,
            on: false,
        });
        steps.push(Step::DeleteVault { by, vault });
        steps.push(Step::RoleMode {
            by,
            vault,
            on: true,
        });
        steps.extend([Fire::Closed, Fire::Bypassed].map(|fire| Step::Firewall { by, vault, fire }));
        for permission in [Permission::Get, Permission::Wrap, Permission::Unwrap] {
            let permission = Some(permission);
            steps.push(Step::Revoke {
                by,
                vault,
                to: Some(resource),
                permission,
            });
        }
        steps.push(Step::DeleteKey { by, vault, key });
        let versions = world
            .keys
            .get(&(vault, key))
            .map_or(0, |key| key.versions.len());
        for version in 0..u8::try_from(versions).unwrap_or(u8::MAX) {
            steps.extend(
                [Step::EnableKey {
                    by,
                    vault,
                    key,
                    version,
                    on: false,
                }; 2],
            );
            steps.extend(
                [Step::ExpireKey {
                    by,
                    vault,
                    key,
                    version,
                }; 2],
            );
            steps.push(Step::NotBefore {
                by,
                vault,
                key,
                version,
            });
        }
    }
    steps
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each way back")]
fn giving_back(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for (&(vault, key), found) in &world.keys {
        if found.life != Life::Live {
            let by = Who::Admin;
            steps.extend([Step::RecoverKey { by, vault, key }; 12]);
        }
    }
    for by in [
        Who::Admin,
        Who::Admin,
        Who::Admin,
        Who::Contributor,
        Who::Stranger,
    ] {
        for (vault, key, version) in versions(world) {
            let disabled = world
                .keys
                .get(&(vault, key))
                .and_then(|key| key.versions.get(usize::from(version)))
                .is_some_and(|version| !version.enabled);
            if disabled {
                let enable = Step::EnableKey {
                    by,
                    vault,
                    key,
                    version,
                    on: true,
                };
                steps.extend([enable; 4]);
            }
            steps.push(Step::RecoverKey { by, vault, key });
        }
        for (&vault, found) in &world.vaults {
            steps.push(Step::RecoverVault { by, vault });
            steps.push(Step::Firewall {
                by,
                vault,
                fire: Fire::Open,
            });
            steps.push(Step::Protect {
                by,
                vault,
                on: true,
            });
            for resource in world.resources.values() {
                let tenant = world.tenant_of(resource.group);
                if matches!(resource.kek, Kek::Customer(of) if of.vault == vault) {
                    steps.push(Step::Trust { by, vault, tenant });
                }
            }
            if found.role_mode {
                steps.push(Step::RoleMode {
                    by,
                    vault,
                    on: false,
                });
            }
            for to in (0..RESOURCES).map(Some) {
                let grant = |permission| Step::Grant {
                    by,
                    vault,
                    to,
                    permission,
                };
                steps.extend([grant(None), grant(None), grant(Some(Permission::Unwrap))]);
            }
            steps.push(Step::Grant {
                by,
                vault,
                to: None,
                permission: None,
            });
        }
        for (&resource, found) in &world.resources {
            let tenant = world.tenant_of(found.group);
            match found.identity {
                None => steps.push(Step::Identify {
                    by,
                    resource,
                    on: true,
                }),
                Some(identity) if identity.home != tenant => {
                    steps.push(Step::Identify {
                        by,
                        resource,
                        on: false,
                    });
                    steps.push(Step::MoveSubscription(Subscription::First, Tenant::Home));
                    steps.push(Step::MoveGroup(found.group, Subscription::First));
                }
                Some(_) => {}
            }
            steps.push(Step::Recover { by, resource });
            if !found.paid {
                steps.push(Step::Tier {
                    by,
                    resource,
                    paid: true,
                });
            }
        }
    }
    steps
}

fn lives(world: &World) -> Vec<Step> {
    let mut steps = vec![
        Step::Advance(2),
        Step::Advance(2),
        Step::Advance(30),
        Step::Advance(200),
    ];
    steps.push(Step::Reopen);
    for by in callers() {
        for &resource in world.resources.keys() {
            steps.extend([Step::Delete { by, resource }; 2]);
            steps.extend([Step::Recover { by, resource }; 2]);
            steps.push(Step::Purge { by, resource });
        }
    }
    for (vault, key, _) in versions(world) {
        steps.push(Step::PurgeKey {
            by: Who::Admin,
            vault,
            key,
        });
    }
    for (&resource, found) in &world.resources {
        if found.life != Life::Live {
            let by = Who::Admin;
            steps.extend([Step::Purge { by, resource }; 12]);
        }
    }
    for &vault in world.vaults.keys() {
        steps.push(Step::PurgeVault {
            by: Who::Admin,
            vault,
        });
        steps.extend(
            [Step::RecoverVault {
                by: Who::Admin,
                vault,
            }; 3],
        );
    }
    steps
}

fn moves(world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in callers() {
        for group in GROUPS {
            for &resource in world.resources.keys() {
                steps.push(Step::Move {
                    by,
                    resource,
                    group,
                });
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
