//! Lives with a name: controls that break a rule in the model, and what random lives have found.

use strongroom_tests::naive::{Fire, Group, OUTSIDE, Object, Rigged, Step, Who, World};

use crate::checks::{contents, holds};
use crate::lived;
use crate::world::House;

const BY: Who = Who::Admin;

/// A resource with an object under the first version of a customer's key of vault 0, which has a second.
fn under_a_customers_key() -> Vec<Step> {
    let (resource, vault, key) = (0, 0, 0);
    vec![
        Step::Create {
            by: BY,
            resource,
            group: Group(0),
            paid: true,
            customer_key: false,
        },
        Step::Data {
            by: BY,
            resource,
            object: Object::Put(0, false),
        },
        Step::CreateVault {
            by: BY,
            vault,
            group: Group(0),
            same_region: true,
            purge_protection: true,
        },
        Step::ImportKey {
            by: BY,
            vault,
            key,
            bits: 2048,
        },
        Step::ImportKey {
            by: BY,
            vault,
            key,
            bits: 2048,
        },
        Step::SetKey {
            by: BY,
            resource,
            vault,
            key,
            version: 0,
        },
        Step::Data {
            by: BY,
            resource,
            object: Object::Put(1, true),
        },
    ]
}

fn with(mut steps: Vec<Step>, more: &[Step]) -> Vec<Step> {
    steps.extend_from_slice(more);
    steps
}

/// That the harness notices, when one rule is broken in the model; and that with the same steps it finds
/// nothing when none is.
fn notices(rigged: Rigged, steps: &[Step], what: &str) {
    lived(None, steps).unwrap();
    let found = lived(Some(rigged), steps).unwrap_err();
    assert!(found.contains(what), "{found}");
}

#[test]
fn i02_control_a_model_that_lets_a_disabled_key_open_is_caught() {
    let read = Step::Data {
        by: BY,
        resource: 0,
        object: Object::Get(0),
    };
    let disable = Step::EnableKey {
        by: BY,
        vault: 0,
        key: 0,
        version: 0,
        on: false,
    };
    let steps = with(under_a_customers_key(), &[disable, read]);
    notices(Rigged::DisabledKeysOpen, &steps, "I2");
}

#[test]
fn r08_control_a_model_that_takes_a_key_at_creation_is_caught() {
    let resource = 0;
    let create = Step::Create {
        by: BY,
        resource,
        group: Group(0),
        paid: true,
        customer_key: true,
    };
    notices(Rigged::KeyAtCreation, &[create], "CmkNotAllowedAtCreation");
}

#[test]
fn i07_control_a_model_that_expects_one_use_more_is_caught() {
    let rotate = Step::SetKey {
        by: BY,
        resource: 0,
        vault: 0,
        key: 0,
        version: 1,
    };
    notices(
        Rigged::OneUseMore,
        &with(under_a_customers_key(), &[rotate]),
        "I7",
    );
}

#[test]
fn i03_control_a_model_that_forgets_an_object_is_caught() {
    let steps = with(
        under_a_customers_key(),
        &[Step::Data {
            by: BY,
            resource: 0,
            object: Object::List,
        }],
    );
    notices(Rigged::Forgetful, &steps, "I3");
}

#[test]
fn r12_control_a_model_that_keeps_an_identity_is_caught() {
    let (by, resource) = (BY, 0);
    let steps = with(
        under_a_customers_key(),
        &[
            Step::Delete { by, resource },
            Step::Recover { by, resource },
        ],
    );
    notices(Rigged::SameIdentity, &steps, "");
}

#[test]
fn i10_the_erased_key_is_in_no_file_and_was_in_one_before() {
    let (by, resource, vault, key) = (BY, 0, OUTSIDE, 0);
    let mut world = World::new(None);
    let mut house = House::new(&world);
    let mut live = |house: &mut House, step| {
        world = world.step(step);
        house.live(step, &world).unwrap();
        world.clone()
    };
    live(
        &mut house,
        Step::Create {
            by,
            resource,
            group: Group(0),
            paid: true,
            customer_key: false,
        },
    );
    live(
        &mut house,
        Step::Data {
            by,
            resource,
            object: Object::Put(0, true),
        },
    );
    live(
        &mut house,
        Step::Identify {
            by,
            resource,
            on: true,
        },
    );
    live(
        &mut house,
        Step::ImportKey {
            by,
            vault,
            key,
            bits: 2048,
        },
    );
    live(
        &mut house,
        Step::Grant {
            by,
            vault,
            to: Some(resource),
            permission: None,
        },
    );
    let sealed = house.spy.live();
    let found = |house: &House| {
        contents(&house.data)
            .iter()
            .filter(|(_, bytes)| sealed.iter().any(|sealed| holds(bytes, sealed)))
            .count()
    };
    assert_eq!((sealed.len(), found(&house)), (1, 1));
    let after = live(
        &mut house,
        Step::SetKey {
            by,
            resource,
            vault,
            key,
            version: 0,
        },
    );
    assert!(after.last.is_done(), "{:?}", after.last);
    assert_eq!((house.spy.live().len(), found(&house)), (0, 0));
    house.i03_nothing_acknowledged_is_lost(after).unwrap();
}

/// Every way to take access away, and back.
#[test]
fn r17_each_revocation_is_told_and_heals() {
    let (by, resource, vault, key) = (BY, 0, 0, 0);
    let read = Step::Data {
        by,
        resource,
        object: Object::Get(0),
    };
    let ways = [
        vec![Step::EnableKey {
            by,
            vault,
            key,
            version: 0,
            on: false,
        }],
        vec![Step::DeleteKey { by, vault, key }],
        vec![Step::DeleteVault { by, vault }],
        vec![Step::Firewall {
            by,
            vault,
            fire: Fire::Closed,
        }],
        vec![Step::Identify {
            by,
            resource,
            on: false,
        }],
        vec![Step::RoleMode {
            by,
            vault,
            on: true,
        }],
        vec![Step::Revoke {
            by,
            vault,
            to: Some(resource),
            permission: None,
        }],
        vec![
            Step::Delete { by, resource },
            read,
            Step::Recover { by, resource },
        ],
        vec![Step::Move {
            by,
            resource,
            group: Group(1),
        }],
    ];
    for way in ways {
        let again = [
            read,
            Step::Data {
                by,
                resource,
                object: Object::Put(2, false),
            },
            Step::Data {
                by,
                resource,
                object: Object::List,
            },
            // No way round it.
            Step::Reset { by, resource },
            Step::Rekey { by, resource },
            Step::SetKey {
                by,
                resource,
                vault,
                key,
                version: 1,
            },
        ];
        let steps = with(with(under_a_customers_key(), &way), &again);
        lived(None, &steps).unwrap_or_else(|found| panic!("{way:?}: {found}"));
    }
}

/// A change of key begins with an unwrap under the present one. It had granted first, and so gave back by
/// the way what was revoked.
#[test]
fn r17_a_change_of_key_does_not_give_back_what_was_revoked() {
    let (by, resource, vault, key) = (BY, 0, 0, 0);
    let revoke = Step::Revoke {
        by,
        vault,
        to: Some(resource),
        permission: None,
    };
    let rotate = Step::SetKey {
        by,
        resource,
        vault,
        key,
        version: 1,
    };
    lived(None, &with(under_a_customers_key(), &[revoke, rotate])).unwrap();
}
