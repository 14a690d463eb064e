//! Snapshots: one state, whatever is committed meanwhile.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::subject::{NOW, id};
use crate::{Change, Commit, Find, IndexRow, Ledger, LedgerError, Page, Snapshot, Version, Write};

/// More than any ledger has connections for.
const MANY: u64 = 40;
const HELD: usize = 9;

fn put(name: &str, expected: Version, state: &str, key: &str) -> Commit {
    let index = vec![IndexRow::shared("index", key)];
    Commit::write(Write {
        id: id(name),
        expected,
        change: Change::Put {
            state: state.to_owned().into(),
            index,
        },
    })
}

/// What a snapshot shows: the states of `a` and `b`, the rows of the index, and the newest version.
async fn shown(snapshot: &dyn Snapshot) -> (Vec<Option<String>>, Vec<String>, Version) {
    let mut states = Vec::new();
    for name in ["a", "b"] {
        let stored = snapshot.load(&id(name)).await.expect("loads");
        states.push(stored.map(|stored| String::from_utf8_lossy(&stored.state).into_owned()));
    }
    let query = Find::prefix("index", "");
    let found = snapshot.find(&query, Page::first(9)).await.expect("finds");
    let keys = found.into_iter().map(|found| found.key).collect();
    (states, keys, snapshot.newest().await.expect("a version"))
}

/// A snapshot shows the state that it was taken of, and nothing of what came later.
pub async fn snapshots(ledger: &dyn Ledger) {
    let commit = async |commit| {
        let done = ledger.commit(commit, NOW).await.expect("commits");
        done.version().expect("a version")
    };
    let empty = ledger.snapshot().await.expect("a snapshot");
    let first = commit(put("a", Version::ABSENT, "one", "x")).await;
    let before = ledger.snapshot().await.expect("a snapshot");
    let second = commit(put("a", first, "two", "y")).await;
    let third = commit(put("b", Version::ABSENT, "new", "z")).await;
    commit(Commit::remove(&id("a"), second)).await;

    assert_eq!(
        shown(&*empty).await,
        (vec![None, None], vec![], Version::ABSENT)
    );
    let one = || Some("one".to_owned());
    let shown_before = (vec![one(), None], vec!["x".to_owned()], first);
    assert_eq!(shown(&*before).await, shown_before);
    // Asked again, it shows the same.
    assert_eq!(shown(&*before).await, shown_before);
    let after = ledger.snapshot().await.expect("a snapshot");
    let (states, keys, newest) = shown(&*after).await;
    assert_eq!(states, [None, Some("new".to_owned())]);
    assert_eq!(keys, ["z"]);
    assert!(newest > third, "a removal draws a version, too");
    let behind = ledger.changes(first, 9).await.expect("tells");
    assert_eq!(behind.len(), 2, "what the snapshot does not show");
}

/// However many snapshots are asked for, each is given: once others are dropped, also those whose reads
/// nobody waits for, and while others are held.
pub async fn snapshots_are_given_back(ledger: Arc<dyn Ledger>) {
    ledger
        .commit(Commit::put(&id("a"), Version::ABSENT, "x"), NOW)
        .await
        .expect("commits");
    let tasks = (0..MANY).map(|number| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move {
            let snapshot = ledger.snapshot().await.expect("a snapshot");
            if number % 3 == 0 {
                // Asked, and not waited for.
                let asked = id("a");
                let mut dropped = pin!(snapshot.load(&asked));
                let mut nobody = Context::from_waker(Waker::noop());
                let _ = dropped.as_mut().poll(&mut nobody);
            } else {
                snapshot.load(&id("a")).await.expect("loads");
            }
            // The ledger itself can be asked by whoever has a snapshot.
            ledger.load(&id("a")).await.expect("loads");
            snapshot.load(&id("a")).await.expect("loads").is_some()
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(task.await.expect("ends"), "the record is shown");
    }
    let mut held = Vec::new();
    for _ in 0..HELD {
        held.push(ledger.snapshot().await.expect("a snapshot"));
    }
    for snapshot in held {
        assert!(snapshot.load(&id("a")).await.expect("loads").is_some());
    }
}

/// A snapshot ends with its ledger, which does not wait for whoever has it.
pub async fn a_snapshot_ends_with_its_ledger(ledger: &dyn Ledger) {
    let snapshot = ledger.snapshot().await.expect("a snapshot");
    snapshot.load(&id("a")).await.expect("loads");
    ledger.close().await.expect("closes");
    let closed = |error| matches!(error, LedgerError::Closed);
    assert!(snapshot.load(&id("a")).await.is_err_and(closed));
    assert!(snapshot.newest().await.is_err_and(closed));
    assert!(ledger.snapshot().await.is_err_and(closed));
}
