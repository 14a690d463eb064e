//! The line between no and no answer.

use strongroom_base::{Outcome, OutcomeKind, Retry};

use super::bench::{Bench, Circumstance, Skipped, arranged};
use super::states::Sealed;

/// When nobody answers, or the answer is lost, that is an outage: no denial, and worth asking again.
/// Being asked too often is neither. All of it passes.
pub async fn an_outage_is_never_a_denial(bench: &dyn Bench) -> Vec<Skipped> {
    let mut skipped = Vec::new();
    for (circumstance, kind) in [
        (Circumstance::Unreachable, OutcomeKind::Unavailable),
        (Circumstance::AnswerLost, OutcomeKind::Unavailable),
        (Circumstance::Throttled, OutcomeKind::Throttled),
    ] {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        if let Err(it) = arranged(rig.as_ref(), circumstance.clone()).await {
            skipped.push(it);
            continue;
        }
        let reading = rig.vault().key(&rig.caller(), &before.key).await.map(drop);
        let asked = before.ask(rig.as_ref()).await;
        for outcome in asked
            .into_iter()
            .map(|(_, outcome)| outcome)
            .chain([reading])
        {
            match outcome {
                Ok(()) => panic!("{circumstance:?}: the vault answered"),
                Err(error) => {
                    assert_eq!(error.kind(), kind, "{circumstance:?}: {error}");
                    assert_eq!(error.denial(), None, "{circumstance:?}");
                    let again = matches!(error.retry(), Retry::After(_));
                    assert!(again, "{circumstance:?}: {:?}", error.retry());
                }
            }
        }
    }
    skipped
}

/// Every operation leaves one record, whether it worked or was denied (R18, I7).
pub async fn a_denial_is_recorded_once(bench: &dyn Bench) -> Vec<Skipped> {
    let rig = bench.rig().await;
    let before = Sealed::by(rig.as_ref()).await;
    let Some(start) = rig.recorded() else {
        return Vec::new();
    };
    let worked = before.ask(rig.as_ref()).await;
    assert!(worked.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(rig.recorded(), Some(start + worked.len()));
    let circumstance = Circumstance::FirewallDenies { bypass: false };
    if let Err(skipped) = arranged(rig.as_ref(), circumstance).await {
        return vec![skipped];
    }
    let denied = before.ask(rig.as_ref()).await;
    assert!(denied.iter().all(|(_, outcome)| outcome.is_err()));
    assert_eq!(rig.recorded(), Some(start + worked.len() + denied.len()));
    Vec::new()
}
