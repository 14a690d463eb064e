//! The key file: what was erased is nowhere (the ground on which I10 stands).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::Folder;
use proptest::prelude::*;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use strongroom_ledger::key_file::{KeyFile, KeyFileError, SqliteKeyFile};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{Hindrance, LedgerError};

const CREATE: SqliteOptions = SqliteOptions::new().create(true);

async fn open(folder: &Path) -> SqliteKeyFile {
    SqliteKeyFile::open(folder.join("keys.db"), CREATE)
        .await
        .unwrap()
}

/// `length` bytes that nothing else writes, different for each number in any 16 of them.
fn sealed(number: u64, length: usize) -> Vec<u8> {
    let block =
        |n: u64| ring::digest::digest(&ring::digest::SHA256, &(number << 16 | n).to_be_bytes());
    let mut bytes: Vec<u8> = (0..)
        .flat_map(|n| block(n).as_ref().to_vec())
        .take(length)
        .collect();
    bytes.truncate(length);
    bytes
}

/// The files of `folder` that hold any 16 bytes of `secret`, taken every 8.
fn holders(folder: &Path, secret: &[u8]) -> Vec<String> {
    let windows: Vec<&[u8]> = secret.windows(16).step_by(8).collect();
    let finder = aho_corasick::AhoCorasick::new(windows).unwrap();
    let holds = |entry: &fs::DirEntry| finder.is_match(&fs::read(entry.path()).unwrap());
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(holds)
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("keys.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn keys_are_put_once_loaded_listed_and_erased() {
    let folder = Folder::new();
    let keys = open(folder.path()).await;
    assert_eq!(keys.load("a").await.unwrap(), None);
    for id in ["b", "a", "c"] {
        keys.put(id, id.as_bytes()).await.unwrap();
    }
    let again = keys.put("a", b"other").await;
    assert!(matches!(again, Err(KeyFileError::Exists { id }) if id == "a"));
    assert_eq!(keys.load("a").await.unwrap().unwrap(), "a");
    assert_eq!(keys.ids(None, 2).await.unwrap(), ["a", "b"]);
    assert_eq!(keys.ids(Some("b"), 2).await.unwrap(), ["c"]);
    assert!(keys.erase("b").await.unwrap());
    assert!(!keys.erase("b").await.unwrap());
    keys.put("b", b"new").await.unwrap();
    let invalid = |error| matches!(error, KeyFileError::File(LedgerError::Invalid(_)));
    assert!(keys.put("two words", b"x").await.is_err_and(invalid));
    assert!(
        keys.put("large", &vec![0; (64 << 10) + 1])
            .await
            .is_err_and(invalid)
    );

    // Another process sees the same, and what was closed says so.
    let other = open(folder.path()).await;
    assert_eq!(other.load("b").await.unwrap().unwrap(), "new");
    keys.close().await.unwrap();
    keys.close().await.unwrap();
    let closed = |error| matches!(error, KeyFileError::File(LedgerError::Closed));
    assert!(keys.load("a").await.is_err_and(closed));
    assert_eq!(other.ids(None, 9).await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_ledger_is_no_key_file() {
    let folder = Folder::new();
    folder.ledger().await;
    let opened = SqliteKeyFile::open(folder.db(), CREATE).await.map(drop);
    assert!(
        matches!(opened, Err(KeyFileError::File(LedgerError::Foreign { .. }))),
        "{opened:?}"
    );
    open(folder.path()).await;
    let path = folder.path().join("keys.db");
    let opened = SqliteLedger::open(path, common::key(), CREATE)
        .await
        .map(drop);
    assert!(
        matches!(opened, Err(LedgerError::Foreign { .. })),
        "{opened:?}"
    );
    let path = folder.path().join("none.db");
    let opened = SqliteKeyFile::open(path, SqliteOptions::new())
        .await
        .map(drop);
    assert!(
        matches!(opened, Err(KeyFileError::File(LedgerError::Missing { .. }))),
        "{opened:?}"
    );
}

#[tokio::test]
async fn i10_an_erased_key_is_in_no_file_with_a_reader_open() {
    let folder = Folder::new();
    let keys = open(folder.path()).await;
    let reader = open(folder.path()).await;
    for (id, length) in [("small", 300), ("page", 4_096), ("large", 40_000)] {
        let secret = sealed(1, length);
        keys.put(id, &secret).await.unwrap();
        assert_eq!(reader.load(id).await.unwrap().unwrap(), secret);
        assert_eq!(
            holders(folder.path(), &secret),
            ["keys.db"],
            "the search itself"
        );
        assert!(keys.erase(id).await.unwrap());
        assert_eq!(holders(folder.path(), &secret), Vec::<String>::new());
        assert_eq!(reader.load(id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn i10_while_somebody_reads_nothing_is_said_to_be_erased() {
    let folder = Folder::new();
    let impatient = CREATE.busy_timeout(std::time::Duration::from_millis(20));
    let keys = SqliteKeyFile::open(folder.path().join("keys.db"), impatient)
        .await
        .unwrap();
    let secret = sealed(2, 300);
    keys.put("a", &secret).await.unwrap();
    let mut reader = raw(folder.path()).await;
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM sealed_keys")
        .execute(&mut reader)
        .await
        .unwrap();
    let busy = keys.erase("a").await;
    let hindrance = Hindrance::Busy;
    assert!(
        matches!(&busy, Err(KeyFileError::File(LedgerError::Unavailable { hindrance: h, .. })) if *h == hindrance),
        "{busy:?}"
    );
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    assert_eq!(
        keys.load("a").await.unwrap().unwrap(),
        secret,
        "refused, so it is still there"
    );
    assert!(keys.erase("a").await.unwrap());
    assert_eq!(holders(folder.path(), &secret), Vec::<String>::new());
}

#[tokio::test]
async fn i10_what_was_rolled_back_is_in_no_file() {
    let folder = Folder::new();
    let keys = open(folder.path()).await;
    let kept = sealed(3, 300);
    keys.put("kept", &kept).await.unwrap();
    // Were there free pages now, what is written into them would outlast the rollback.
    keys.put("room", &sealed(5, 40_000)).await.unwrap();
    keys.put("more", &sealed(6, 300)).await.unwrap();
    assert!(keys.erase("room").await.unwrap());
    let mut other = raw(folder.path()).await;
    // With one page of memory, pages go to the file before they are committed.
    sqlx::raw_sql("PRAGMA cache_size = 1; PRAGMA secure_delete = ON; BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let secret = sealed(4, 40_000);
    for id in 0..8 {
        let insert = AssertSqlSafe(format!(
            "INSERT INTO sealed_keys (id, sealed) VALUES ('k{id}', $1)"
        ));
        sqlx::query(insert)
            .bind(&secret)
            .execute(&mut other)
            .await
            .unwrap();
    }
    sqlx::raw_sql("DELETE FROM sealed_keys WHERE id = 'kept'")
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(
        holders(folder.path(), &secret),
        ["keys.db"],
        "the search itself"
    );
    assert!(holders(folder.path(), &kept).contains(&"keys.db-journal".to_owned()));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(holders(folder.path(), &secret), Vec::<String>::new());
    assert_eq!(keys.load("kept").await.unwrap().unwrap(), kept);
    assert!(keys.erase("kept").await.unwrap());
    assert_eq!(holders(folder.path(), &kept), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Keys come and go, pages split, merge and are laid out anew: none leaves a trace behind.
    #[test]
    fn i10_keys_that_came_and_went_leave_no_trace(
        steps in proptest::collection::vec((0_u64..60, 20_usize..1_500, any::<bool>()), 200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = Folder::new();
            let keys = open(folder.path()).await;
            let mut live = BTreeMap::new();
            let mut gone = Vec::new();
            for (number, (id, length, erase)) in (0..).zip(steps) {
                let id = hex::encode(sealed(id, 8));
                if let Some(secret) = live.remove(&id) {
                    if erase {
                        assert!(keys.erase(&id).await.unwrap());
                        gone.push(secret);
                    } else {
                        live.insert(id, secret);
                    }
                } else {
                    let secret = sealed(number, length);
                    keys.put(&id, &secret).await.unwrap();
                    live.insert(id, secret);
                }
            }
            assert_eq!(holders(folder.path(), &live.into_values().flatten().collect::<Vec<_>>()), ["keys.db"]);
            assert_eq!(holders(folder.path(), &gone.concat()), Vec::<String>::new());
        });
    }
}
