//! Versions, guards, bad input, many writers.

use std::sync::Arc;

use bytes::Bytes;

use super::subject::{NOW, entry, id, version_of};
use crate::{
    AggregateId, Change, Changed, Claim, Commit, Condition, Find, Guard, IndexRow, Invalid, Ledger,
    LedgerError, Page, Phase, Stored, Version, Write,
};

/// Versions rise over the whole ledger and are never used again; what was put comes back.
pub async fn versions(ledger: &dyn Ledger) {
    let mut last = Version::ABSENT;
    for round in 0..3 {
        for name in ["a", "b"] {
            let (id, absent) = (id(name), Version::ABSENT);
            assert_eq!(ledger.load(&id).await.expect("loads"), None);
            let state = format!("{name}{round}");
            let put = ledger
                .commit(Commit::put(&id, absent, state.clone()), NOW)
                .await;
            let first = put.expect("creates").version().expect("a version");
            assert!(first > last, "{first} does not rise above {last}");
            let stored = Stored {
                version: first,
                state: state.into(),
            };
            assert_eq!(ledger.load(&id).await.expect("loads"), Some(stored));

            let put = ledger.commit(Commit::put(&id, first, ""), NOW).await;
            last = put.expect("changes").version().expect("a version");
            assert!(last > first, "{last} does not rise above {first}");

            for expected in [absent, first, Version::from_u64(last.as_u64() + 1)] {
                for commit in [
                    Commit::put(&id, expected, "x"),
                    Commit::remove(&id, expected),
                ] {
                    match ledger.commit(commit, NOW).await {
                        Err(LedgerError::Conflict {
                            id: named,
                            expected: given,
                            found,
                        }) => {
                            assert_eq!((named, given, found), (id.clone(), expected, last));
                        }
                        other => panic!("{other:?} instead of a conflict"),
                    }
                }
            }
        }
        for name in ["a", "b"] {
            let id = id(name);
            let at = version_of(ledger, &id).await;
            let removed = ledger
                .commit(Commit::remove(&id, at), NOW)
                .await
                .expect("removes");
            assert_eq!(removed.version(), Some(Version::ABSENT));
            assert_eq!(ledger.load(&id).await.expect("loads"), None);
            let again = ledger
                .commit(Commit::remove(&id, Version::ABSENT), NOW)
                .await;
            assert_eq!(
                again.expect("nothing to do").version(),
                Some(Version::ABSENT)
            );
        }
    }
    let large = Bytes::from(vec![0xa5; 1 << 20]);
    let commit = Commit::put(&id("large"), Version::ABSENT, large.clone());
    ledger.commit(commit, NOW).await.expect("a large state");
    let stored = ledger
        .load(&id("large"))
        .await
        .expect("loads")
        .expect("is there");
    assert_eq!(stored.state, large);
}

/// A guard that does not hold refuses the commit whole (I8).
pub async fn guards(ledger: &dyn Ledger) {
    let (parent, child, none) = (id("parent"), id("child"), id("none"));
    let put = |id, at, state: &'static str| Commit::put(id, at, state);
    let absent = Version::ABSENT;
    let first = ledger
        .commit(put(&parent, absent, "1"), NOW)
        .await
        .expect("creates");
    let first = first.version().expect("a version");

    let commit = put(&child, absent, "c")
        .guarded(&parent, first)
        .guarded(&none, absent);
    ledger.commit(commit, NOW).await.expect("both guards hold");
    let at = version_of(ledger, &child).await;

    ledger
        .commit(put(&parent, first, "2"), NOW)
        .await
        .expect("changes");
    for (guarded, version) in [(&parent, first), (&parent, absent), (&none, first)] {
        let commit = put(&child, at, "d")
            .guarded(&none, absent)
            .guarded(guarded, version);
        match ledger.commit(commit, NOW).await {
            Err(LedgerError::Conflict { id, expected, .. }) => {
                assert_eq!((&id, expected), (guarded, version));
            }
            other => panic!("{other:?} instead of a conflict"),
        }
        assert_eq!(
            version_of(ledger, &child).await,
            at,
            "a refused commit wrote"
        );
    }

    // Guards alone are a question; the record written may be guarded too.
    let guard = Guard {
        id: child.clone(),
        version: at,
    };
    let asked = Commit {
        guards: vec![guard.clone()],
        ..Commit::default()
    };
    assert_eq!(
        ledger.commit(asked, NOW).await.expect("holds").version(),
        None
    );
    let own = put(&child, at, "e").guarded(&child, at);
    ledger
        .commit(own, NOW)
        .await
        .expect("judged before the write");
    let late = Commit {
        guards: vec![guard],
        ..Commit::default()
    };
    assert!(matches!(
        ledger.commit(late, NOW).await,
        Err(LedgerError::Conflict { .. })
    ));
}

/// Several records are written at once or not at all, and what counts is how they lie together in the end.
pub async fn several(ledger: &dyn Ledger) {
    let names = |id: &AggregateId, expected, key: &str| Write {
        id: id.clone(),
        expected,
        change: Change::Put {
            state: key.to_owned().into(),
            index: vec![IndexRow::unique("name", key)],
        },
    };
    let (a, b, c) = (id("a"), id("b"), id("c"));
    let of = |writes| Commit {
        writes,
        ..Commit::default()
    };
    let absent = Version::ABSENT;
    let created = of(vec![names(&a, absent, "x"), names(&b, absent, "y")]);
    let created = ledger.commit(created, NOW).await.expect("commits").versions;
    let [first, second] = *created else {
        panic!("{created:?}: one version for each write");
    };
    assert!(absent < first && first < second);

    let refused = [
        // One of them is not of the version that was read.
        of(vec![names(&a, first, "z"), names(&b, first, "w")]),
        // Two of them would have the same name.
        of(vec![names(&a, first, "z"), names(&c, absent, "z")]),
        // One takes the name of a record that keeps it.
        of(vec![names(&a, first, "z"), names(&c, absent, "y")]),
        of(vec![names(&b, second, "y"), names(&c, absent, "y")]),
        // The same record twice.
        of(vec![names(&a, first, "z"), names(&a, first, "w")]),
    ];
    for commit in refused {
        let said = format!("{commit:?}");
        assert!(ledger.commit(commit, NOW).await.is_err(), "{said}");
        assert_eq!(version_of(ledger, &a).await, first, "{said}");
        assert_eq!(version_of(ledger, &b).await, second, "{said}");
        assert_eq!(version_of(ledger, &c).await, absent, "{said}");
    }

    // They change names with each other, and one gives its name to a third.
    let changed = of(vec![names(&a, first, "y"), names(&b, second, "x")]);
    let changed = ledger.commit(changed, NOW).await.expect("commits").versions;
    let [first, second] = *changed else {
        panic!("{changed:?}: one version for each write");
    };
    let gone = Write {
        id: a.clone(),
        expected: first,
        change: Change::Remove,
    };
    let handed_on = of(vec![names(&c, absent, "y"), gone]);
    let versions = ledger.commit(handed_on, NOW).await.expect("commits");
    assert_eq!(versions.versions.get(1), Some(&absent));
    assert_eq!(version_of(ledger, &a).await, absent);
    assert_eq!(version_of(ledger, &b).await, second);
    let query = Find::prefix("name", "");
    let found = ledger.find(&query, Page::first(9)).await.expect("finds");
    let found: Vec<_> = found.into_iter().map(|row| (row.key, row.id)).collect();
    assert_eq!(found, [("x".to_owned(), b), ("y".to_owned(), c)]);
}

/// What a commit rests on beside the ledger is asked when its turn has come: a commit that lapsed meanwhile
/// changes nothing, and leaves no entry.
pub async fn lapsed(ledger: &dyn Ledger) {
    let target = id("target");
    let resting = |holds: bool| Commit {
        only_while: Some(Condition::new(move || holds)),
        audit: vec![entry("lapsed", 1, Phase::Whole)],
        ..Commit::put(&target, Version::ABSENT, "x")
    };
    let refused = ledger.commit(resting(false), NOW).await;
    assert!(matches!(refused, Err(LedgerError::Lapsed)), "{refused:?}");
    assert_eq!(version_of(ledger, &target).await, Version::ABSENT);
    let heads = ledger.heads().await.expect("the heads");
    assert!(heads.is_empty(), "a refused commit left {heads:?}");
    ledger.commit(resting(true), NOW).await.expect("it holds");
    assert_ne!(version_of(ledger, &target).await, Version::ABSENT);
}

/// Malformed requests are refused by name, and nothing changes.
pub async fn bad_input(ledger: &dyn Ledger) {
    let target = id("target");
    let put = |index| {
        Commit::write(Write {
            id: target.clone(),
            expected: Version::ABSENT,
            change: Change::Put {
                state: Bytes::from_static(b"x"),
                index,
            },
        })
    };
    let claim = |name: &str, owner: &str| Claim {
        name: name.to_owned(),
        owner: owner.to_owned(),
        expires: NOW,
    };
    let chained = |chain: &str| Commit {
        audit: vec![entry(chain, 1, Phase::Whole)],
        ..put(Vec::new())
    };
    let bad = [
        put(vec![IndexRow::shared("", "key")]),
        put(vec![IndexRow::shared("by name", "key")]),
        put(vec![IndexRow::shared("i".repeat(65), "key")]),
        put(vec![IndexRow::shared("index", "nul\0")]),
        put(vec![IndexRow::shared("index", "k".repeat(1_025))]),
        Commit::put(&target, Version::ABSENT, vec![0; (16 << 20) + 1]),
        Commit::put(&target, Version::from_u64(u64::MAX), "x"),
        put(Vec::new()).guarded(&id("other"), Version::from_u64(1 << 63)),
        Commit {
            holding: vec![claim("", "me")],
            ..put(Vec::new())
        },
        Commit {
            holding: vec![claim("work", "m e")],
            ..put(Vec::new())
        },
        chained(""),
        chained("two words"),
    ];
    for commit in bad {
        let answer = ledger.commit(commit, NOW).await;
        assert!(matches!(answer, Err(LedgerError::Invalid(_))), "{answer:?}");
    }
    assert_eq!(version_of(ledger, &target).await, Version::ABSENT);
    assert!(ledger.heads().await.expect("reads").is_empty());

    let answer = ledger.claim(&claim("work", "me"), NOW).await;
    let expired = |error| matches!(error, LedgerError::Invalid(Invalid::ClaimExpired { .. }));
    assert!(answer.is_err_and(expired), "a claim that has expired");
    assert!(ledger.release(&claim("", "me")).await.is_err());
    assert!(ledger.audit("two words", 0, 1).await.is_err());
    assert!(
        ledger
            .find(&Find::exact("", "k"), Page::first(1))
            .await
            .is_err()
    );
    assert!(
        ledger
            .find(&Find::prefix("i", "\0"), Page::first(1))
            .await
            .is_err()
    );
}

/// Many tasks add to one counter and to one chain: none is lost.
pub async fn concurrency(ledger: Arc<dyn Ledger>) {
    const TASKS: u64 = 16;
    const EACH: u64 = 10;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            for round in 0..EACH {
                add_one(&*ledger, task * EACH + round).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a task");
    }
    let stored = ledger
        .load(&id("counter"))
        .await
        .expect("loads")
        .expect("is there");
    assert_eq!(stored.state, (TASKS * EACH).to_string());
    let heads = ledger.heads().await.expect("reads");
    assert_eq!(heads.first().map(|head| head.sequence), Some(TASKS * EACH));
}

async fn add_one(ledger: &dyn Ledger, number: u64) {
    let counter = id("counter");
    loop {
        let (at, count) = match ledger.load(&counter).await.expect("loads") {
            Some(Stored { version, state }) => {
                let count: u64 = String::from_utf8_lossy(&state).parse().expect("a number");
                (version, count)
            }
            None => (Version::ABSENT, 0),
        };
        let mut commit = Commit::put(&counter, at, (count + 1).to_string());
        commit.audit.push(entry("chain", number, Phase::Whole));
        match ledger.commit(commit, NOW).await {
            Ok(_) => return,
            Err(LedgerError::Conflict { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// The mark differs after each commit.
pub async fn changes_are_marked(ledger: &dyn Ledger) {
    let mut at = Version::ABSENT;
    let mut mark = ledger.changed().await.expect("a mark");
    for _ in 0..3 {
        let done = ledger
            .commit(Commit::put(&id("a"), at, "x"), NOW)
            .await
            .expect("commits");
        at = done.version().expect("a version");
        let next = ledger.changed().await.expect("a mark");
        assert_ne!(next, mark, "a commit left the mark as it was");
        mark = next;
    }
}

/// Whoever asks what has changed is told of every put and removal since, each record once and last.
pub async fn changes_are_told(ledger: &dyn Ledger) {
    let commit = async |commit| {
        let done = ledger.commit(commit, NOW).await.expect("commits");
        done.version().expect("a version")
    };
    let told = async |after, limit| {
        let told = ledger.changes(after, limit).await.expect("tells");
        let of = |one: Changed| (one.id.id().to_owned(), one.version == Version::ABSENT);
        (
            told.last().map(|last| last.at),
            told.into_iter().map(of).collect::<Vec<_>>(),
        )
    };
    let name = |name: &str, gone| (name.to_owned(), gone);
    let start = ledger.newest().await.expect("a version");
    assert_eq!(told(start, 9).await, (None, Vec::new()));
    let first = commit(Commit::put(&id("a"), Version::ABSENT, "x")).await;
    let second = commit(Commit::put(&id("b"), Version::ABSENT, "x")).await;
    commit(Commit::put(&id("a"), first, "y")).await;
    let (last, all) = told(start, 9).await;
    assert_eq!(all, [name("b", false), name("a", false)]);
    assert_eq!(last, Some(ledger.newest().await.expect("a version")));
    assert_eq!(told(start, 1).await.1, [name("b", false)]);

    let after = ledger.newest().await.expect("a version");
    commit(Commit::remove(&id("b"), second)).await;
    assert_eq!(told(after, 9).await.1, [name("b", true)]);
    commit(Commit::put(&id("b"), Version::ABSENT, "z")).await;
    assert_eq!(told(after, 9).await.1, [name("b", false)]);
    // Nothing but an audit entry is no change of a record.
    let after = ledger.newest().await.expect("a version");
    let audit = Commit::audit(vec![entry("chain", 1, Phase::Whole)]);
    ledger.commit(audit, NOW).await.expect("commits");
    assert_eq!(told(after, 9).await, (None, Vec::new()));
}

/// A closed ledger says so, and closes again without complaint.
pub async fn closing(ledger: &dyn Ledger) {
    ledger
        .commit(Commit::put(&id("a"), Version::ABSENT, "x"), NOW)
        .await
        .expect("commits");
    ledger.changed().await.expect("a mark");
    ledger.close().await.expect("closes");
    let closed = |error| matches!(error, LedgerError::Closed);
    assert!(ledger.load(&id("a")).await.is_err_and(closed));
    assert!(
        ledger
            .commit(Commit::default(), NOW)
            .await
            .is_err_and(closed)
    );
    assert!(ledger.heads().await.is_err_and(closed));
    assert!(ledger.changed().await.is_err_and(closed));
    assert!(ledger.newest().await.is_err_and(closed));
    ledger.close().await.expect("closes again");
}
