//! A file of the form before records had revisions is moved to this one in one step, by whoever asks for
//! it; nothing of the old form is taken for anything but damage from then on.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::borrow::Cow;

use common::{Folder, NOW, entry, execute, key};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqlSafeStr as _};
use strongroom_ledger::audit::{VerifyError, verify_whole};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions, Upgrade};
use strongroom_ledger::{
    AggregateId, Commit, Damage, Ledger as _, LedgerError, Phase, REVISIONS, Tag, Version,
};

fn id(name: &str) -> AggregateId {
    AggregateId::new("thing", name).unwrap()
}

/// A state as it was stored.
fn old_state(name: &str, state: &str) -> String {
    let tag = key().state_tag(&[id(name).as_str().as_bytes(), &[0], state.as_bytes()]);
    hex::encode([tag.as_slice(), state.as_bytes()].concat())
}

/// A file of the old form: `a`, `b` whose state does not match its tag, `c` removed, and an audit entry.
async fn old_file() -> Folder {
    let folder = Folder::new();
    let migrations = [
        (
            1,
            "ledger",
            include_str!("../migrations/sqlite/0001_ledger.sql"),
        ),
        (
            2,
            "changes",
            include_str!("../migrations/sqlite/0002_changes.sql"),
        ),
    ];
    let migrations = migrations.map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            Cow::Borrowed(name),
            kind,
            sql.into_sql_str(),
            false,
        )
    });
    let mut connection = SqliteConnectOptions::new()
        .filename(folder.db())
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    Migrator::with_migrations(migrations.to_vec())
        .run_direct(None, &mut connection, false)
        .await
        .unwrap();
    drop(connection);
    let audited = entry("t", 1, Phase::Whole);
    let tag = Tag::of_entry(&*key(), Tag::ZERO, 1, &audited, None);
    let state = |name, version, state: &str| {
        format!("INSERT INTO aggregates VALUES ('thing/{name}', {version}, x'{state}')")
    };
    execute(
        &folder.db(),
        &[
            "PRAGMA application_id = 0x5354524c".to_owned(),
            "UPDATE ledger_counter SET last_version = 7".to_owned(),
            state("a", 3, &old_state("a", "1")),
            state("b", 5, &old_state("a", "1")),
            "INSERT INTO removals VALUES ('thing/c', 7)".to_owned(),
            "INSERT INTO index_rows VALUES ('by', 'k', 'thing/a', 1)".to_owned(),
            format!(
                "INSERT INTO audit_entries VALUES ('t', 1, x'{}', 1, {}, x'{}', x'{tag}')",
                hex::encode(audited.record.as_bytes()),
                NOW.as_unix_millis(),
                hex::encode(&audited.body),
            ),
            format!("INSERT INTO audit_heads VALUES ('t', 1, x'{tag}')"),
        ],
    )
    .await;
    folder
}

async fn open(folder: &Folder, upgrade: bool) -> Result<SqliteLedger, LedgerError> {
    let upgrade = upgrade.then(|| Upgrade {
        at: NOW,
        records: vec![(id("added"), "new".into())],
    });
    SqliteLedger::open(folder.db(), key(), SqliteOptions::new().upgrade(upgrade)).await
}

#[tokio::test]
async fn an_old_file_is_moved_in_one_step_and_by_nobody_who_does_not_ask() {
    let folder = old_file().await;
    let asked = async |upgrade| open(&folder, upgrade).await;
    let refused = asked(false).await.unwrap_err();
    assert!(
        matches!(
            refused,
            LedgerError::Damaged {
                damage: Damage::OldForm,
                ..
            }
        ),
        "{refused:?}"
    );
    asked(true).await.unwrap().close().await.unwrap();

    let ledger = asked(false).await.unwrap();
    assert_eq!(ledger.load(&id("a")).await.unwrap().unwrap().state, "1");
    assert_eq!(
        ledger.load(&id("added")).await.unwrap().unwrap().state,
        "new"
    );
    assert_eq!(ledger.load(&id("c")).await.unwrap(), None);
    let said = ledger.audit(REVISIONS, 0, 9).await.unwrap();
    let said: Vec<_> = said
        .into_iter()
        .map(|row| row.revised.unwrap())
        .map(|one| {
            (
                one.id.to_string(),
                one.version.as_u64(),
                one.revision,
                one.removed,
            )
        })
        .collect();
    let expected = [
        ("thing/a", 3, 1, false),
        ("thing/b", 5, 1, false),
        ("thing/c", 7, 1, true),
        ("thing/added", 8, 1, false),
    ];
    assert_eq!(
        said,
        expected.map(|(id, at, n, gone)| (id.to_owned(), at, n, gone))
    );

    // What was damaged is damaged, and nothing else is.
    let forged = ledger.load(&id("b")).await.unwrap_err();
    assert!(
        matches!(
            forged,
            LedgerError::Damaged {
                damage: Damage::Forged(_),
                ..
            }
        ),
        "{forged:?}"
    );
    verify_whole(&ledger, &*key(), &[]).await.unwrap_err();
    let mend = Commit::put(&id("b"), Version::from_u64(5), "mended");
    ledger.commit(mend, NOW).await.unwrap();
    let again = Commit::put(&id("c"), Version::ABSENT, "again");
    ledger.commit(again, NOW).await.unwrap();
    let whole = verify_whole(&ledger, &*key(), &[]).await.unwrap();
    assert_eq!(whole.records, 4);
    ledger.close().await.unwrap();
}

#[tokio::test]
async fn nothing_of_the_old_form_is_taken_afterwards() {
    let folder = old_file().await;
    open(&folder, true).await.unwrap().close().await.unwrap();
    let old = format!(
        "UPDATE aggregates SET state = x'{}' WHERE id = 'thing/a'",
        old_state("a", "1")
    );
    execute(&folder.db(), &[old]).await;
    let ledger = open(&folder, true).await.unwrap();
    let forged = ledger.load(&id("a")).await.unwrap_err();
    assert!(
        matches!(
            forged,
            LedgerError::Damaged {
                damage: Damage::Forged(_),
                ..
            }
        ),
        "{forged:?}"
    );
    let found = verify_whole(&ledger, &*key(), &[]).await.unwrap_err();
    assert!(matches!(found, VerifyError::Ledger(_)), "{found:?}");
}
