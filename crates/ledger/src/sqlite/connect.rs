//! Opening a file: creation, journal, schema.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr as _};

use super::SqliteOptions;
use super::fault::Fault;
use crate::{Invalid, LedgerError};

/// What a file is for: how it is marked, kept and laid out.
#[derive(Debug)]
pub(crate) struct Schema {
    /// SQLite's `application_id`: tells our files from anybody's database.
    application: i32,
    set_application: &'static str,
    journal: &'static str,
    pragmas: &'static [(&'static str, &'static str)],
    migrations: &'static [(i64, &'static str, &'static str)],
}

impl Schema {
    pub(crate) const fn ledger() -> Self {
        Self {
            application: 0x5354_524c, // STRL
            set_application: "PRAGMA application_id = 0x5354524c",
            journal: "WAL",
            // The log shrinks back after a long reader has let it grow.
            pragmas: &[("synchronous", "FULL"), ("journal_size_limit", "67108864")],
            migrations: &[
                (
                    1,
                    "ledger",
                    include_str!("../../migrations/sqlite/0001_ledger.sql"),
                ),
                (
                    2,
                    "changes",
                    include_str!("../../migrations/sqlite/0002_changes.sql"),
                ),
            ],
        }
    }

    pub(crate) const fn keys() -> Self {
        Self {
            application: 0x5354_524b, // STRK
            set_application: "PRAGMA application_id = 0x5354524b",
            journal: "DELETE",
            // The first two count when the file is made. See `key_file` for what each is for.
            pragmas: &[
                ("page_size", "4096"),
                ("auto_vacuum", "FULL"),
                ("synchronous", "EXTRA"),
                ("secure_delete", "ON"),
            ],
            migrations: &[(
                1,
                "keys",
                include_str!("../../migrations/sqlite-keys/0001_keys.sql"),
            )],
        }
    }

    fn newest(&self) -> i64 {
        self.migrations
            .iter()
            .map(|(version, ..)| *version)
            .max()
            .unwrap_or(0)
    }

    fn migrator(&self) -> Migrator {
        let migrations = self.migrations.iter().map(|(version, name, sql)| {
            let kind = MigrationType::Simple;
            Migration::new(*version, (*name).into(), kind, sql.into_sql_str(), false)
        });
        Migrator::with_migrations(migrations.collect())
    }
}

/// Opens the file at `path`: a connection, and how to make more of its kind.
pub(crate) async fn open_file(
    path: &Path,
    schema: Schema,
    options: &SqliteOptions,
) -> Result<(SqliteConnection, SqliteConnectOptions), LedgerError> {
    // Absolute, so that SQLite takes no name for a word of its own, such as `:memory:` or `file:`.
    let path = &std::path::absolute(path).map_err(Fault::from)?;
    if path.to_str().is_none() {
        return Err(Invalid::Path { path: path.clone() }.into());
    }
    let missing = || LedgerError::Missing { path: path.clone() };
    if !path.try_exists().map_err(Fault::from)? {
        if !options.create {
            return Err(missing());
        }
        create(path.clone()).await?;
    }
    let mut connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        .disable_statement_logging();
    for (name, value) in schema.pragmas {
        connect = connect.pragma(*name, *value);
    }
    let mut connection = connect.connect().await.map_err(Fault::from)?;
    let found = look(&mut connection).await?;
    if found.application != schema.application && !(found.empty && options.create) {
        return Err(if found.empty {
            missing()
        } else {
            LedgerError::Foreign {
                path: path.to_owned(),
            }
        });
    }
    set_journal(&mut connection, schema.journal, options.busy_timeout).await?;
    migrate(&mut connection, path, &schema).await?;
    Ok((connection, connect))
}

/// Makes an empty file that its owner alone may read, and its name durable.
///
/// The file gets its name when it is complete and closed: closing a file that somebody in this
/// process has open through SQLite would drop SQLite's locks (POSIX). Its log and journal take its
/// mode over.
async fn create(path: PathBuf) -> Result<(), LedgerError> {
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let made = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let draft = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let mut name = path.clone().into_os_string();
        name.push(format!(".{}-{draft}.new", std::process::id()));
        let draft = PathBuf::from(name);
        // Left over by a process of this number that was cut off.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?
            .sync_all()?;
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft)?;
        match linked {
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
            Ok(()) => match path.parent() {
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            },
        }
    });
    Ok(made
        .await
        .map_err(io::Error::other)
        .and_then(|done| done)
        .map_err(Fault::from)?)
}

struct Look {
    application: i32,
    empty: bool,
}

async fn look(connection: &mut SqliteConnection) -> Result<Look, Fault> {
    let application = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(connection)
        .await?;
    Ok(Look {
        application,
        empty: application == 0 && tables == 0,
    })
}

/// The journal mode is kept in the file. Changing it needs the file alone, and SQLite does not wait
/// for that by itself.
async fn set_journal(
    connection: &mut SqliteConnection,
    mode: &'static str,
    patience: Duration,
) -> Result<(), Fault> {
    const STEP: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    loop {
        let statement = match mode {
            "WAL" => "PRAGMA journal_mode = WAL",
            _ => "PRAGMA journal_mode = DELETE",
        };
        let set: Result<String, Fault> = sqlx::query_scalar(statement)
            .fetch_one(&mut *connection)
            .await
            .map_err(Fault::from);
        match set {
            Err(fault) if fault.is_busy() && waited < patience => {
                tokio::time::sleep(STEP).await;
                waited += STEP;
            }
            Err(fault) => return Err(fault),
            Ok(_) => return Ok(()),
        }
    }
}

/// Brings the schema up to date, or finds that it is; in one transaction, so that of several
/// processes one does it and the others find it done.
async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
    schema: &Schema,
) -> Result<(), LedgerError> {
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(Fault::from)?;
    let found = look(&mut tx).await?;
    if found.application == schema.application {
        let applied: i64 =
            sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
                .fetch_one(&mut *tx)
                .await
                .map_err(Fault::from)?;
        match applied.cmp(&schema.newest()) {
            core::cmp::Ordering::Greater => {
                return Err(LedgerError::NewerSchema {
                    found: applied.unsigned_abs(),
                    known: schema.newest().unsigned_abs(),
                });
            }
            core::cmp::Ordering::Equal => return Ok(tx.rollback().await.map_err(Fault::from)?),
            core::cmp::Ordering::Less => {}
        }
    } else if !found.empty {
        return Err(LedgerError::Foreign {
            path: path.to_owned(),
        });
    }
    tracing::info!(schema = schema.newest(), "bringing the schema up to date");
    schema
        .migrator()
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(error)
            | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => Fault::from(error),
            other => Fault::Unexpected {
                cause: std::sync::Arc::new(other),
            },
        })?;
    tx.execute(schema.set_application)
        .await
        .map_err(Fault::from)?;
    Ok(tx.commit().await.map_err(Fault::from)?)
}
