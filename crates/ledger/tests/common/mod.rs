//! What the tests share: a chain key, a moment, ledgers in folders of their own.
#![expect(unreachable_pub, reason = "a module of several test programs")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_base::{RecordId, Timestamp};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{AuditEntry, ChainKey, Phase};

pub const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

#[derive(Debug)]
pub struct Hmac(ring::hmac::Key);

impl ChainKey for Hmac {
    fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
        let mut context = ring::hmac::Context::with_key(&self.0);
        for part in message {
            context.update(part);
        }
        context.sign().as_ref().try_into().unwrap()
    }
}

pub fn key() -> Arc<dyn ChainKey> {
    Arc::new(Hmac(ring::hmac::Key::new(
        ring::hmac::HMAC_SHA256,
        &[7; 32],
    )))
}

pub struct Folder {
    pub folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn db(&self) -> PathBuf {
        self.path().join("ledger.db")
    }

    pub async fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(self.db(), key(), SqliteOptions::new().create(true))
            .await
            .unwrap()
    }
}

pub fn entry(chain: &str, number: u128, phase: Phase) -> AuditEntry {
    let record = RecordId::from_bytes(number.to_be_bytes());
    let body = format!("{phase:?} {number}").into();
    AuditEntry {
        chain: chain.to_owned(),
        record,
        phase,
        at: NOW,
        body,
    }
}

/// Runs statements as somebody would who has the file and not the program.
pub async fn execute(path: &Path, statements: &[String]) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .pragma("ignore_check_constraints", "ON");
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    for statement in statements {
        let statement = sqlx::AssertSqlSafe(statement.clone());
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}
