//! Audit chains: atomic with the write, and every tampering found.

use super::subject::{Factory, NOW, Subject, entry, id, record, version_of};
use super::tamper::Tamper;
use crate::audit::{VerifyError, verify, verify_whole};
use crate::checkpoint::Checkpoint;
use crate::{
    Change, Commit, Guard, Head, IndexRow, Ledger, LedgerError, Phase, Tag, Version, Write,
};

/// Chains are numbered from one without gaps, apart from each other, and count records (R18).
pub async fn chains_grow(subject: &dyn Subject) {
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    let empty = verify(&*ledger, &*key, "none", &[])
        .await
        .expect("verifies");
    assert_eq!((empty.records, empty.entries, empty.head), (0, 0, None));

    let add = async |entries| ledger.commit(Commit::audit(entries), NOW).await.map(drop);
    let (whole, intent, outcome) = (Phase::Whole, Phase::Intent, Phase::Outcome);
    add(vec![
        entry("a", 1, whole),
        entry("b", 1, whole),
        entry("a", 2, intent),
    ])
    .await
    .expect("adds");
    add(vec![entry("a", 3, intent), entry("a", 3, outcome)])
        .await
        .expect("both at once");
    add(vec![entry("a", 4, intent)]).await.expect("adds");
    add(vec![entry("a", 2, outcome)]).await.expect("an outcome");

    // One record, no more and no fewer entries than it has parts (I7).
    for (number, phase) in [
        (1, whole),
        (1, intent),
        (1, outcome),
        (2, outcome),
        (2, intent),
    ] {
        match add(vec![entry("a", 9, whole), entry("a", number, phase)]).await {
            Err(LedgerError::RecordOrder {
                chain,
                record: which,
                phase: named,
            }) => {
                assert_eq!((chain.as_str(), which, named), ("a", record(number), phase));
            }
            other => panic!("{other:?} instead of RecordOrder"),
        }
    }
    let twice = vec![entry("a", 9, whole), entry("a", 9, whole)];
    assert!(add(twice).await.is_err(), "one record twice in one commit");
    assert!(
        add(vec![entry("b", 4, outcome)]).await.is_err(),
        "an intent of another chain"
    );

    let rows = ledger.audit("a", 0, 100).await.expect("reads");
    let expected = [
        (1, whole),
        (2, intent),
        (3, intent),
        (3, outcome),
        (4, intent),
        (2, outcome),
    ];
    let mut previous = Tag::ZERO;
    assert_eq!(rows.len(), expected.len());
    for ((row, (number, phase)), sequence) in rows.iter().zip(expected).zip(1..) {
        assert_eq!(
            (row.sequence, &row.entry),
            (sequence, &entry("a", number, phase))
        );
        assert_eq!(
            row.tag,
            Tag::of_entry(&*key, previous, sequence, &row.entry, None)
        );
        previous = row.tag;
    }
    assert_eq!(
        ledger.audit("a", 2, 3).await.expect("reads"),
        rows.get(2..5).expect("rows")
    );
    assert!(ledger.audit("a", 6, 3).await.expect("reads").is_empty());

    let verified = verify(&*ledger, &*key, "a", &[]).await.expect("verifies");
    let head = Head {
        chain: "a".into(),
        sequence: 6,
        tag: previous,
    };
    assert_eq!(
        (verified.records, verified.entries, verified.unknown),
        (4, 6, 1)
    );
    assert_eq!(verified.head.as_ref(), Some(&head));
    let whole = verify_whole(&*ledger, &*key, &[]).await.expect("verifies");
    let counted: Vec<_> = whole
        .chains
        .into_iter()
        .map(|verified| (verified.chain, verified.records))
        .collect();
    assert_eq!(counted, [("a".to_owned(), 4), ("b".to_owned(), 1)]);
    let heads = ledger.heads().await.expect("reads");
    assert_eq!(heads.first(), Some(&head));
    assert_eq!(heads.get(1).map(|head| head.sequence), Some(1));
}

/// A refused commit leaves no entry (I8), and one that is carried out leaves all of its.
pub async fn audit_is_atomic(subject: &dyn Subject) {
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    let (a, b) = (id("a"), id("b"));
    let commit = |id: &_, at, number| {
        let index = vec![IndexRow::unique("name", "n")];
        let change = Change::Put {
            state: "x".into(),
            index,
        };
        Commit {
            audit: vec![entry("t", number, Phase::Whole)],
            ..Commit::write(Write {
                id: Clone::clone(id),
                expected: at,
                change,
            })
        }
    };
    ledger
        .commit(commit(&a, Version::ABSENT, 1), NOW)
        .await
        .expect("commits");
    let holding = crate::Claim {
        name: "c".into(),
        owner: "o".into(),
        expires: NOW,
    };
    let guard = Guard {
        id: b.clone(),
        version: Version::from_u64(1),
    };
    let refused = [
        commit(&a, Version::ABSENT, 2),
        commit(&b, Version::ABSENT, 2),
        Commit {
            guards: vec![guard],
            ..Commit::audit(vec![entry("t", 2, Phase::Whole)])
        },
        Commit {
            holding: vec![holding],
            ..Commit::audit(vec![entry("t", 2, Phase::Whole)])
        },
        Commit {
            writes: Vec::new(),
            audit: vec![entry("t", 2, Phase::Whole), entry("t", 1, Phase::Whole)],
            ..commit(&b, Version::ABSENT, 2)
        },
    ];
    let before = ledger.heads().await.expect("reads");
    for commit in refused {
        assert!(ledger.commit(commit, NOW).await.is_err());
        assert_eq!(
            ledger.heads().await.expect("reads"),
            before,
            "a refusal left an entry"
        );
        assert_eq!(
            version_of(&*ledger, &b).await,
            Version::ABSENT,
            "a refusal wrote"
        );
    }
    let verified = verify(&*ledger, &*key, "t", &[]).await.expect("verifies");
    assert_eq!((verified.records, verified.entries), (1, 1));
}

async fn chain(ledger: &dyn Ledger, chain: &str, entries: u64) {
    for number in 1..=entries {
        let commit = Commit::audit(vec![entry(chain, number, Phase::Whole)]);
        ledger.commit(commit, NOW).await.expect("adds");
    }
}

/// Every tampering is found and named, the cut tail and the missing chain by a checkpoint (R18).
pub async fn tampering_is_found(factory: &dyn Factory) {
    use Tamper::{
        Body, Chain, CutTail, CutTailAndHead, Head, Phase, Record, Remove, RemoveAndRenumber, Swap,
        Tag, Time,
    };
    let changes = |n| [Body(n), Time(n), Record(n), Phase(n)].map(|how| (how, n));
    let mut cases = vec![
        (Swap(3, 5), 3),
        (Swap(1, 9), 1),
        (RemoveAndRenumber(1), 1),
        (RemoveAndRenumber(5), 5),
        (Tag(2), 2),
        (Tag(9), 9),
    ];
    cases.extend([1, 5, 9].into_iter().flat_map(changes));
    for (how, at) in cases {
        let error = tampered(factory, how).await.expect_err("a change is found");
        let found = matches!(error, VerifyError::Changed { sequence, .. } if sequence == at);
        assert!(found, "{how:?}: {error:?}");
    }
    for at in [1, 5, 8] {
        let error = tampered(factory, Remove(at))
            .await
            .expect_err("a gap is found");
        let found = matches!(error, VerifyError::Removed { sequence, .. } if sequence == at);
        assert!(found, "{at}: {error:?}");
    }
    for (how, at) in [
        (Remove(9), 8),
        (CutTail(4), 4),
        (CutTailAndHead(4), 4),
        (Chain, 0),
    ] {
        let error = tampered(factory, how).await.expect_err("a cut is found");
        let cut = matches!(error, VerifyError::Cut { found, reached: 9, .. } if found == at);
        assert!(cut, "{how:?}: {error:?}");
    }
    let error = tampered(factory, Head)
        .await
        .expect_err("a missing head is found");
    assert!(
        matches!(error, VerifyError::WrongHead { head: 0, .. }),
        "{error:?}"
    );

    rewriting_is_found(factory).await;
}

/// The verdict on a chain of nine entries and a checkpoint at its end, after somebody was there.
async fn tampered(factory: &dyn Factory, how: Tamper) -> Result<(), VerifyError> {
    let subject = factory.fresh().await;
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    chain(&*ledger, "t", 9).await;
    chain(&*ledger, "u", 2).await;
    let heads = ledger.heads().await.expect("reads");
    let checkpoints: Vec<_> = heads
        .into_iter()
        .map(|head| Checkpoint::new(&*key, head, NOW))
        .collect();
    verify(&*ledger, &*key, "t", &checkpoints)
        .await
        .expect("verifies before");
    subject.execute(&how.statements("t")).await;
    let other = verify(&*ledger, &*key, "u", &checkpoints).await;
    assert!(
        other.is_ok(),
        "{how:?} is found in another chain: {other:?}"
    );
    let whole = verify_whole(&*ledger, &*key, &checkpoints).await;
    let alone = verify(&*ledger, &*key, "t", &checkpoints).await;
    let (whole, alone) = (whole.map(drop), alone.map(drop));
    assert_eq!(format!("{whole:?}"), format!("{alone:?}"));
    alone
}

/// Cut back and grown again past its checkpoint, a chain is sound and still not the same.
async fn rewriting_is_found(factory: &dyn Factory) {
    let subject = factory.fresh().await;
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    chain(&*ledger, "t", 6).await;
    let head = ledger.heads().await.expect("reads").pop().expect("a head");
    let checkpoint = Checkpoint::new(&*key, head, NOW);
    let mut forged = checkpoint.clone();
    forged.head.sequence = 3;

    subject
        .execute(&Tamper::CutTailAndHead(4).statements("t"))
        .await;
    for number in 10..15 {
        let commit = Commit::audit(vec![entry("t", number, Phase::Whole)]);
        ledger.commit(commit, NOW).await.expect("adds");
    }
    verify(&*ledger, &*key, "t", &[])
        .await
        .expect("is sound by itself");
    let error = verify(&*ledger, &*key, "t", &[checkpoint])
        .await
        .expect_err("differs");
    assert!(
        matches!(error, VerifyError::Rewritten { sequence: 6, .. }),
        "{error:?}"
    );
    let error = verify(&*ledger, &*key, "t", &[forged])
        .await
        .expect_err("is forged");
    assert!(
        matches!(error, VerifyError::ForgedCheckpoint { sequence: 3, .. }),
        "{error:?}"
    );
}
