//! Giving authority back: which step comes next, until a resource's data can be used again (I3).

use strongroom_tests::naive::{Fire, Group, Kek, Life, OUTSIDE, Party, Permission, Step};
use strongroom_tests::naive::{Subscription, Tenant, Who, World};

/// What is to be done next for a resource.
pub(crate) enum Next {
    /// This.
    Do(Step),
    /// Nothing: its data can be used.
    Healed,
    /// Its key or vault was purged: its data is gone, as was asked.
    Lost,
}

/// By the rules: whoever owns key, vault and resource gives back what was taken.
#[expect(
    clippy::too_many_lines,
    reason = "a table: what was taken, and what gives it back"
)]
pub(crate) fn next(world: &World, number: u8) -> Next {
    let by = Who::Admin;
    let Some(resource) = world.resources.get(&number) else {
        return Next::Lost;
    };
    if let Life::Deleted(_) = resource.life {
        return Next::Do(Step::Recover {
            by,
            resource: number,
        });
    }
    let Kek::Customer(of) = resource.kek else {
        return Next::Healed;
    };
    let (vault, key) = (of.vault, of.key);
    let Some(found) = world.vaults.get(&vault) else {
        return Next::Lost;
    };
    if world.version(of).is_none() {
        return Next::Lost;
    }
    let tenant = world.tenant_of(resource.group);
    if found.trusts != tenant && vault == OUTSIDE {
        // Its owner keeps it as it is: everything is moved back.
        return Next::Do(match world.subscriptions.get(&Subscription::First) {
            Some(Tenant::Away) => Step::MoveSubscription(Subscription::First, Tenant::Home),
            _ if resource.group != Group(0) => Step::Move {
                by,
                resource: number,
                group: Group(0),
            },
            _ => Step::MoveGroup(Group(0), Subscription::First),
        });
    }
    match resource.identity {
        None => {
            return Next::Do(Step::Identify {
                by,
                resource: number,
                on: true,
            });
        }
        Some(identity) if identity.home != tenant => {
            return Next::Do(Step::Identify {
                by,
                resource: number,
                on: false,
            });
        }
        Some(_) => {}
    }
    if found.life != Life::Live {
        return Next::Do(Step::RecoverVault { by, vault });
    }
    if found.trusts != tenant {
        return Next::Do(Step::Trust { by, vault, tenant });
    }
    if found.firewall != Fire::Open {
        return Next::Do(Step::Firewall {
            by,
            vault,
            fire: Fire::Open,
        });
    }
    if found.role_mode {
        return Next::Do(Step::RoleMode {
            by,
            vault,
            on: false,
        });
    }
    let lacks = |party: Party, permission: Permission| {
        !found
            .policies
            .get(&party)
            .is_some_and(|held| held.contains(&permission))
    };
    let identity = resource.identity.map_or(0, |identity| identity.number);
    if lacks(Party::Identity(identity), Permission::Unwrap) {
        return Next::Do(Step::Grant {
            by,
            vault,
            to: Some(number),
            permission: None,
        });
    }
    if lacks(Party::Person(Who::Admin), Permission::Manage) {
        return Next::Do(Step::Grant {
            by,
            vault,
            to: None,
            permission: None,
        });
    }
    let Some(stored) = world.keys.get(&(vault, key)) else {
        return Next::Lost;
    };
    if stored.life != Life::Live {
        return Next::Do(Step::RecoverKey { by, vault, key });
    }
    for (version, one) in stored.versions.iter().enumerate() {
        if one.material == of.material && !one.enabled {
            let version = u8::try_from(version).unwrap_or(u8::MAX);
            return Next::Do(Step::EnableKey {
                by,
                vault,
                key,
                version,
                on: true,
            });
        }
    }
    Next::Healed
}
