//! A vault that somebody else keeps: nobody tells of what its owner changes, and much can stand between.

mod held_up;
mod management;
mod stage;

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt as _};
use strongroom::{
    Error, LeaseSettings, LeaseTerm, NewPrincipal, Operation, ResourceChange, ResourceState, Role,
    Scope, WrapAlgorithm,
};
use strongroom_base::Outcome as _;
use strongroom_tests::fault::{Fate, FaultPlan};
use strongroom_tests::faulty_vault::Weather;
use strongroom_vault::Denial;

use self::stage::Stage;

const DISABLED: Weather = Weather::Denied(Denial::KeyDisabled);

fn path() -> Path {
    "greeting".into()
}

async fn reads(store: &dyn ObjectStore) -> Result<(), Error> {
    let read = store.get(&path()).await?.bytes().await?;
    assert_eq!(read, "hello");
    Ok(())
}

async fn code(store: &dyn ObjectStore) -> &'static str {
    reads(store)
        .await
        .map_or_else(|error| error.code(), |()| "ok")
}

#[tokio::test]
async fn r17_what_nobody_tells_of_is_obeyed_when_the_lease_has_run_out_and_heals_by_itself() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    let mut running = store.get(&stage.large().await).await.unwrap().into_stream();
    assert!(running.next().await.unwrap().is_ok());
    stage.vault.set(DISABLED);
    stage.pass(Duration::from_secs(30));
    // Within the bound, and asked for anew only when half of the lease is over.
    reads(&*store).await.unwrap();
    assert!(running.next().await.unwrap().is_ok());
    stage.pass(Duration::from_secs(30));
    assert_eq!(code(&*store).await, "KeyDisabled");
    assert!(running.next().await.unwrap().is_err());
    let ResourceState::Inaccessible(found) = stage.resource.show().await.unwrap().state else {
        panic!("it does not say so");
    };
    assert_eq!(found.reason.code(), "KeyDisabled");
    let since = found.since;

    // The same is told for a while, and then it is asked again.
    let asked = stage.vault.unwraps();
    stage.pass(Duration::from_millis(4_999));
    assert_eq!(code(&*store).await, "KeyDisabled");
    assert_eq!(stage.vault.unwraps(), asked);
    stage.vault.set(Weather::Denied(Denial::KeyDeleted));
    stage.pass(Duration::from_millis(1));
    assert_eq!(code(&*store).await, "KeyDeleted");
    let ResourceState::Inaccessible(found) = stage.resource.show().await.unwrap().state else {
        panic!("it does not say so");
    };
    assert_eq!((found.reason.code(), found.since), ("KeyDeleted", since));

    stage.vault.set(Weather::Fair);
    stage.pass(Duration::from_secs(5));
    reads(&*store).await.unwrap();
    let shown = stage.resource.show().await.unwrap();
    assert_eq!(shown.state, ResourceState::Active);
    stage.close().await;
}

#[tokio::test]
async fn r17_within_a_live_lease_no_change_of_key_goes_round_a_revocation() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    let before = stage.resource.show().await.unwrap();
    for change in [
        ResourceChange::ResetKey,
        ResourceChange::Rekey,
        ResourceChange::SetKey {
            key: stage.key.clone(),
            algorithm: WrapAlgorithm::RsaOaep,
        },
    ] {
        stage.vault.set(Weather::Fair);
        stage.pass(Duration::from_secs(5));
        reads(&*store).await.unwrap();
        stage.vault.set(DISABLED);
        reads(&*store).await.unwrap();
        let refused = stage.resource.change(change.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "KeyDisabled", "{change:?}: {refused:?}");
    }
    let after = stage.resource.show().await.unwrap();
    assert_eq!(after.encryption, before.encryption);
    stage.pass(Duration::from_mins(1));
    assert_eq!(code(&*store).await, "KeyDisabled");
    stage.close().await;
}

#[tokio::test]
async fn r17_no_outage_is_taken_for_a_revocation() {
    let deadline = Duration::from_millis(100);
    let settings = LeaseSettings {
        deadline,
        ..LeaseSettings::default()
    };
    let stage = Stage::new(settings).await;
    let store = stage.filled(&path(), "hello").await;
    for (weather, told) in [
        (Weather::Silent, "KeyVaultUnreachable"),
        (Weather::Proxy, "KeyVaultUnreachable"),
        (Weather::Slow(deadline * 20), "KeyVaultUnreachable"),
        (
            Weather::Throttled(Some(Duration::from_secs(7))),
            "Throttled",
        ),
        (Weather::Throttled(None), "Throttled"),
    ] {
        reads(&*store).await.unwrap();
        stage.vault.set(weather);
        stage.pass(Duration::from_secs(59));
        // It is asked ahead, in vain, and the lease goes on.
        reads(&*store).await.unwrap();
        stage.pass(Duration::from_secs(1));
        let error = store.head(&path()).await.unwrap_err();
        assert!(matches!(error, StoreError::Generic { .. }), "{error:?}");
        assert_eq!(Error::from(error).code(), told, "{weather:?}");
        let shown = stage.resource.show().await.unwrap();
        assert_eq!(shown.state, ResourceState::Active, "{weather:?}");
        stage.vault.set(Weather::Fair);
        stage.pass(Duration::from_secs(7));
        reads(&*store).await.unwrap();
    }
    stage.close().await;
}

#[tokio::test]
async fn r17_an_outage_is_borne_for_the_grace_that_was_given() {
    let settings = LeaseSettings {
        outage_grace: Duration::from_mins(10),
        ..LeaseSettings::default()
    };
    let stage = Stage::new(settings).await;
    let store = stage.filled(&path(), "hello").await;
    stage.vault.set(Weather::Silent);
    for _ in 0..10 {
        stage.pass(Duration::from_mins(1));
        reads(&*store).await.unwrap();
    }
    stage.pass(Duration::from_mins(1));
    assert_eq!(code(&*store).await, "KeyVaultUnreachable");
    // A no is a no, whatever the grace.
    stage.vault.set(Weather::Fair);
    stage.pass(Duration::from_secs(1));
    reads(&*store).await.unwrap();
    stage.vault.set(DISABLED);
    stage.pass(Duration::from_mins(1));
    assert_eq!(code(&*store).await, "KeyDisabled");
    stage.close().await;
}

#[tokio::test]
async fn r17_damage_is_no_revocation_and_is_asked_about_again_ever_more_rarely() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    stage.vault.set(Weather::Damaged);
    stage.pass(Duration::from_mins(1));
    assert_eq!(code(&*store).await, "WrappedKeyDamaged");
    let asked = stage.vault.unwraps();
    for times in 1..=4 {
        let wait = Duration::from_mins(1 << (times - 1));
        stage.pass(wait.saturating_sub(Duration::from_millis(1)));
        assert_eq!(code(&*store).await, "WrappedKeyDamaged");
        assert_eq!(stage.vault.unwraps(), asked + times - 1);
        stage.pass(Duration::from_millis(1));
        assert_eq!(code(&*store).await, "WrappedKeyDamaged");
        assert_eq!(stage.vault.unwraps(), asked + times);
    }
    let shown = stage.resource.show().await.unwrap();
    assert_eq!(shown.state, ResourceState::Active);
    // Whoever mends it, far away, need not tell.
    stage.vault.set(Weather::Fair);
    stage.pass(Duration::from_mins(16));
    reads(&*store).await.unwrap();
    // Or something of it changes here: what was read is watched, also when it was no use.
    stage.vault.set(Weather::Damaged);
    stage.pass(Duration::from_mins(1));
    assert_eq!(code(&*store).await, "WrappedKeyDamaged");
    stage.vault.set(Weather::Fair);
    let up = ResourceChange::SetTier(strongroom::Tier::E0);
    stage.resource.change(up).await.unwrap();
    reads(&*store).await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn r17_a_vault_that_breaks_down_is_silent() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    stage.pass(Duration::from_mins(1));
    stage.vault.set(Weather::Panics);
    assert_eq!(code(&*store).await, "ProofOverdue");
    stage.vault.set(Weather::Fair);
    stage.pass(Duration::from_secs(1));
    reads(&*store).await.unwrap();
    stage.close().await;
}

/// It is asked ahead, says no, and that cannot be written down.
#[tokio::test]
async fn r17_the_first_no_ends_the_lease() {
    let plan = FaultPlan::new(Fate::Fails);
    let stage = Stage::with(LeaseSettings::default(), plan).await;
    let store = stage.filled(&path(), "hello").await;
    stage.pass(Duration::from_secs(55));
    stage.vault.set(DISABLED);
    // The record of what is asked, that of the answer, the mark.
    stage.plan.arm(3);
    reads(&*store).await.unwrap();
    let refused = async {
        while reads(&*store).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(20), refused).await;
    assert!(refused.is_ok(), "the lease went on");
    stage.pass(Duration::from_secs(5));
    assert_eq!(code(&*store).await, "KeyDisabled");
    stage.close().await;
}

#[tokio::test]
async fn r18_an_unwrap_names_the_session_that_needed_it_and_one_ahead_names_nobody() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    let me = stage.room.administrator();
    let bob = me
        .create_principal(me.tenant(), "bob".parse().unwrap(), NewPrincipal::User)
        .await
        .unwrap();
    let here = Scope::Resource(stage.resource.uid());
    for role in [Role::Reader, Role::CognitiveServicesDataReader] {
        me.assign_role(role, bob.id, here).await.unwrap();
    }
    let acting = me.acting_as(bob.id).await.unwrap();
    let bobs = acting.resource(&"notes".parse().unwrap()).await.unwrap();
    let bobs = bobs.store().await.unwrap();
    let last_unwrap = async || {
        let records = stage.room.newest_audit(20).await.unwrap();
        let records = records.into_iter().map(|audited| audited.record);
        let mut unwraps = records.filter(|record| record.operation == Operation::KeyUnwrap);
        unwraps.next_back().unwrap()
    };
    let identity = last_unwrap().await.principal;

    stage.pass(Duration::from_mins(1));
    reads(&*bobs).await.unwrap();
    let of_bob = last_unwrap().await;
    assert_eq!(of_bob.principal, identity);
    assert_eq!(of_bob.on_behalf_of.clone().unwrap().principal, bob.id);
    assert_eq!(of_bob.on_behalf_of.unwrap().correlation, of_bob.correlation);
    stage.pass(Duration::from_mins(1));
    reads(&*store).await.unwrap();
    let mine = last_unwrap().await.on_behalf_of.unwrap();
    assert_eq!(mine.principal, me.principal());
    assert_ne!(mine.correlation, of_bob.correlation);

    let asked = stage.vault.unwraps();
    stage.pass(Duration::from_secs(55));
    reads(&*bobs).await.unwrap();
    let ahead = async {
        while stage.vault.unwraps() == asked || last_unwrap().await.correlation == mine.correlation
        {
            tokio::task::yield_now().await;
        }
    };
    let ahead = tokio::time::timeout(Duration::from_secs(20), ahead).await;
    assert!(ahead.is_ok(), "it was not asked ahead");
    let ahead = last_unwrap().await;
    assert_eq!((ahead.principal, ahead.on_behalf_of), (identity, None));
    stage.close().await;
}

#[tokio::test]
async fn r17_those_who_need_a_lease_at_once_ask_once() {
    let stage = Stage::new(LeaseSettings::default()).await;
    let store = stage.filled(&path(), "hello").await;
    stage.vault.set(Weather::Slow(Duration::from_millis(50)));
    stage.pass(Duration::from_mins(1));
    let asked = stage.vault.unwraps();
    let all = join_all((0..100).map(|_| reads(&*store))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(stage.vault.unwraps(), asked + 1);
    // Whoever gives up takes nothing from the others.
    stage.pass(Duration::from_mins(1));
    let gave_up = tokio::time::timeout(Duration::from_millis(5), reads(&*store)).await;
    assert!(gave_up.is_err());
    reads(&*store).await.unwrap();
    assert_eq!(stage.vault.unwraps(), asked + 2);
    stage.close().await;
}

#[tokio::test]
async fn r17_per_operation_asks_for_each() {
    let settings = LeaseSettings::with_term(LeaseTerm::PER_OPERATION);
    let stage = Stage::new(settings).await;
    let store = stage.filled(&path(), "hello").await;
    let asked = stage.vault.unwraps();
    for _ in 0..3 {
        reads(&*store).await.unwrap();
    }
    assert_eq!(stage.vault.unwraps(), asked + 3);
    let mut running = store.get(&stage.large().await).await.unwrap().into_stream();
    assert!(running.next().await.unwrap().is_ok());
    stage.vault.set(DISABLED);
    assert_eq!(code(&*store).await, "KeyDisabled");
    // That denial is everybody's.
    assert!(running.next().await.unwrap().is_err());
    stage.close().await;
}
