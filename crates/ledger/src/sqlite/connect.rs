//! Opening a file: creation, journal, schema.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::fault::Fault;
use super::layout::{self, REVISIONS, Schema};
use super::link::{Link, Opener};
use super::options::SqliteOptions;
use super::{beside, upgrade};
use crate::{ChainKey, Damage, Hindrance, Invalid, LedgerError, sql};

/// What is not left to whoever made the file, on every connection.
const GUARDS: [(&str, &str); 2] = [
    // What a schema that is not ours may do before it is found out.
    ("trusted_schema", "OFF"),
    // Damage to a page is found before it is believed.
    ("cell_size_check", "ON"),
];

/// Opens the file at `path`: a connection, and how to make more of its kind. A file that is there and
/// cannot be written is opened for reading alone. A ledger has a
/// key.
pub(crate) async fn open_file(
    path: &Path,
    schema: Schema,
    options: &SqliteOptions,
    key: Option<&dyn ChainKey>,
) -> Result<(Link, Opener), LedgerError> {
    // Absolute, so that SQLite takes no name for a word of its own, such as `:memory:` or `file:`.
    let path = std::path::absolute(path).map_err(Fault::from)?;
    if path.to_str().is_none() {
        return Err(Invalid::Path { path }.into());
    }
    if !beside::look(&path)? {
        if !options.create {
            return Err(LedgerError::Missing { path });
        }
        create(path.clone()).await?;
    }
    let mut connect = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(false)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        .disable_statement_logging();
    for (name, value) in GUARDS.iter().chain(schema.pragmas) {
        connect = connect.pragma(*name, *value);
    }
    let opener = Opener {
        path,
        schema,
        options: connect,
        read_only: false,
    };
    let unwritable = match open_writing(&opener, options, key).await {
        Err(error) if !options.create && is_unwritable(&error) => error,
        other => return Ok((other?, opener)),
    };
    let opener = Opener {
        read_only: true,
        ..opener
    };
    match open_reading(&opener).await {
        Ok(link) => Ok((link, opener)),
        Err(error) if is_unwritable(&error) => Err(unwritable),
        Err(error) => Err(error),
    }
}

fn is_unwritable(error: &LedgerError) -> bool {
    let hindrance = Hindrance::Permission;
    matches!(error, LedgerError::Unavailable { hindrance: h, .. } if *h == hindrance)
}

async fn open_writing(
    opener: &Opener,
    options: &SqliteOptions,
    key: Option<&dyn ChainKey>,
) -> Result<Link, LedgerError> {
    let mut link = Arc::new(opener.clone()).connect().await?;
    let connection = &mut link.connection;
    let found = look(connection).await?;
    if found.empty && options.create {
        for pragma in opener.schema.founding {
            connection.execute(*pragma).await.map_err(Fault::from)?;
        }
    } else {
        found.is_ours(opener)?;
    }
    set_journal(connection, opener.schema.journal, options.busy_timeout).await?;
    migrate(connection, opener, options, key).await?;
    Ok(link)
}

async fn open_reading(opener: &Opener) -> Result<Link, LedgerError> {
    let mut link = Arc::new(opener.clone()).connect().await?;
    look(&mut link.connection).await?.is_ours(opener)?;
    link.read(sqlx::query(sql::LAYOUT)).await?;
    Ok(link)
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

impl Look {
    fn is_ours(&self, opener: &Opener) -> Result<(), LedgerError> {
        let path = || opener.path.clone();
        match (self.application == opener.schema.application, self.empty) {
            (true, _) => Ok(()),
            (false, true) => Err(LedgerError::Missing { path: path() }),
            (false, false) => Err(LedgerError::Foreign { path: path() }),
        }
    }
}

async fn look(connection: &mut SqliteConnection) -> Result<Look, Fault> {
    // In this order: whoever makes a database gives it both at once, perhaps between the two.
    let objects = sqlx::query(sql::LAYOUT).fetch_all(&mut *connection).await?;
    let application = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(connection)
        .await?;
    Ok(Look {
        application,
        empty: application == 0 && objects.is_empty(),
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
/// processes one does it and the others find it done. A schema that is not one of ours is not touched.
async fn migrate(
    connection: &mut SqliteConnection,
    opener: &Opener,
    options: &SqliteOptions,
    key: Option<&dyn ChainKey>,
) -> Result<(), LedgerError> {
    let schema = &opener.schema;
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(Fault::from)?;
    let found = look(&mut tx).await?;
    let mut old = None;
    if !found.empty {
        found.is_ours(opener)?;
        let applied = layout::applied(&mut tx, schema).await?;
        if applied == schema.migrations.len() {
            // Where nothing can be written, SQLite begins to read instead, and does not say so.
            tx.execute(sql::WRITES_NOTHING).await.map_err(Fault::from)?;
            return Ok(tx.rollback().await.map_err(Fault::from)?);
        }
        let known = schema.migrations.get(..applied).unwrap_or_default();
        if let Some(key) = key
            && known.iter().all(|(version, ..)| *version < REVISIONS)
        {
            let upgrade = options.upgrade.as_ref();
            let upgrade = upgrade.ok_or_else(|| Fault::damaged(Damage::OldForm))?;
            old = Some((key, upgrade));
        }
    }
    tracing::info!(schema = schema.newest(), "bringing the schema up to date");
    layout::run(&mut tx, schema, schema.newest()).await?;
    if let Some((key, upgrade)) = old {
        upgrade::records(&mut tx, key, upgrade).await?;
    }
    tx.execute(schema.set_application)
        .await
        .map_err(Fault::from)?;
    if layout::applied(&mut tx, schema).await? != schema.migrations.len() {
        return Err(Fault::damaged(Damage::Database).into());
    }
    Ok(tx.commit().await.map_err(Fault::from)?)
}
