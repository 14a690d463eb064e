//! A change of key that stands still between any two of its steps, while the owner of an outside vault takes
//! access away. Nobody hears of that: an unwrap is rested on for as long as a lease lasts, by both clocks, and
//! not at all once somebody was denied.

use std::time::Duration;

use object_store::ObjectStoreExt as _;
use strongroom::{
    Error, KeySource, LeaseSettings, LeaseTerm, ResourceChange, ResourceState, WrapAlgorithm,
};
use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_tests::faulty_vault::Weather;

use super::stage::Stage;
use super::{DISABLED, path};
use crate::held_up::settled;

/// Shorter than others have to wait before they take over what stands still.
const LEASE: Duration = Duration::from_secs(30);

fn leases() -> LeaseSettings {
    LeaseSettings::with_term(LeaseTerm::lasting(LEASE).unwrap())
}

/// What happens while a change stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    /// Less than a lease passes.
    Little,
    /// A lease passes, by both clocks.
    Long,
    /// The machine sleeps, and its wall clock is set so that nothing shows.
    Asleep,
    /// The wall clock alone goes on.
    WallForward,
    /// It is put back, past when the key was asked.
    WallBack,
    /// No time passes, and somebody else is denied.
    OthersDenied,
}

impl Meanwhile {
    const VOID: [Self; 5] = [
        Self::Long,
        Self::Asleep,
        Self::WallForward,
        Self::WallBack,
        Self::OthersDenied,
    ];

    async fn comes(self, stage: &Stage) {
        match self {
            Self::Little => stage.pass(LEASE.saturating_sub(Duration::from_secs(1))),
            Self::Long => stage.pass(LEASE),
            Self::Asleep => stage.pass_since_boot(LEASE),
            Self::WallForward => stage.pass_on_the_wall(LEASE),
            Self::WallBack => {
                stage.pass_since_boot(Duration::from_secs(1));
                stage.put_back_the_wall(Duration::from_secs(5));
            }
            Self::OthersDenied => {
                let another = stage.another().await;
                let resource = another.administrator();
                let resource = resource
                    .resource_by_uid(stage.resource.uid())
                    .await
                    .unwrap();
                let objects = resource.store().await.unwrap();
                let read = objects.get(&path()).await;
                // It may be under the service's own key by now.
                if read.is_err() {
                    let found = resource.show().await.unwrap().state;
                    assert!(matches!(found, ResourceState::Inaccessible(_)), "{found:?}");
                }
                another.close().await.unwrap();
            }
        }
    }
}

fn back(stage: &Stage) -> ResourceChange {
    ResourceChange::SetKey {
        key: stage.key.clone(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

/// Begins a change, has `weather` and what comes `meanwhile` at its `step`-th step, and lets it go on. None if
/// it ends before. Then whether it was done when it stood still, and what came of it.
async fn held_up(
    stage: &Stage,
    change: &ResourceChange,
    step: u64,
    (weather, meanwhile): (Weather, Meanwhile),
) -> Option<(bool, Result<(), Error>)> {
    let before = settled(stage.resource.show().await.unwrap().encryption);
    stage.plan.arm(step);
    let mut changed = std::pin::pin!(stage.resource.change(change.clone()));
    tokio::select! {
        biased;
        ended = &mut changed => {
            ended.unwrap();
            stage.plan.arm(u64::MAX);
            return None;
        }
        () = stage.plan.arrival() => {}
    }
    let done = settled(stage.resource.show().await.unwrap().encryption) != before;
    stage.vault.set(weather);
    meanwhile.comes(stage).await;
    stage.plan.let_go();
    let ended = changed.await.map(drop);
    let after = settled(stage.resource.show().await.unwrap().encryption);
    assert_eq!(ended.is_ok() || done, after != before, "{ended:?}");
    Some((done, ended))
}

/// The resource as it was: the same key, within reach.
async fn restore(stage: &Stage) {
    stage.vault.set(Weather::Fair);
    stage.pass(Duration::from_mins(2));
    let view = stage.resource.show().await.unwrap();
    let as_it_was = matches!(
        view.encryption.source,
        KeySource::CustomerManaged {
            algorithm: WrapAlgorithm::RsaOaep256,
            ..
        }
    );
    if !as_it_was {
        stage.resource.change(back(stage)).await.unwrap();
    }
    let store = stage.resource.store().await.unwrap();
    store.get(&path()).await.unwrap();
}

fn changes(stage: &Stage) -> [ResourceChange; 3] {
    [
        ResourceChange::ResetKey,
        ResourceChange::Rekey,
        ResourceChange::SetKey {
            key: stage.key.clone(),
            algorithm: WrapAlgorithm::RsaOaep,
        },
    ]
}

#[tokio::test]
async fn r17_a_held_up_change_rests_on_an_unwrap_as_long_as_a_lease_lasts_and_no_longer() {
    let stage = Stage::new(leases()).await;
    stage.filled(&path(), "hello").await;
    for meanwhile in Meanwhile::VOID {
        for change in changes(&stage) {
            let mut stopped = 0;
            for step in 1.. {
                restore(&stage).await;
                let at = format!("{change:?}, step {step}, {meanwhile:?}");
                let Some((done, ended)) =
                    Box::pin(held_up(&stage, &change, step, (DISABLED, meanwhile))).await
                else {
                    break;
                };
                if done {
                    continue;
                }
                stopped += 1;
                let error = ended.expect_err(&at);
                let says_no = [OutcomeKind::Denied, OutcomeKind::Refused];
                assert!(says_no.contains(&error.kind()), "{at}: {error:?}");
            }
            assert!(stopped > 3, "{change:?} was held up nowhere");
        }
    }
    restore(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn r17_a_change_within_the_lease_of_its_unwrap_is_within_the_bound() {
    let stage = Stage::new(leases()).await;
    stage.filled(&path(), "hello").await;
    let reset = ResourceChange::ResetKey;
    let mut went_on = 0;
    for step in 1.. {
        restore(&stage).await;
        let meanwhile = (DISABLED, Meanwhile::Little);
        let Some((done, ended)) = Box::pin(held_up(&stage, &reset, step, meanwhile)).await else {
            break;
        };
        went_on += usize::from(!done && ended.is_ok());
    }
    assert!(went_on > 0, "no unwrap was rested on");
    restore(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn r17_an_unwrap_that_is_too_old_is_made_again_and_the_change_goes_on() {
    let stage = Stage::new(leases()).await;
    stage.filled(&path(), "hello").await;
    for meanwhile in Meanwhile::VOID {
        for change in changes(&stage) {
            for step in 1.. {
                restore(&stage).await;
                let at = format!("{change:?}, step {step}, {meanwhile:?}");
                let fair = (Weather::Fair, meanwhile);
                let Some((_, ended)) = Box::pin(held_up(&stage, &change, step, fair)).await else {
                    break;
                };
                ended.unwrap_or_else(|error| panic!("{at}: {error:?}"));
            }
        }
    }
    restore(&stage).await;
    stage.close().await;
}
