//! What a database holds beside our own rows is found out and not obeyed: whoever can write the file can
//! leave more in it than rows.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::{Folder, NOW, entry, execute, key};
use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_ledger::key_file::{KeyFile as _, KeyFileError, SqliteKeyFile};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{AggregateId, Commit, Ledger as _, LedgerError, Phase, Version};

const CREATE: SqliteOptions = SqliteOptions::new().create(true);

fn id(id: &str) -> AggregateId {
    AggregateId::new("thing", id).unwrap()
}

fn create(name: &str) -> Commit {
    let mut commit = Commit::put(&id(name), Version::ABSENT, name.to_owned());
    let number = name.bytes().fold(0, |n, byte| n << 8 | u128::from(byte));
    commit.audit.push(entry("t", number, Phase::Whole));
    commit
}

/// Edits what `sqlite_master` says, as an editor of the file would: SQLite itself would refuse.
fn edited(what: &str) -> String {
    format!("PRAGMA writable_schema = ON; {what}; PRAGMA writable_schema = RESET")
}

/// The same, with the words of one object replaced.
fn replaced(name: &str, from: &str, to: &str) -> String {
    edited(&format!(
        "UPDATE sqlite_master SET sql = replace(sql, '{from}', '{to}') WHERE name = '{name}'"
    ))
}

/// The schema's counter goes on, so that connections that are open read the schema again.
fn counted(statements: &str) -> String {
    format!("{statements}; PRAGMA schema_version = 999")
}

/// Each of these makes SQLite do, or read, something else than what is asked.
fn in_the_ledger() -> Vec<String> {
    let ignore = "BEGIN SELECT RAISE(IGNORE); END";
    let undo = "BEGIN DELETE FROM audit_entries WHERE sequence = NEW.sequence; END";
    let tables = [
        ("aggregates", "UPDATE"),
        ("removals", "INSERT"),
        ("index_rows", "DELETE"),
        ("claims", "INSERT"),
        ("audit_heads", "UPDATE"),
        ("ledger_counter", "UPDATE"),
        ("_sqlx_migrations", "INSERT"),
    ];
    let mut all: Vec<String> = tables
        .iter()
        .map(|(table, what)| format!("CREATE TRIGGER hush BEFORE {what} ON {table} {ignore}"))
        .collect();
    all.extend([
        format!("CREATE TRIGGER undo AFTER INSERT ON audit_entries {undo}"),
        format!(
            "ALTER TABLE audit_entries RENAME TO kept; \
             CREATE VIEW audit_entries AS SELECT * FROM kept WHERE phase > 1; \
             CREATE TRIGGER hush INSTEAD OF INSERT ON audit_entries {ignore}"
        ),
        "CREATE VIEW more AS SELECT * FROM aggregates".to_owned(),
        "CREATE TABLE more (x)".to_owned(),
        "CREATE TABLE more (x INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE more".to_owned(),
        "CREATE VIRTUAL TABLE more USING fts5(x)".to_owned(),
        "ANALYZE".to_owned(),
        "CREATE INDEX more ON aggregates (state)".to_owned(),
        "CREATE INDEX more ON aggregates (hex(state))".to_owned(),
        "CREATE UNIQUE INDEX more ON aggregates (version) WHERE version > 3".to_owned(),
        "DROP INDEX removals_by_version".to_owned(),
        "ALTER TABLE aggregates ADD COLUMN more TEXT DEFAULT 'x'".to_owned(),
        "ALTER TABLE aggregates ADD COLUMN more TEXT AS (hex(state))".to_owned(),
        "DROP TABLE removals; CREATE TABLE Removals (\n    id TEXT NOT NULL PRIMARY KEY,\n    \
         version INTEGER NOT NULL CHECK (version > 0)\n) STRICT, WITHOUT ROWID; \
         CREATE INDEX removals_by_version ON removals (version)"
            .to_owned(),
        replaced(
            "audit_heads",
            "NOT NULL PRIMARY KEY",
            "NOT NULL PRIMARY KEY ON CONFLICT IGNORE",
        ),
        replaced(
            "aggregates",
            "id TEXT NOT NULL",
            "id TEXT COLLATE NOCASE NOT NULL",
        ),
        replaced("aggregates", "version > 0", "version > 7"),
        replaced("aggregates", ") STRICT", ")"),
        replaced("index_rows", " REFERENCES \"aggregates\" (id)", ""),
        replaced("index_rows_unique", "is_unique = 1", "is_unique = 0"),
        edited("DELETE FROM sqlite_master WHERE name = 'audit_entries_by_record'"),
        edited(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master \
             WHERE name = 'removals') WHERE name = 'claims'",
        ),
        "DELETE FROM _sqlx_migrations WHERE version = 2".to_owned(),
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1".to_owned(),
        "UPDATE _sqlx_migrations SET success = 0 WHERE version = 1".to_owned(),
        "INSERT INTO _sqlx_migrations VALUES (0, 'more', '', 1, x'00', 0)".to_owned(),
    ]);
    all
}

#[track_caller]
fn is_damage<T: core::fmt::Debug>(answer: Result<T, LedgerError>, what: &str) {
    let error = answer.map_err(|error| (error.kind(), error));
    let is = matches!(error, Err((OutcomeKind::Damaged, _)));
    assert!(is, "{what}: {error:?}");
}

async fn ledger(folder: &Folder) -> Result<SqliteLedger, LedgerError> {
    SqliteLedger::open(folder.db(), key(), SqliteOptions::new()).await
}

#[tokio::test]
async fn i09_a_ledger_that_holds_more_than_its_own_is_damaged_at_open() {
    for foreign in in_the_ledger() {
        let folder = Folder::new();
        let first = folder.ledger().await;
        first.commit(create("a"), NOW).await.unwrap();
        first.close().await.unwrap();
        execute(&folder.db(), core::slice::from_ref(&foreign)).await;
        is_damage(ledger(&folder).await, &foreign);
    }
}

/// A view in the place of what tells of views.
#[tokio::test]
async fn i09_what_is_called_as_the_schema_is_does_not_hide_the_rest() {
    let hidden = "CREATE TRIGGER hush BEFORE INSERT ON audit_entries \
                  BEGIN SELECT RAISE(IGNORE); END";
    let folder = Folder::new();
    folder.ledger().await.close().await.unwrap();
    let clean = "CREATE TABLE clean AS SELECT * FROM sqlite_master";
    let view = edited(
        "INSERT INTO sqlite_master VALUES ('view', 'sqlite_schema', 'sqlite_schema', 0, \
         'CREATE VIEW sqlite_schema AS SELECT * FROM clean')",
    );
    execute(&folder.db(), &[clean, hidden, &view].map(str::to_owned)).await;
    is_damage(ledger(&folder).await, "sqlite_schema");
}

#[tokio::test]
async fn i09_a_ledger_that_is_open_finds_out_at_the_next_call() {
    for foreign in in_the_ledger() {
        // What it has read of the migrations, it has read.
        if foreign.contains("_sqlx_migrations ") && !foreign.contains("TRIGGER") {
            continue;
        }
        let folder = Folder::new();
        let open = folder.ledger().await;
        open.commit(create("a"), NOW).await.unwrap();
        open.load(&id("a")).await.unwrap();
        let foreign = if foreign.contains("writable_schema") {
            counted(&foreign)
        } else {
            foreign
        };
        execute(&folder.db(), core::slice::from_ref(&foreign)).await;
        is_damage(open.load(&id("a")).await, &foreign);
        is_damage(open.heads().await, &foreign);
        is_damage(open.commit(create("b"), NOW).await, &foreign);
    }
}

/// With the schema's counter put back, a connection that is open does not read the schema again, and so
/// does not obey it either; the next one does.
#[tokio::test]
async fn i09_a_schema_that_was_changed_in_silence_is_not_obeyed() {
    let folder = Folder::new();
    let open = folder.ledger().await;
    open.commit(create("a"), NOW).await.unwrap();
    let mut other = raw(&folder.db()).await;
    let asked = sqlx::query_scalar("PRAGMA schema_version");
    let version: i64 = asked.fetch_one(&mut other).await.unwrap();
    let silent = format!(
        "CREATE TRIGGER hush BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(IGNORE); END; \
         PRAGMA schema_version = {version}"
    );
    execute(&folder.db(), &[silent]).await;
    open.commit(create("b"), NOW).await.unwrap();
    let counted = sqlx::query_scalar("SELECT count(*) FROM audit_entries");
    let entries: i64 = counted.fetch_one(&mut other).await.unwrap();
    assert_eq!(entries, 2);
    // Its first connection that reads, and whoever opens it next.
    is_damage(open.load(&id("b")).await, "a trigger");
    is_damage(ledger(&folder).await, "a trigger");
}

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let connected = sqlx::SqliteConnection::connect_with(&options).await;
    connected.unwrap()
}

async fn keys(folder: &Folder) -> Result<SqliteKeyFile, LedgerError> {
    of_file(SqliteKeyFile::open(folder.path().join("keys.db"), CREATE).await)
}

fn of_file<T>(answer: Result<T, KeyFileError>) -> Result<T, LedgerError> {
    answer.map_err(|error| match error {
        KeyFileError::File(error) => error,
        _ => LedgerError::Closed,
    })
}

#[tokio::test]
async fn i10_a_key_file_that_holds_more_than_its_own_is_damaged() {
    let foreign = [
        "CREATE TRIGGER hush BEFORE DELETE ON sealed_keys BEGIN SELECT RAISE(IGNORE); END"
            .to_owned(),
        "CREATE TRIGGER keep BEFORE DELETE ON sealed_keys BEGIN \
         INSERT INTO _sqlx_migrations VALUES (9, OLD.id, '', 1, OLD.sealed, 0); END"
            .to_owned(),
        "CREATE INDEX more ON sealed_keys (sealed)".to_owned(),
        "CREATE TABLE more AS SELECT * FROM sealed_keys".to_owned(),
        replaced("sealed_keys", "zeroblob(4096)", "randomblob(4096)"),
        replaced("sealed_keys", ") STRICT", ")"),
        "PRAGMA page_size = 8192; PRAGMA auto_vacuum = FULL; VACUUM".to_owned(),
        "PRAGMA auto_vacuum = NONE; VACUUM".to_owned(),
    ];
    for foreign in foreign {
        let folder = Folder::new();
        let open = keys(&folder).await.unwrap();
        open.put("a", b"sealed").await.unwrap();
        let moved = if foreign.contains("writable_schema") {
            counted(&foreign)
        } else {
            foreign.clone()
        };
        execute(&folder.path().join("keys.db"), &[moved]).await;
        is_damage(of_file(open.erase("a").await), &foreign);
        is_damage(of_file(open.load("a").await), &foreign);
        is_damage(of_file(open.put("b", b"sealed").await), &foreign);
        is_damage(of_file(open.ids(None, 9).await), &foreign);
        open.close().await.unwrap();
        is_damage(keys(&folder).await, &foreign);
    }
}

/// A log would keep what was erased.
#[tokio::test]
async fn i10_a_key_file_that_was_given_a_log_is_not_written() {
    let folder = Folder::new();
    let open = keys(&folder).await.unwrap();
    open.put("a", b"sealed").await.unwrap();
    execute(
        &folder.path().join("keys.db"),
        &["PRAGMA journal_mode = WAL".to_owned()],
    )
    .await;
    is_damage(of_file(open.erase("a").await), "a log");
    open.close().await.unwrap();
    // Opened anew it has its own journal again.
    let open = keys(&folder).await.unwrap();
    assert!(open.erase("a").await.unwrap());
}

/// A row that the index does not know is there all the same.
#[tokio::test]
async fn i10_an_erasure_that_erases_nothing_is_told() {
    let folder = Folder::new();
    let open = keys(&folder).await.unwrap();
    open.put("a", b"sealed").await.unwrap();
    open.close().await.unwrap();
    // The row stays, and the index is emptied: as if the file's pages had been edited.
    let without = "CREATE TABLE empty (id TEXT NOT NULL PRIMARY KEY); \
                   PRAGMA writable_schema = ON; \
                   UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master \
                     WHERE name = 'sqlite_autoindex_empty_1') \
                   WHERE name = 'sqlite_autoindex_sealed_keys_1'; \
                   DELETE FROM sqlite_master WHERE tbl_name = 'empty'; \
                   PRAGMA writable_schema = RESET"
        .to_owned();
    execute(&folder.path().join("keys.db"), &[without]).await;
    let open = keys(&folder).await.unwrap();
    assert_eq!(open.load("a").await.unwrap(), None, "the index hides it");
    is_damage(of_file(open.erase("a").await), "a hidden row");
}

/// As an attacker writes it: a header, no pages, and a name at the end.
fn journal_that_names(victim: &Path) -> Vec<u8> {
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let name = victim.to_str().unwrap().as_bytes();
    let mut journal = magic.to_vec();
    // No pages; no nonce; as many pages as there were; sectors; pages.
    for number in [0_u32, 0, 4, 512, 4_096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    journal.extend([0; 4]);
    journal.extend(name);
    let sum: i32 = name.iter().map(|byte| i32::from(byte.cast_signed())).sum();
    journal.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    journal.extend(sum.to_be_bytes());
    journal.extend(magic);
    journal
}

fn beside(path: &Path, part: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(part);
    name.into()
}

#[track_caller]
fn names(answer: Result<(), LedgerError>, file: &Path) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), OutcomeKind::Damaged, "{error:?}");
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn a_journal_deletes_no_file_at_open() {
    let folder = Folder::new();
    folder.ledger().await.close().await.unwrap();
    keys(&folder).await.unwrap().close().await.unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "root key").unwrap();
    for database in [folder.db(), folder.path().join("keys.db")] {
        let journal = beside(&database, "-journal");
        fs::write(&journal, journal_that_names(&victim)).unwrap();
        let opened = if database == folder.db() {
            ledger(&folder).await.map(drop)
        } else {
            keys(&folder).await.map(drop)
        };
        assert!(victim.exists(), "{}", database.display());
        names(opened, &journal);
        fs::remove_file(journal).unwrap();
    }
    ledger(&folder).await.unwrap();
    keys(&folder).await.unwrap();
}

/// A key file looks for a journal at each transaction.
#[tokio::test]
async fn a_journal_deletes_no_file_later_either() {
    let folder = Folder::new();
    let victim = folder.path().join("victim");
    fs::write(&victim, "root key").unwrap();
    let open = keys(&folder).await.unwrap();
    open.put("a", b"sealed").await.unwrap();
    let journal = beside(&folder.path().join("keys.db"), "-journal");
    fs::write(&journal, journal_that_names(&victim)).unwrap();
    names(of_file(open.load("a").await.map(drop)), &journal);
    names(of_file(open.erase("a").await.map(drop)), &journal);
    names(of_file(open.put("b", b"sealed").await), &journal);
    assert!(victim.exists());

    let ledger = folder.ledger().await;
    let journal = beside(&folder.db(), "-journal");
    fs::write(&journal, journal_that_names(&victim)).unwrap();
    // The first connections that read, and that look for changes.
    names(ledger.load(&id("a")).await.map(drop), &journal);
    names(ledger.changed().await.map(drop), &journal);
    assert!(victim.exists());
}

#[tokio::test]
async fn what_is_no_file_of_its_own_is_not_opened() {
    for part in ["", "-journal", "-wal", "-shm"] {
        let folder = Folder::new();
        folder.ledger().await.close().await.unwrap();
        let victim = folder.path().join("victim");
        let path = beside(&folder.db(), part);
        let plants: [&dyn Fn(); 4] = [
            &|| symlink(&victim, &path).unwrap(),
            &|| symlink(folder.path().join("nowhere"), &path).unwrap(),
            &|| fs::hard_link(&victim, &path).unwrap(),
            &|| assert!(mkfifo(&path)),
        ];
        for (number, plant) in plants.iter().enumerate() {
            // A database has two names while it is made.
            if part.is_empty() && number == 2 {
                continue;
            }
            fs::write(&victim, "root key").unwrap();
            let moved = beside(&folder.db(), ".moved");
            if part.is_empty() {
                fs::rename(&path, &moved).unwrap();
            }
            plant();
            names(ledger(&folder).await.map(drop), &path);
            assert_eq!(fs::read(&victim).unwrap(), b"root key", "{part} {number}");
            fs::remove_file(&path).unwrap();
            if part.is_empty() {
                fs::rename(&moved, &path).unwrap();
            }
        }
        ledger(&folder).await.unwrap();
    }
}

fn mkfifo(path: &Path) -> bool {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    made.unwrap().success()
}
