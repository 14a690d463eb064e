//! The SQLite ledger: opening, damage, locks, groups, dropped calls.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Folder, NOW, entry, execute, key};
use sqlx::Connection as _;
use strongroom_base::{Outcome as _, OutcomeKind, Retry};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{
    AggregateId, ChainKey, Change, Commit, Damage, Find, Hindrance, IndexRow, Invalid, Ledger,
    LedgerError, Page, Phase, Version, Write,
};

fn id(id: &str) -> AggregateId {
    AggregateId::new("thing", id).unwrap()
}

fn create(name: &str) -> Commit {
    Commit::put(&id(name), Version::ABSENT, name.to_owned())
}

async fn open(folder: &Folder, options: SqliteOptions) -> Result<SqliteLedger, LedgerError> {
    SqliteLedger::open(folder.db(), key(), options).await
}

#[tokio::test]
async fn a_missing_file_is_made_only_when_told_to_and_for_its_owner_alone() {
    let folder = Folder::new();
    let missing = open(&folder, SqliteOptions::new()).await.unwrap_err();
    assert!(
        matches!(&missing, LedgerError::Missing { path } if *path == folder.db()),
        "{missing}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a refusal left something"
    );

    let ledger = open(&folder, SqliteOptions::new().create(true))
        .await
        .unwrap();
    ledger.commit(create("a"), NOW).await.unwrap();
    ledger.load(&id("a")).await.unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["ledger.db", "ledger.db-shm", "ledger.db-wal"]);

    // Closed, one file holds it all; opened again, it is all there.
    ledger.close().await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let ledger = open(&folder, SqliteOptions::new()).await.unwrap();
    assert_eq!(ledger.load(&id("a")).await.unwrap().unwrap().state, "a");
}

#[tokio::test]
async fn what_is_no_ledger_is_refused_and_left_alone() {
    let folder = Folder::new();
    let options = SqliteOptions::new().create(true);

    fs::write(folder.db(), "not a database. ".repeat(100)).unwrap();
    let damaged = open(&folder, options.clone()).await.unwrap_err();
    assert_eq!(damaged.kind(), OutcomeKind::Damaged, "{damaged:?}");
    fs::remove_file(folder.db()).unwrap();

    fs::write(folder.db(), "").unwrap();
    let empty = open(&folder, SqliteOptions::new()).await.unwrap_err();
    assert!(matches!(empty, LedgerError::Missing { .. }), "{empty:?}");

    execute(&folder.db(), &["CREATE TABLE theirs (x)".to_owned()]).await;
    let before = fs::read(folder.db()).unwrap();
    let foreign = open(&folder, options.clone()).await.unwrap_err();
    assert!(
        matches!(foreign, LedgerError::Foreign { .. }),
        "{foreign:?}"
    );
    assert_eq!(fs::read(folder.db()).unwrap(), before);

    let nowhere = folder.path().join("none/ledger.db");
    let error = SqliteLedger::open(nowhere, key(), options.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OutcomeKind::Unavailable, "{error:?}");
    let error = SqliteLedger::open(folder.path(), key(), options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OutcomeKind::Unavailable, "{error:?}");
}

#[tokio::test]
async fn odd_file_names_are_kept_and_impossible_ones_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new();
    let create = SqliteOptions::new().create(true);
    for name in ["a b?c#d%20&é'\".db", "file:x?mode=memory", ":memory:"] {
        let path = folder.path().join(name);
        let ledger = SqliteLedger::open(&path, key(), create.clone())
            .await
            .unwrap();
        ledger.commit(self::create("a"), NOW).await.unwrap();
        ledger.close().await.unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.db"));
    let error = SqliteLedger::open(&path, key(), create).await.unwrap_err();
    assert!(
        matches!(error, LedgerError::Invalid(Invalid::Path { .. })),
        "{error:?}"
    );
    assert!(!path.exists());
}

/// Tasks of one process open a file that is not there, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_make_one_file_together() {
    let folder = Arc::new(Folder::new());
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let folder = Arc::clone(&folder);
            tokio::spawn(async move {
                let ledger = folder.ledger().await;
                ledger
                    .commit(create(&number.to_string()), NOW)
                    .await
                    .unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let ledger = folder.ledger().await;
    for number in 0..8 {
        assert!(
            ledger
                .load(&id(&number.to_string()))
                .await
                .unwrap()
                .is_some()
        );
    }
    drop(ledger);
    let drafts = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().path());
    assert_eq!(
        drafts
            .filter(|path| path.extension().is_some_and(|end| end == "new"))
            .count(),
        0
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    folder.ledger().await.close().await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations VALUES (7, 'later', '', 1, x'00', 0)".to_owned();
    execute(&folder.db(), &[newer]).await;
    let error = open(&folder, SqliteOptions::new()).await.unwrap_err();
    assert!(
        matches!(error, LedgerError::NewerSchema { found: 7, known: 3 }),
        "{error:?}"
    );
    assert_eq!(error.retry(), Retry::AfterRepair);
}

#[tokio::test]
async fn damage_is_named() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    ledger.commit(create("a"), NOW).await.unwrap();
    let mut commit = create("b");
    commit.audit.push(entry("t", 1, Phase::Whole));
    ledger.commit(commit, NOW).await.unwrap();
    let damages = [
        "UPDATE aggregates SET version = -1 WHERE id = 'thing/a'",
        "UPDATE audit_entries SET phase = 9",
        "UPDATE audit_heads SET tag = x'00'",
    ];
    execute(&folder.db(), &damages.map(str::to_owned)).await;
    let damage = |error| match error {
        LedgerError::Damaged { damage, .. } => damage,
        other => panic!("{other:?} instead of damage"),
    };
    assert_eq!(
        damage(ledger.load(&id("a")).await.unwrap_err()),
        Damage::Record(id("a"))
    );
    assert_eq!(
        damage(ledger.commit(create("a"), NOW).await.unwrap_err()),
        Damage::Record(id("a"))
    );
    assert_eq!(damage(ledger.heads().await.unwrap_err()), Damage::Head);
    let entry = Damage::Entry {
        chain: "t".into(),
        after: 0,
    };
    assert_eq!(damage(ledger.audit("t", 0, 9).await.unwrap_err()), entry);
    assert_eq!(
        ledger.load(&id("b")).await.unwrap().unwrap().state,
        "b",
        "and the rest is well"
    );
    execute(
        &folder.db(),
        &["UPDATE ledger_counter SET last_version = -1".to_owned()],
    )
    .await;
    assert_eq!(
        damage(ledger.commit(create("c"), NOW).await.unwrap_err()),
        Damage::Counter
    );
}

#[tokio::test]
async fn a_row_that_names_no_record_keeps_no_other_waiting() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    for name in ["b", "d"] {
        let change = Change::Put {
            state: name.into(),
            index: vec![IndexRow::shared("due", name)],
        };
        let write = Write {
            id: id(name),
            expected: Version::ABSENT,
            change,
        };
        let commit = Commit {
            writes: vec![write],
            ..Commit::default()
        };
        ledger.commit(commit, NOW).await.unwrap();
    }
    let odd = ["a", "a0", "c", "e"].map(|key| {
        format!(
            "INSERT INTO index_rows (name, key, id, is_unique) VALUES ('due', '{key}', 'no id', 0)"
        )
    });
    execute(&folder.db(), &odd).await;
    let due = Find::prefix("due", "");
    for limit in [1, 2, 3, 100] {
        let mut found = Vec::new();
        let mut page = Page::first(limit);
        loop {
            let rows = ledger.find_sound(&due, page).await.unwrap();
            let Some(last) = rows.last() else { break };
            page = Page::after(last, limit);
            found.extend(rows.into_iter().map(|row| row.id));
        }
        assert_eq!(found, [id("b"), id("d")], "{limit} at once");
    }
    // Whoever must know of every row is told.
    let told = ledger.find(&due, Page::first(100)).await.unwrap_err();
    assert!(
        matches!(&told, LedgerError::Damaged { damage: Damage::IndexRow(index), .. } if index == "due"),
        "{told}"
    );
}

#[tokio::test]
async fn a_file_that_lost_pages_is_damaged() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    for name in ["a", "b", "c", "d"] {
        ledger
            .commit(
                Commit::put(&id(name), Version::ABSENT, vec![1; 30_000]),
                NOW,
            )
            .await
            .unwrap();
    }
    ledger.close().await.unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.db())
        .unwrap();
    file.set_len(file.metadata().unwrap().len() / 2 / 4_096 * 4_096)
        .unwrap();
    let error = match open(&folder, SqliteOptions::new()).await {
        Err(error) => error,
        Ok(ledger) => ledger.load(&id("d")).await.unwrap_err(),
    };
    assert!(
        matches!(
            error,
            LedgerError::Damaged {
                damage: Damage::Database,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_lock_that_others_keep_is_unavailable_and_passes() {
    let folder = Folder::new();
    folder.ledger().await.close().await.unwrap();
    let impatient = SqliteOptions::new().busy_timeout(Duration::from_millis(20));
    let ledger = open(&folder, impatient).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.db());
    let mut other = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let error = ledger.commit(create("a"), NOW).await.unwrap_err();
    let hindrance = Hindrance::Busy;
    assert!(matches!(error, LedgerError::Unavailable { hindrance: h, .. } if h == hindrance));
    assert!(matches!(error.retry(), Retry::After(_)));
    assert_eq!(ledger.load(&id("a")).await.unwrap(), None, "readers go on");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    ledger.commit(create("a"), NOW).await.unwrap();
}

#[tokio::test]
async fn i08_in_a_group_each_is_refused_or_fails_alone() {
    let folder = Folder::new();
    let ledger = Arc::new(folder.ledger().await);
    let audited = |name: &str, chain: &str, number| {
        let mut commit = create(name);
        commit.audit.push(entry(chain, number, Phase::Whole));
        commit
    };
    ledger.commit(audited("old", "ill", 1), NOW).await.unwrap();
    execute(
        &folder.db(),
        &["UPDATE audit_heads SET tag = x'00'".to_owned()],
    )
    .await;

    // On one thread, all four are queued before the writer looks.
    let commits = [
        audited("a", "well", 1),
        audited("old", "well", 2),
        audited("b", "ill", 2),
        audited("c", "well", 3),
    ];
    let tasks = commits.map(|commit| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { ledger.commit(commit, NOW).await })
    });
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(answers[0].is_ok() && answers[3].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(LedgerError::Conflict { .. })),
        "{answers:?}"
    );
    assert!(matches!(
        answers[2],
        Err(LedgerError::Damaged {
            damage: Damage::Head,
            ..
        })
    ));
    assert_eq!(ledger.load(&id("b")).await.unwrap(), None);
    let rows = ledger.audit("well", 0, 9).await.unwrap();
    let bodies: Vec<_> = rows.iter().map(|row| row.entry.body.clone()).collect();
    assert_eq!(bodies, ["Whole 1", "Whole 3"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_happens_whole() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let mut commit = create("dropped");
    commit.audit.push(entry("t", 1, Phase::Whole));
    let mut call = Box::pin(ledger.commit(commit, NOW));
    poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(call);
    ledger.commit(create("next"), NOW).await.unwrap();
    assert_eq!(
        ledger.load(&id("dropped")).await.unwrap().unwrap().state,
        "dropped"
    );
    assert_eq!(ledger.audit("t", 0, 9).await.unwrap().len(), 1);
}

/// A key that breaks down once it is told to.
#[derive(Debug)]
struct Broken {
    real: Arc<dyn ChainKey>,
    breaks: AtomicBool,
}

impl ChainKey for Broken {
    fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
        assert!(!self.breaks.load(Ordering::SeqCst), "the key is broken");
        self.real.tag(message)
    }
}

/// Whoever waits for the writer is told, and so is whoever comes later.
#[tokio::test]
async fn i09_a_writer_that_panicked_leaves_nobody_waiting() {
    let folder = Folder::new();
    let chain_key = Arc::new(Broken {
        real: key(),
        breaks: AtomicBool::new(false),
    });
    let options = SqliteOptions::new().create(true);
    let opened = SqliteLedger::open(folder.db(), chain_key.clone(), options).await;
    let ledger = Arc::new(opened.unwrap());
    ledger.commit(create("before"), NOW).await.unwrap();
    chain_key.breaks.store(true, Ordering::SeqCst);
    let in_time = async |name: &'static str| {
        let commit = ledger.commit(create(name), NOW);
        let told = tokio::time::timeout(Duration::from_secs(20), commit).await;
        told.expect("an answer").unwrap_err()
    };
    // On one thread, all of them are queued before the writer looks.
    let told = tokio::join!(in_time("a"), in_time("b"), in_time("c"));
    for told in [told.0, told.1, told.2] {
        assert!(
            matches!(told, LedgerError::InDoubt { .. } | LedgerError::Closed),
            "{told:?}"
        );
    }
    let later = in_time("d").await;
    assert!(matches!(later, LedgerError::Closed), "{later:?}");

    // What was acknowledged is there, and nothing else.
    chain_key.breaks.store(false, Ordering::SeqCst);
    ledger.close().await.unwrap();
    let again = folder.ledger().await;
    assert!(again.load(&id("before")).await.unwrap().is_some());
    for name in ["a", "b", "c", "d"] {
        assert_eq!(again.load(&id(name)).await.unwrap(), None);
    }
}
