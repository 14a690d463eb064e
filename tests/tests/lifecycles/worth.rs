//! That random lives are worth living: without the system, how often what matters happens in them.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::ReferenceStateMachine as _;
use strongroom_tests::naive::{Answer, Kek, OUTSIDE, Step, Tenant, World};

use crate::{Naive, STEPS};

/// What a step was, by the kinds that the rules tell apart.
fn names(before: &World, step: Step, after: &World) -> Vec<String> {
    let debug = format!("{step:?}");
    let kind = debug
        .split([' ', '('])
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut names = Vec::new();
    match &after.last {
        Answer::Done(_) => names.push(format!("{kind} done")),
        Answer::Either(_) => {}
        Answer::No(no) => {
            names.push(format!("{kind} refused"));
            let denied = matches!(step, Step::Data { .. } | Step::SetKey { .. });
            names.extend(
                no.iter()
                    .filter(|_| denied)
                    .map(|no| format!("{kind}: {}", no.code)),
            );
        }
    }
    if let (
        Step::SetKey {
            resource, vault, ..
        },
        true,
    ) = (step, after.last.is_done())
    {
        let was = before.resources[&resource].kek;
        names.push(match (was, vault == OUTSIDE) {
            (Kek::Service(_), true) => "enabled outside".to_owned(),
            (Kek::Service(_), false) => "enabled inside".to_owned(),
            (Kek::Customer(_), _) => {
                let now = after.resources[&resource].generations;
                let rotated = now == before.resources[&resource].generations;
                if rotated { "rotated" } else { "another key" }.to_owned()
            }
        });
    }
    if let (Step::Data { resource, .. }, true) = (step, after.last.is_done()) {
        let found = &before.resources[&resource];
        if let Kek::Customer(_) = found.kek {
            names.push("data under a customer's key".to_owned());
            if before.tenant_of(found.group) == Tenant::Away {
                names.push("data under a customer's key, away".to_owned());
            }
        }
    }
    names
}

#[test]
fn random_lives_do_what_matters() {
    let config = Config {
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let strategy = Naive::sequential_strategy(STEPS);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..256 {
        let (mut world, steps, _) = strategy.new_tree(&mut runner).unwrap().current();
        for step in steps {
            let after = world.step(step);
            for name in names(&world, step, &after) {
                *counts.entry(name).or_default() += 1;
            }
            world = after;
        }
    }
    for (name, count) in &counts {
        eprintln!("{count:6} {name}");
    }
    for (name, least) in [
        ("enabled inside", 200),
        ("enabled outside", 20),
        ("rotated", 60),
        ("another key", 100),
        ("Reset done", 30),
        ("Rekey done", 30),
        ("data under a customer's key", 400),
        ("data under a customer's key, away", 1),
        ("MoveSubscription done", 30),
        ("MoveGroup done", 30),
        ("Move done", 30),
        ("Trust done", 10),
        ("Recover done", 60),
        ("Purge done", 1),
        ("RecoverKey done", 1),
        ("RecoverVault done", 1),
        ("Create refused", 30),
        ("Data: AccessDenied", 10),
        ("Data: ForbiddenByFirewall", 1),
        ("Data: ForbiddenByRbac", 1),
        ("Data: IdentityLeftBehind", 1),
        ("Data: IdentityOff", 1),
        ("Data: KeyDeleted", 1),
        ("Data: KeyDisabled", 10),
        ("Data: KeyVaultTenantMismatch", 1),
        ("Data: VaultDeleted", 1),
        ("Data: ResourceDeleted", 10),
        ("SetKey: KeyExpired", 1),
        ("SetKey: KeyNotYetValid", 1),
        ("SetKey: KeyVaultKeyTypeNotSupported", 1),
        ("SetKey: KeyVaultPurgeProtectionOff", 1),
        ("SetKey: KeyVaultRegionMismatch", 1),
        ("SetKey: KeyVaultTenantMismatch", 10),
        ("SetKey: KeyVaultPermissionMissing", 10),
        ("SetKey: TierWithoutCustomerKeys", 1),
    ] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count >= least, "{name}: {count}");
    }
}
