//! Revocation (R12, R13, R17): each way of taking access away stops everything, new and running, says which
//! it was, and heals by itself with nothing lost.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod data;
mod held_up;
mod house;
mod outside;
mod rights;
mod ways;

use std::sync::Arc;

use strongroom::{ResourceState, Strongroom};
use strongroom_base::Outcome as _;
use strongroom_tests::fault::{Fate, FaultPlan};

use crate::data::Running;
use crate::house::House;
use crate::ways::Way;

/// The change is made by the process that serves the data, or by another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    This,
    Another,
}

/// Takes access away, looks at everything, gives it back, and reads everything back. The lease is a
/// minute: whoever waits for its end does not pass.
async fn way(way: Way, by: By) {
    let house = House::new().await;
    let another = match by {
        By::This => None,
        By::Another => Some(
            Strongroom::open(house.data(), &house::options())
                .await
                .unwrap(),
        ),
    };
    let operator = another
        .as_ref()
        .unwrap_or(&house.room)
        .administrator()
        .clone();
    let scene = house.scene(way.name()).await;
    let store = scene.resource.store().await.unwrap();
    data::fill(&*store).await;
    let stored = house.stored_objects();
    let mut running = Running::begin(&*store).await;

    way.take(&operator, &scene).await;
    if by == By::Another {
        data::until_refused(&*store).await;
    }
    let code = way.code();
    running.is_stopped(code).await;
    data::everything_is_refused(&*store, code).await;
    let ResourceState::Inaccessible(found) = scene.resource.show().await.unwrap().state else {
        panic!("{}: not inaccessible", way.name());
    };
    assert_eq!(found.reason.code(), code, "{}", way.name());
    scene.nothing_goes_round(&house.room, code).await;

    way.give_back(&operator, &scene).await;
    if by == By::Another {
        data::until_allowed(&*store).await;
    }
    data::reads_back(&*store).await;
    let state = scene.resource.show().await.unwrap().state;
    assert_eq!(state, ResourceState::Active, "{}", way.name());
    assert_eq!(house.stored_objects(), stored, "I4: {}", way.name());
    house.room.verify_audit().await.unwrap();
    if let Some(another) = another {
        another.close().await.unwrap();
    }
    house.room.close().await.unwrap();
}

#[tokio::test]
async fn r17_a_policy_is_removed_here() {
    way(Way::PolicyRemoved, By::This).await;
}

#[tokio::test]
async fn r17_a_policy_is_removed_elsewhere() {
    way(Way::PolicyRemoved, By::Another).await;
}

#[tokio::test]
async fn r17_a_version_is_disabled_here() {
    way(Way::KeyDisabled, By::This).await;
}

#[tokio::test]
async fn r17_a_version_is_disabled_elsewhere() {
    way(Way::KeyDisabled, By::Another).await;
}

#[tokio::test]
async fn r17_a_key_is_deleted_here() {
    way(Way::KeyDeleted, By::This).await;
}

#[tokio::test]
async fn r17_a_key_is_deleted_elsewhere() {
    way(Way::KeyDeleted, By::Another).await;
}

#[tokio::test]
async fn r17_a_vault_is_deleted_here() {
    way(Way::VaultDeleted, By::This).await;
}

#[tokio::test]
async fn r17_a_vault_is_deleted_elsewhere() {
    way(Way::VaultDeleted, By::Another).await;
}

#[tokio::test]
async fn r17_a_firewall_is_closed_here() {
    way(Way::FirewallClosed, By::This).await;
}

#[tokio::test]
async fn r17_a_firewall_is_closed_elsewhere() {
    way(Way::FirewallClosed, By::Another).await;
}

#[tokio::test]
async fn r12_an_identity_is_disabled_here() {
    way(Way::IdentityDisabled, By::This).await;
}

#[tokio::test]
async fn r12_an_identity_is_disabled_elsewhere() {
    way(Way::IdentityDisabled, By::Another).await;
}

#[tokio::test]
async fn r13_a_resource_is_moved_here() {
    way(Way::ResourceMoved, By::This).await;
}

#[tokio::test]
async fn r13_a_resource_is_moved_elsewhere() {
    way(Way::ResourceMoved, By::Another).await;
}

#[tokio::test]
async fn r13_a_group_is_moved_here() {
    way(Way::GroupMoved, By::This).await;
}

#[tokio::test]
async fn r13_a_group_is_moved_elsewhere() {
    way(Way::GroupMoved, By::Another).await;
}

#[tokio::test]
async fn r13_a_subscription_is_moved_here() {
    way(Way::SubscriptionMoved, By::This).await;
}

#[tokio::test]
async fn r13_a_subscription_is_moved_elsewhere() {
    way(Way::SubscriptionMoved, By::Another).await;
}

/// What looks for other processes' changes breaks down, and begins anew.
#[tokio::test]
async fn r17_a_watch_that_breaks_down_begins_anew() {
    let plan = FaultPlan::new(Fate::Fails);
    let house = House::with(&house::options().with_faults(Arc::new(plan.clone()))).await;
    let way = Way::KeyDisabled;
    let scene = house.scene(way.name()).await;
    let store = scene.resource.store().await.unwrap();
    data::fill(&*store).await;
    let another = Strongroom::open(house.data(), &house::options())
        .await
        .unwrap();
    plan.break_the_watch();
    while plan.watch_will_break() {
        tokio::task::yield_now().await;
    }
    way.take(another.administrator(), &scene).await;
    data::until_refused(&*store).await;
    another.close().await.unwrap();
    house.room.close().await.unwrap();
}
