//! Claims: one holder at a time, and work that is done only while it is held.

use core::time::Duration;

use strongroom_base::Timestamp;

use super::subject::{NOW, id, version_of};
use crate::{Claim, ClaimOutcome, Commit, Ledger, LedgerError, Version};

fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn claim(owner: &str, expires: Timestamp) -> Claim {
    Claim {
        name: "effect/1".into(),
        owner: owner.into(),
        expires,
    }
}

/// Expiry, extension, release, and commits under a claim that was stolen.
pub async fn claims(ledger: &dyn Ledger) {
    let ask = async |owner: &str, expires: u64, now: u64| {
        ledger
            .claim(&claim(owner, after(expires)), after(now))
            .await
            .expect("an answer")
    };
    let held = |seconds| ClaimOutcome::Held {
        expires: after(seconds),
    };
    let held_by = |owner: &str, seconds| ClaimOutcome::HeldBy {
        owner: owner.into(),
        expires: after(seconds),
    };
    let work = async |owner: &str, now: u64| {
        let done = id("done");
        let at = version_of(ledger, &done).await;
        let mut commit = Commit::put(&done, at, owner.to_owned());
        // The expiry in `holding` is not looked at.
        commit.holding.push(claim(owner, after(0)));
        ledger.commit(commit, after(now)).await
    };
    let refused = |answer: Result<_, LedgerError>, by: Option<(&str, u64)>| match answer {
        Err(LedgerError::NotHeld {
            name,
            owner: _,
            holder,
        }) => {
            let by = by.map(|(owner, expires)| (owner.to_owned(), after(expires)));
            assert_eq!((name.as_str(), holder), ("effect/1", by));
        }
        other => panic!("{other:?} instead of NotHeld"),
    };

    refused(work("one", 0).await.map(drop), None);
    assert_eq!(ask("one", 10, 0).await, held(10));
    assert_eq!(ask("two", 20, 9).await, held_by("one", 10));
    work("one", 9).await.expect("the holder works");
    refused(work("two", 9).await.map(drop), Some(("one", 10)));

    // Extended, never shortened.
    assert_eq!(ask("one", 15, 9).await, held(15));
    assert_eq!(ask("one", 12, 9).await, held(15));
    assert_eq!(ask("two", 20, 14).await, held_by("one", 15));

    // At the moment of expiry it is anybody's: the holder's work fails, and then it is stolen.
    refused(work("one", 15).await.map(drop), Some(("one", 15)));
    assert_eq!(ask("two", 25, 15).await, held(25));
    refused(work("one", 16).await.map(drop), Some(("two", 25)));
    assert_eq!(ask("one", 30, 16).await, held_by("two", 25));
    work("two", 16).await.expect("the new holder works");
    let at = version_of(ledger, &id("done")).await;
    assert_ne!(at, Version::ABSENT);

    // Only the holder gives it up; giving up what is gone is fine.
    ledger
        .release(&claim("one", after(0)))
        .await
        .expect("nothing to do");
    refused(work("one", 16).await.map(drop), Some(("two", 25)));
    ledger
        .release(&claim("two", after(0)))
        .await
        .expect("released");
    ledger
        .release(&claim("two", after(0)))
        .await
        .expect("nothing to do");
    refused(work("two", 16).await.map(drop), None);
    assert_eq!(ask("one", 30, 16).await, held(30));

    // A clock stood ahead: nobody is held off until that time, and the owner gets no longer either.
    assert_eq!(ask("one", 200, 16).await, held(76));
    let ahead = Timestamp::from_unix_millis(NOW.as_unix_millis() * 2);
    let far = Claim {
        name: "effect/2".into(),
        ..claim("one", ahead.saturating_add(Claim::LONGEST))
    };
    let taken = ledger.claim(&far, ahead).await.expect("an answer");
    assert!(matches!(taken, ClaimOutcome::Held { .. }));
    let near = Claim {
        owner: "two".into(),
        expires: after(46),
        ..far.clone()
    };
    let taken = ledger.claim(&near, after(16)).await.expect("an answer");
    assert_eq!(taken, held(46));
    let back = ledger.claim(&far, after(17)).await.expect("an answer");
    assert_eq!(back, held_by("two", 46));

    // An owner whose claim has expired takes it anew like anybody.
    ledger
        .release(&claim("one", after(0)))
        .await
        .expect("released");
    assert_eq!(ask("one", 30, 16).await, held(30));
    assert_eq!(ask("one", 50, 40).await, held(50));
    assert_eq!(
        version_of(ledger, &id("done")).await,
        at,
        "a refused commit wrote"
    );
}
