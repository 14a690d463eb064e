//! Each change of a record is counted and said in a chain; what was put back is found.

use super::subject::{Factory, NOW, Subject, entry, id, version_of};
use crate::audit::{VerifyError, verify_whole};
use crate::{AggregateId, Commit, Damage, Ledger, LedgerError, Phase, REVISIONS, Revised, Version};

async fn put(ledger: &dyn Ledger, id: &AggregateId, state: &'static str) {
    let at = version_of(ledger, id).await;
    ledger
        .commit(Commit::put(id, at, state), NOW)
        .await
        .expect("puts");
}

async fn remove(ledger: &dyn Ledger, id: &AggregateId) {
    let at = version_of(ledger, id).await;
    ledger
        .commit(Commit::remove(id, at), NOW)
        .await
        .expect("removes");
}

/// What the entries of a chain say: each record, its revision, and whether it was removed.
async fn said(ledger: &dyn Ledger, chain: &str) -> Vec<Option<(String, u64, bool)>> {
    let rows = ledger.audit(chain, 0, 100).await.expect("reads");
    let of = |one: Revised| (one.id.id().to_owned(), one.revision, one.removed);
    rows.into_iter().map(|row| row.revised.map(of)).collect()
}

/// A record counts from one, over its removal too; the commit's first entry says so, or one of its own, and
/// what is refused or changes nothing says nothing (R18).
pub async fn revisions_count(subject: &dyn Subject) {
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    let (a, b) = (id("a"), id("b"));
    put(&*ledger, &a, "1").await;
    let at = version_of(&*ledger, &a).await;
    let with_audit = Commit {
        audit: vec![
            entry("t", 1, Phase::Whole),
            entry("t", 2, Phase::Whole),
            entry("u", 1, Phase::Whole),
        ],
        ..Commit::put(&a, at, "2")
    };
    ledger.commit(with_audit, NOW).await.expect("puts");
    put(&*ledger, &b, "1").await;
    remove(&*ledger, &a).await;
    let nothing = Commit::remove(&a, Version::ABSENT);
    ledger.commit(nothing, NOW).await.expect("nothing to do");
    let late = Commit::put(&b, Version::ABSENT, "x");
    ledger.commit(late, NOW).await.expect_err("refused");
    let own = Commit::audit(vec![entry("t", 9, Phase::Revision)]);
    let refused = ledger.commit(own, NOW).await;
    assert!(
        matches!(refused, Err(LedgerError::RecordOrder { .. })),
        "{refused:?}"
    );
    let stands = ledger.revisions(None, 10).await.expect("reads");
    let stands: Vec<_> = stands
        .iter()
        .map(|one| (one.id.id(), one.revision, one.removed))
        .collect();
    assert_eq!(stands, [("a", 3, true), ("b", 1, false)]);
    put(&*ledger, &a, "3").await;

    let one = |id: &str, revision, removed| Some((id.to_owned(), revision, removed));
    assert_eq!(
        said(&*ledger, REVISIONS).await,
        [
            one("a", 1, false),
            one("b", 1, false),
            one("a", 3, true),
            one("a", 4, false)
        ]
    );
    assert_eq!(said(&*ledger, "t").await, [one("a", 2, false), None]);
    assert_eq!(said(&*ledger, "u").await, [None]);
    let first = ledger.revisions(None, 1).await.expect("reads");
    assert_eq!(first.len(), 1);
    let rest = ledger.revisions(Some(&a), 10).await.expect("reads");
    assert_eq!(rest.len(), 1);

    let whole = verify_whole(&*ledger, &*key, &[]).await.expect("verifies");
    assert_eq!(whole.records, 2);
    let counted: Vec<_> = whole
        .chains
        .iter()
        .map(|one| (one.chain.as_str(), one.records, one.entries))
        .collect();
    assert_eq!(counted, [(REVISIONS, 0, 4), ("t", 2, 2), ("u", 1, 1)]);
}

const KEPT: &str = "thing/kept";

/// Keeps what is stored of `thing/a` under another name.
fn keep() -> String {
    format!(
        "INSERT INTO aggregates (id, version, revision, state) \
         SELECT '{KEPT}', version, revision, state FROM aggregates WHERE id = 'thing/a'"
    )
}

fn forget() -> String {
    format!("DELETE FROM aggregates WHERE id = '{KEPT}'")
}

/// Puts parts of what was kept back.
fn put_back(parts: &[&str]) -> Vec<String> {
    let kept =
        |part: &&str| format!("{part} = (SELECT {part} FROM aggregates WHERE id = '{KEPT}')");
    let parts: Vec<_> = parts.iter().map(kept).collect();
    let parts = parts.join(", ");
    vec![
        format!("UPDATE aggregates SET {parts} WHERE id = 'thing/a'"),
        forget(),
    ]
}

/// Makes the row that was removed anew from what was kept.
fn undo_removal() -> Vec<String> {
    vec![
        format!("UPDATE aggregates SET id = 'thing/a' WHERE id = '{KEPT}'"),
        "DELETE FROM removals WHERE id = 'thing/a'".to_owned(),
    ]
}

/// A ledger in which `thing/a` was put twice and `thing/b` once, somebody having kept the first state.
async fn stage(factory: &dyn Factory) -> Box<dyn Subject> {
    let subject = factory.fresh().await;
    let ledger = subject.ledger();
    put(&*ledger, &id("a"), "1").await;
    subject.execute(&[keep()]).await;
    put(&*ledger, &id("a"), "2").await;
    put(&*ledger, &id("b"), "1").await;
    subject
}

async fn verdict(subject: &dyn Subject) -> Result<(), VerifyError> {
    let (ledger, key) = (subject.ledger(), subject.chain_key());
    verify_whole(&*ledger, &*key, &[]).await.map(drop)
}

const WHOLE: &[&str] = &["version", "revision", "state"];

/// Whoever writes the database and lacks the key can put an older state back, and it is found: at its use,
/// if anything about it is not as it was, and else by whoever verifies, whatever came on top of it (R18).
pub async fn putting_back_is_found(factory: &dyn Factory) {
    // The whole row: not found at use.
    let subject = stage(factory).await;
    subject.execute(&put_back(WHOLE)).await;
    let stored = subject.ledger().load(&id("a")).await.expect("loads");
    assert_eq!(stored.expect("is there").state, "1");
    let found = verdict(&*subject).await;
    let put_back_to = |found: &Result<(), VerifyError>, at| {
        matches!(found, Err(VerifyError::PutBack { id, found, last: 2 })
            if id.id() == "a" && *found == at)
    };
    assert!(put_back_to(&found, 1), "{found:?}");
    // Nor is it found at use once lawful changes have come on top of it.
    for _ in 0..3 {
        put(&*subject.ledger(), &id("a"), "again").await;
        let found = verdict(&*subject).await;
        assert!(
            matches!(&found, Err(VerifyError::RevisionRepeated { id, revision: 2, .. })
                if id.id() == "a"),
            "{found:?}"
        );
    }
    remove(&*subject.ledger(), &id("a")).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(found, Err(VerifyError::RevisionRepeated { .. })),
        "{found:?}"
    );

    // With the version as it is now, and with another one.
    let subject = stage(factory).await;
    subject.execute(&put_back(&["revision", "state"])).await;
    let found = verdict(&*subject).await;
    assert!(put_back_to(&found, 1), "{found:?}");
    let subject = stage(factory).await;
    let ahead = "UPDATE aggregates SET version = version + 1000 WHERE id = 'thing/a'";
    subject.execute(&[ahead.to_owned(), forget()]).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(&found, Err(VerifyError::Unmade { revision: 2, .. })),
        "{found:?}"
    );

    // With the counter set back, so that everything looks as if it were new.
    let back = "UPDATE ledger_counter SET last_version = 0";
    let subject = stage(factory).await;
    subject.execute(&put_back(WHOLE)).await;
    subject.execute(&[back.to_owned()]).await;
    let counter = |found: &Result<(), VerifyError>| {
        let damage = |error: &LedgerError| {
            matches!(
                error,
                LedgerError::Damaged {
                    damage: Damage::Counter,
                    ..
                }
            )
        };
        matches!(found, Err(VerifyError::Ledger(error)) if damage(error))
    };
    let found = verdict(&*subject).await;
    assert!(counter(&found), "{found:?}");
    put(&*subject.ledger(), &id("c"), "1").await;
    let found = verdict(&*subject).await;
    assert!(counter(&found), "{found:?}");

    // In part, under another name, or with another number: found at use, too.
    let swap = "UPDATE aggregates SET revision = 1, state = \
         (SELECT state FROM aggregates WHERE id = 'thing/b') WHERE id = 'thing/a'";
    let renumber = "UPDATE aggregates SET revision = 3 WHERE id = 'thing/a'";
    for how in [
        put_back(&["state"]),
        put_back(&["revision"]),
        vec![swap.to_owned(), forget()],
        vec![renumber.to_owned(), forget()],
    ] {
        let subject = stage(factory).await;
        subject.execute(&how).await;
        let used = subject.ledger().load(&id("a")).await;
        let forged = |error: &LedgerError| matches!(error, LedgerError::Damaged { damage: Damage::Forged(of), .. } if *of == id("a"));
        assert!(used.as_ref().is_err_and(forged), "{how:?}: {used:?}");
        let found = verdict(&*subject).await;
        assert!(
            matches!(&found, Err(VerifyError::Ledger(error)) if forged(error)),
            "{how:?}: {found:?}"
        );
    }

    removals_are_remembered(factory).await;
}

async fn removals_are_remembered(factory: &dyn Factory) {
    // A removal is undone; then something lawful comes on top.
    let subject = stage(factory).await;
    remove(&*subject.ledger(), &id("a")).await;
    subject.execute(&undo_removal()).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(
            &found,
            Err(VerifyError::PutBack {
                found: 1,
                last: 3,
                ..
            })
        ),
        "{found:?}"
    );
    put(&*subject.ledger(), &id("a"), "again").await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(
            &found,
            Err(VerifyError::RevisionRepeated { revision: 2, .. })
        ),
        "{found:?}"
    );

    // A removal is forgotten, so that what comes back would count anew.
    let subject = stage(factory).await;
    remove(&*subject.ledger(), &id("a")).await;
    let forgotten = "DELETE FROM removals WHERE id = 'thing/a'".to_owned();
    subject.execute(&[forgotten, forget()]).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(&found, Err(VerifyError::TakenAway { last: 3, .. })),
        "{found:?}"
    );
    put(&*subject.ledger(), &id("a"), "anew").await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(
            &found,
            Err(VerifyError::RevisionRepeated { revision: 1, .. })
        ),
        "{found:?}"
    );

    // A removal is given another number: what would come back on it is refused.
    let subject = stage(factory).await;
    remove(&*subject.ledger(), &id("a")).await;
    let renumbered = "UPDATE removals SET revision = 1 WHERE id = 'thing/a'".to_owned();
    subject.execute(&[renumbered, forget()]).await;
    let anew = Commit::put(&id("a"), Version::ABSENT, "anew");
    let used = subject.ledger().commit(anew, NOW).await;
    assert!(
        matches!(
            &used,
            Err(LedgerError::Damaged {
                damage: Damage::Forged(_),
                ..
            })
        ),
        "{used:?}"
    );
    verdict(&*subject).await.expect_err("found");

    // A record is taken away, or one is there that nobody made.
    let subject = stage(factory).await;
    let gone = "DELETE FROM aggregates WHERE id = 'thing/b'".to_owned();
    subject.execute(&[gone, forget()]).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(&found, Err(VerifyError::TakenAway { last: 1, .. })),
        "{found:?}"
    );

    // What says so is taken away with it, or says something else.
    let strip = "UPDATE audit_entries SET aggregate = '', version = NULL, revision = NULL, \
         removed = NULL, state_tag = NULL WHERE sequence = 2";
    let change = "UPDATE audit_entries SET revision = 1 WHERE sequence = 2";
    for how in [strip, change] {
        let subject = stage(factory).await;
        subject.execute(&[how.to_owned(), forget()]).await;
        let found = verdict(&*subject).await;
        assert!(
            matches!(&found, Err(VerifyError::Changed { sequence: 2, .. })),
            "{how}: {found:?}"
        );
    }
    let subject = stage(factory).await;
    let entries = format!("DELETE FROM audit_entries WHERE chain = '{REVISIONS}'");
    let head = format!("DELETE FROM audit_heads WHERE chain = '{REVISIONS}'");
    subject.execute(&[entries, head, forget()]).await;
    let found = verdict(&*subject).await;
    assert!(
        matches!(&found, Err(VerifyError::Unmade { .. })),
        "{found:?}"
    );
}
