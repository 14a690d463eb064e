//! Random lives of principals and managed identities, against naive models: a few booleans each.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use strongroom_base::{Machine, Outcome, PrincipalId, ResourceUid, TenantId, Timestamp};
use strongroom_identity::{
    IdentityCommand, IdentityFacts, IdentityMachine, ManagedIdentity, NameUse, NoToken, Principal,
    PrincipalCommand, PrincipalFacts, PrincipalKind, PrincipalMachine, Standing, token_for,
};

const AT: Timestamp = Timestamp::from_unix_millis(1);

fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

/// Decides, and carries out what was allowed; what was refused leaves the state as it was.
fn take<M: Machine>(
    state: &mut M::State,
    command: &M::Command,
    facts: &M::Facts<'_>,
) -> Result<(), &'static str> {
    let before = state.clone();
    let decided = M::decide(state, command, facts);
    assert!(*state == before, "to decide changes nothing");
    for event in decided.map_err(|refusal| refusal.code())? {
        M::evolve(state, &event);
    }
    assert!(*state != before, "{command:?} was allowed and did nothing");
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Register,
    Disable,
    Enable,
    Delete,
    Retire,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A principal is registered once, comes and goes while it lives, and is deleted once, by the one
    /// who may; refused commands change nothing.
    #[test]
    fn i08_a_principal_lives_as_the_naive_model(
        owned in any::<bool>(),
        steps in vec((
            prop::sample::select(vec![Step::Register, Step::Disable, Step::Enable, Step::Delete, Step::Retire]),
            any::<bool>(),
        ), 1..32),
    ) {
        let of = ResourceUid::from_bytes([9; 16]);
        let kind = if owned { PrincipalKind::ManagedIdentity { of } } else { PrincipalKind::User };
        let (mut state, mut known, mut enabled, mut deleted) = (None, false, false, false);
        for (step, may) in steps {
            let denied = strongroom_identity::Denied::NotAuthenticated { principal: PrincipalId::from_bytes([8; 16]) };
            let facts = PrincipalFacts { authority: if may { Ok(()) } else { Err(denied) }, name: NameUse::Free };
            let alive = known && !deleted;
            let (command, allowed) = match step {
                Step::Register => {
                    let (id, home, name) = (PrincipalId::from_bytes([1; 16]), tenant(1), "Ada".parse().unwrap());
                    (PrincipalCommand::Register { id, kind, home, name }, !known && (owned || may))
                }
                Step::Disable => (PrincipalCommand::Disable, may && alive && enabled),
                Step::Enable => (PrincipalCommand::Enable, may && alive && !enabled),
                Step::Delete => (PrincipalCommand::Delete { at: AT }, may && alive && !owned),
                Step::Retire => (PrincipalCommand::Retire { at: AT }, alive && owned),
            };
            let taken = take::<PrincipalMachine>(&mut state, &command, &facts);
            prop_assert_eq!(taken.is_ok(), allowed, "{:?}: {:?}", step, taken);
            if allowed {
                known = true;
                enabled = matches!(step, Step::Register | Step::Enable);
                deleted = matches!(step, Step::Delete | Step::Retire);
            }
            let standing = state.as_ref().map_or(Standing::Gone, Principal::standing);
            let expected = match (known && !deleted, enabled) {
                (false, _) => Standing::Gone,
                (true, true) => Standing::Enabled,
                (true, false) => Standing::Disabled,
            };
            prop_assert_eq!(standing, expected);
        }
    }

    /// An identity gets a token exactly while it is on and its resource is where it was made; each time
    /// it is made it is another principal.
    #[test]
    fn r12_an_identity_lives_as_the_naive_model(steps in vec((0_u8..3, 0_u8..3), 1..48)) {
        let (mut identity, mut present, mut naive) = (ManagedIdentity::Off, 0_u8, None);
        let (mut drawn, mut seen) = (0_u8, BTreeSet::new());
        for (step, to) in steps {
            let facts = IdentityFacts { present: tenant(present) };
            match step {
                0 => {
                    drawn += 1;
                    let principal = PrincipalId::from_bytes([drawn; 16]);
                    let command = IdentityCommand::Enable { principal, at: AT };
                    let taken = take::<IdentityMachine>(&mut identity, &command, &facts);
                    let expected = match naive {
                        None => Ok(()),
                        Some((_, home)) if home == present => Err("NoOp"),
                        Some(_) => Err("IdentityLeftBehind"),
                    };
                    prop_assert_eq!(taken, expected);
                    if taken.is_ok() {
                        prop_assert!(seen.insert(principal));
                        naive = Some((principal, present));
                    }
                }
                1 => {
                    let taken = take::<IdentityMachine>(&mut identity, &IdentityCommand::Disable, &facts);
                    prop_assert_eq!(taken.is_ok(), naive.is_some());
                    naive = None;
                }
                // A move: nothing is asked of the identity, and nothing is written.
                _ => present = to,
            }
            let expected = match naive {
                None => Err(NoToken::IdentityOff),
                Some((principal, home)) if home == present => Ok(principal),
                Some((_, home)) => Err(NoToken::LeftBehind { home: tenant(home), present: tenant(present) }),
            };
            prop_assert_eq!(token_for(&identity, tenant(present), Standing::Enabled), expected);
        }
    }
}
