//! A connection, and how to make one: every connection of this crate is made here, and each use of one
//! begins by looking whether the database is still laid out as it was.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _, Sqlite, Transaction};

use super::beside::{self, Reading, Still};
use super::fault::{Fault, damaged};
use super::layout::{self, Schema};
use crate::{Damage, Hindrance};

/// A statement with what is bound to it.
pub(crate) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// How connections to one file are made.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    pub(super) path: PathBuf,
    pub(super) schema: Schema,
    pub(super) options: SqliteConnectOptions,
    /// Whether the file, or its folder, cannot be written.
    pub(super) read_only: bool,
}

impl Opener {
    /// The same for connections that only read.
    pub(crate) fn reading(&self) -> Self {
        Self {
            options: self.options.clone().pragma("query_only", "ON"),
            ..self.clone()
        }
    }

    pub(crate) const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Refuses what has to be written where nothing can be.
    pub(crate) fn writable(&self) -> Result<(), Fault> {
        if self.read_only {
            return Err(Hindrance::ReadOnly.into());
        }
        Ok(())
    }

    pub(crate) async fn connect(self: &Arc<Self>) -> Result<Link, Fault> {
        beside::look(&self.path)?;
        let mut options = self.options.clone();
        let mut still = None;
        if self.read_only {
            options = options.read_only(true);
            if self.schema.keeps_log()
                && let Reading::Still(found) = beside::reading(&self.path)?
            {
                options = options.immutable(true);
                still = Some(found);
            }
        }
        Ok(Link {
            connection: options.connect().await?,
            opener: Arc::clone(self),
            compared: None,
            still,
        })
    }
}

/// A connection to a database that is laid out as Strongroom lays it out: no statement runs on
/// anything else. Whoever gets an error from it drops it, and what it had begun is undone.
#[derive(Debug)]
pub(crate) struct Link {
    pub(super) connection: SqliteConnection,
    opener: Arc<Opener>,
    /// SQLite's `schema_version` when the layout was last compared.
    compared: Option<i64>,
    /// How the file was found, if it was opened as one that nobody changes.
    still: Option<Still>,
}

impl Link {
    /// Begins a transaction that reads: until it ends, every statement sees the same state.
    pub(crate) async fn begin_read(&mut self) -> Result<(), Fault> {
        self.look_beside()?;
        let begun = "BEGIN; PRAGMA schema_version; PRAGMA journal_mode";
        let begun = sqlx::query(begun).fetch_all(&mut self.connection).await?;
        let is_still = self.still.is_some();
        let (opener, compared) = (&self.opener, &mut self.compared);
        compare(&mut self.connection, &begun, opener, is_still, compared).await
    }

    /// The rows of one statement of a transaction that has begun.
    pub(crate) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<SqliteRow>, Fault> {
        let rows = statement.fetch_all(&mut self.connection).await?;
        self.is_still()?;
        Ok(rows)
    }

    pub(crate) async fn end_read(&mut self) -> Result<(), Fault> {
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    /// The rows of one statement alone.
    pub(crate) async fn read(&mut self, statement: Statement<'_>) -> Result<Vec<SqliteRow>, Fault> {
        self.begin_read().await?;
        let rows = self.rows(statement).await?;
        self.end_read().await?;
        Ok(rows)
    }

    /// A transaction that writes.
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_, Sqlite>, Fault> {
        self.opener.writable()?;
        self.look_beside()?;
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let begun = "PRAGMA schema_version; PRAGMA journal_mode";
        let begun = sqlx::query(begun).fetch_all(&mut *tx).await?;
        compare(&mut tx, &begun, &self.opener, false, &mut self.compared).await?;
        Ok(tx)
    }

    /// A number that differs when another connection has committed.
    pub(crate) async fn data_version(&mut self) -> Result<i64, Fault> {
        self.is_still()?;
        let version = sqlx::query_scalar("PRAGMA data_version");
        Ok(version.fetch_one(&mut self.connection).await?)
    }

    pub(crate) async fn close(self) -> Result<(), Fault> {
        Ok(self.connection.close().await?)
    }

    /// With a rollback journal SQLite looks for one at every transaction, not only at the first.
    fn look_beside(&self) -> Result<(), Fault> {
        if !self.opener.schema.keeps_log() {
            beside::look(&self.opener.path)?;
        }
        Ok(())
    }

    /// What was read while somebody wrote after all is worth nothing.
    fn is_still(&self) -> Result<(), Fault> {
        match &self.still {
            Some(still) if beside::still(&self.opener.path)? != *still => {
                Err(Hindrance::Busy.into())
            }
            _ => Ok(()),
        }
    }
}

/// Compares the layout, if it may have changed since it was compared: what a transaction that has
/// begun says of it.
async fn compare(
    connection: &mut SqliteConnection,
    begun: &[SqliteRow],
    opener: &Opener,
    is_still: bool,
    compared: &mut Option<i64>,
) -> Result<(), Fault> {
    let schema = &opener.schema;
    let damage = || Damage::Layout("journal mode".to_owned());
    let [version, journal] = begun else {
        return Err(Fault::damaged(damage()));
    };
    let version: i64 = version.try_get(0).map_err(damaged(damage()))?;
    let journal: String = journal.try_get(0).map_err(damaged(damage()))?;
    // A file that nobody changes has no journal.
    if !is_still && !schema.is_journaled(&journal) {
        return Err(Fault::damaged(damage()));
    }
    if *compared == Some(version) {
        return Ok(());
    }
    if layout::applied(connection, schema).await? != schema.migrations.len() {
        // It waits for a migration, which has to be written; or an older file was put in its place.
        opener.writable()?;
        return Err(Fault::damaged(Damage::Database));
    }
    *compared = Some(version);
    Ok(())
}

/// Carries out a statement that is to change `meant` rows: no more, no fewer.
pub(crate) async fn change(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
    meant: u64,
    damage: impl FnOnce() -> Damage,
) -> Result<(), Fault> {
    let done = statement.execute(connection).await?;
    if done.rows_affected() == meant {
        Ok(())
    } else {
        Err(Fault::damaged(damage()))
    }
}
