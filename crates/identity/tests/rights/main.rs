//! Rights and moves in random worlds, against a naive model: sets of assignments, from which a move to
//! another tenant deletes all those of what moved and of everything below it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod naive;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use strongroom_base::{Machine, Outcome};
use strongroom_identity::{
    Absent, Action, Caller, Denied, GroupCommand, GroupFacts, GroupMachine, ManagedIdentity,
    NameUse, NoToken, Present, PrincipalCommand, PrincipalFacts, PrincipalMachine, Role,
    ScopeChain, Standing, SubscriptionCommand, SubscriptionFacts, SubscriptionMachine, Verdict,
    absent, token_for,
};

use naive::*;
use world::*;

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Ok(()) => "ok",
        Err(Denied::Hidden { .. }) => "hidden",
        Err(Denied::Forbidden { .. }) => "forbidden",
        Err(_) => "not authenticated",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Rights follow what is held and what moved, and nothing that was dropped comes back.
    #[test]
    fn r13_rights_are_those_of_the_naive_model(steps in vec(step(), 1..48)) {
        let (mut world, mut naive) = World::new();
        for step in &steps {
            world.take(&mut naive, step);
            for place in Place::all() {
                prop_assert_eq!(world.chain(place).tenant(), tenant(naive.tenant(place)));
                for (who, action) in (0..PRINCIPALS).flat_map(|who| ACTIONS.map(|action| (who, action))) {
                    let verdict = world.ask(who, place, action);
                    let expected = naive.verdict(who, place, action);
                    prop_assert_eq!(word(&verdict), expected, "{} {:?} {}", who, place, action);
                }
            }
        }
    }

    /// Whoever may not read a scope gets the answer that it would get were it not there.
    #[test]
    fn i05_what_is_hidden_and_what_is_absent_answer_alike(steps in vec(step(), 1..32)) {
        let (mut world, mut naive) = World::new();
        for step in &steps {
            world.take(&mut naive, step);
        }
        for place in Place::all() {
            let chain = world.chain(place);
            let parent = chain.parent();
            for (who, action) in (0..PRINCIPALS).flat_map(|who| ACTIONS.map(|action| (who, action))) {
                let Err(hidden @ Denied::Hidden { .. }) = world.ask(who, place, action) else { continue };
                let caller = world.caller(who);
                let lists = parent.as_ref().map(|chain| world.lists(chain)).unwrap_or_default();
                let nearest = parent.as_ref().map(|chain| (chain, lists.as_slice()));
                let Absent::Denied(gone) = absent(&caller, action, chain.scope().read_action(), nearest) else {
                    return Err(TestCaseError::fail(format!("{who} learns that {place:?} is absent")));
                };
                prop_assert_eq!(&gone, &hidden);
                prop_assert_eq!((gone.code(), gone.to_string()), (hidden.code(), hidden.to_string()));
            }
        }
    }
}

#[test]
fn i05_the_answer_names_nothing_that_the_caller_did_not_give() {
    let (mut world, mut naive) = World::new();
    // An owner of tenant 0 asks for the resource of tenant 1.
    world.take(&mut naive, &Step::Assign(Place::Root(0), 0, Role::Owner));
    let foreign = Place::Leaf(1);
    assert_eq!(naive.tenant(foreign), 1);
    let answer = world.ask(0, foreign, Action::AccountsWrite).unwrap_err();
    assert_eq!(answer.code(), "AuthorizationFailed");
    let text = format!("{answer} {answer:?}");
    for place in naive.above(foreign) {
        let secret = place.scope().to_string();
        let id = secret.split('.').nth(1).unwrap();
        assert!(!text.contains(id), "{place:?} is in {text}");
    }
}

#[test]
fn i05_who_may_read_the_parent_is_told_what_is_not_there() {
    let (mut world, mut naive) = World::new();
    world.take(&mut naive, &Step::Assign(Place::Group(0), 0, Role::Reader));
    let chain = world.chain(Place::Group(0));
    let lists = world.lists(&chain);
    let asks = |who| {
        absent(
            &world.caller(who),
            Action::AccountsWrite,
            Action::AccountsRead,
            Some((&chain, &lists)),
        )
    };
    assert_eq!(asks(0), Absent::NotFound);
    assert!(matches!(asks(2), Absent::Denied(Denied::Hidden { .. })));
    // Without even a parent nobody is told.
    let nowhere = absent(
        &world.caller(0),
        Action::AccountsWrite,
        Action::AccountsRead,
        None,
    );
    assert!(matches!(nowhere, Absent::Denied(Denied::Hidden { .. })));
}

#[test]
fn i05_every_machine_looks_at_the_verdict_before_its_state() {
    let (world, _) = World::new();
    let denied = Denied::Hidden {
        principal: principal(0),
        action: Action::GroupsMove,
    };
    let target = world.sub(1);
    let command = GroupCommand::Move {
        subscription: target.id,
    };
    for state in [None, Some(world.group(0).clone())] {
        for name in [NameUse::Free, NameUse::Taken] {
            let present = Present::In(world.sub(0));
            let facts = GroupFacts {
                authority: Err(denied.clone()),
                target: Present::In(target),
                name,
                present,
            };
            let refusal = GroupMachine::decide(&state, &command, &facts).unwrap_err();
            assert_eq!(
                (refusal.code(), refusal.to_string()),
                (denied.code(), denied.to_string())
            );
        }
    }
    let facts = SubscriptionFacts {
        authority: Err(denied.clone()),
    };
    for state in [None, Some(target.clone())] {
        let command = SubscriptionCommand::Move { tenant: tenant(0) };
        let refusal = SubscriptionMachine::decide(&state, &command, &facts).unwrap_err();
        assert_eq!(refusal.to_string(), denied.to_string());
    }
}

#[test]
fn a_principal_that_cannot_authenticate_learns_nothing_of_any_scope() {
    let (mut world, mut naive) = World::new();
    world.take(&mut naive, &Step::Assign(Place::Root(0), 0, Role::Owner));
    let mut state = Some(world.principals[0].clone());
    let facts = PrincipalFacts {
        authority: Ok(()),
        name: NameUse::Free,
    };
    run::<PrincipalMachine>(&mut state, &PrincipalCommand::Disable, &facts).unwrap();
    world.principals[0] = state.unwrap();
    let expected = Denied::NotAuthenticated {
        principal: principal(0),
    };
    for place in Place::all() {
        assert_eq!(
            world.ask(0, place, Action::AccountsRead),
            Err(expected.clone())
        );
    }
    // Nor does one that nobody registered, or under whose id another's row was read.
    let stranger = Caller::of(principal(99), world.principals.first());
    assert_eq!(stranger, Caller::Unknown { id: principal(99) });
}

#[test]
fn r13_a_move_to_another_tenant_and_back_is_two_rows_and_brings_identities_back_but_no_rights() {
    let (mut world, mut naive) = World::new();
    let (sub, leaf) = (0, Place::Leaf(0));
    world.take(&mut naive, &Step::Assign(leaf, 0, Role::Owner));
    let home = world.chain(leaf).tenant();
    let identity = ManagedIdentity::On {
        principal: principal(1),
        home,
        since: AT,
    };
    let lists = world.lists.clone();
    let token = |world: &World| token_for(&identity, world.chain(leaf).tenant(), Standing::Enabled);
    assert_eq!(token(&world), Ok(principal(1)));
    world.rows = 0;
    world.take(&mut naive, &Step::MoveSub(sub, 1));
    assert_eq!(
        token(&world),
        Err(NoToken::LeftBehind {
            home,
            present: tenant(1)
        })
    );
    world.take(&mut naive, &Step::MoveSub(sub, 0));
    assert_eq!(token(&world), Ok(principal(1)));
    // No list was touched, and yet the right is gone.
    assert_eq!((world.rows, &world.lists), (2, &lists));
    assert_eq!(word(&world.ask(0, leaf, Action::AccountsRead)), "hidden");
}

#[test]
fn a_group_of_another_subscription_makes_no_chain() {
    let (world, _) = World::new();
    let error = ScopeChain::of_group(world.group(0), world.sub(1))
        .unwrap_err()
        .to_string();
    assert!(error.contains("read both again"), "{error}");
}

#[test]
fn r13_a_list_that_names_a_principal_of_another_tenant_gives_only_a_user_a_right() {
    let (mut world, mut naive) = World::new();
    let (user, identity, root) = (0, 1, Place::Root(0));
    for who in [user, identity] {
        world.take(&mut naive, &Step::Assign(root, who, Role::Owner));
        assert_eq!(world.ask(who, root, Action::AccountsRead), Ok(()));
    }
    // The same list, were it read for a scope that is in another tenant by now.
    let scope = Place::Sub(0).scope();
    let mut list = world.lists[&root.scope()].clone().unwrap();
    list.scope = scope;
    world.lists.insert(scope, Some(list));
    world.subs[0].as_mut().unwrap().tenant = tenant(1);
    assert_eq!(world.ask(user, Place::Sub(0), Action::AccountsRead), Ok(()));
    let hidden = world.ask(identity, Place::Sub(0), Action::AccountsRead);
    assert_eq!(word(&hidden), "hidden");
}
