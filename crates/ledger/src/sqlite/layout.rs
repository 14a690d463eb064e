//! Whether a database is laid out as the migrations lay it out, and in no other way.
//!
//! Whoever can write the file can leave more in it than rows: a trigger that drops what is written, a
//! view in the place of a table, another default, another index. SQLite obeys all of it, so none of it
//! may be there. What should be there is not written down a second time: the same migrations are run
//! on a database in memory.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _};

use super::fault::{Fault, damaged};
use crate::{Damage, sql};

/// The schema of the ledger from which on records have revisions.
pub(super) const REVISIONS: i64 = 3;

/// What a file is for: how it is marked, kept and laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// SQLite's `application_id`: tells our files from anybody's database.
    pub(super) application: i32,
    pub(super) set_application: &'static str,
    pub(super) journal: &'static str,
    pub(super) pragmas: &'static [(&'static str, &'static str)],
    /// What is set once, before anything is in the file.
    pub(super) founding: &'static [&'static str],
    /// What the file's header must say, as the pragmas that ask it do.
    pub(super) demanded: &'static [(&'static str, i64)],
    pub(super) migrations: &'static [(i64, &'static str, &'static str)],
    pub(super) layouts: &'static Layouts,
}

impl Schema {
    pub(crate) const fn ledger() -> Self {
        static LAYOUTS: Layouts = Layouts::new();
        Self {
            application: 0x5354_524c, // STRL
            set_application: "PRAGMA application_id = 0x5354524c",
            journal: "WAL",
            // The log shrinks back after a long reader has let it grow.
            pragmas: &[("synchronous", "FULL"), ("journal_size_limit", "67108864")],
            founding: &[],
            demanded: &[],
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
                (
                    REVISIONS,
                    "revisions",
                    include_str!("../../migrations/sqlite/0003_revisions.sql"),
                ),
            ],
            layouts: &LAYOUTS,
        }
    }

    pub(crate) const fn keys() -> Self {
        static LAYOUTS: Layouts = Layouts::new();
        Self {
            application: 0x5354_524b, // STRK
            set_application: "PRAGMA application_id = 0x5354524b",
            journal: "DELETE",
            // See `key_file` for what each is for.
            pragmas: &[("synchronous", "EXTRA"), ("secure_delete", "ON")],
            founding: &["PRAGMA page_size = 4096", "PRAGMA auto_vacuum = FULL"],
            demanded: &[("PRAGMA page_size", 4_096), ("PRAGMA auto_vacuum", 1)],
            migrations: &[(
                1,
                "keys",
                include_str!("../../migrations/sqlite-keys/0001_keys.sql"),
            )],
            layouts: &LAYOUTS,
        }
    }

    /// Whether changes go to a log first, and not over a rollback journal.
    pub(super) fn keeps_log(&self) -> bool {
        self.journal == "WAL"
    }

    /// Whether this is what SQLite calls the way the file is journaled.
    pub(super) fn is_journaled(&self, found: &str) -> bool {
        found.eq_ignore_ascii_case(self.journal)
    }

    pub(super) fn newest(&self) -> i64 {
        self.migrations
            .iter()
            .map(|(version, ..)| *version)
            .max()
            .unwrap_or(0)
    }

    /// The migrations as they are noted in the file that has seen them.
    pub(super) fn noted(&self) -> Vec<Note> {
        let note = |one: &Migration| {
            let (version, sum) = (one.version, one.checksum.to_vec());
            (version, one.description.to_string(), true, sum)
        };
        self.migrator().iter().map(note).collect()
    }

    pub(super) fn migrator(&self) -> Migrator {
        let migrations = self.migrations.iter().map(|(version, name, sql)| {
            let kind = MigrationType::Simple;
            Migration::new(*version, (*name).into(), kind, sql.into_sql_str(), false)
        });
        Migrator::with_migrations(migrations.collect())
    }
}

/// The table in which `sqlx` notes what it has run.
const NOTES: &str = "_sqlx_migrations";

/// What `sqlite_master` says, in an order of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout(Vec<Object>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

/// The layouts after the first migration, the second, and so on; made once.
pub(super) type Layouts = OnceLock<Vec<Layout>>;

impl Layout {
    async fn of(connection: &mut SqliteConnection) -> Result<Self, Fault> {
        let rows = sqlx::query(sql::LAYOUT).fetch_all(connection).await?;
        let mut roots = HashSet::new();
        let mut objects = Vec::with_capacity(rows.len());
        for row in &rows {
            let object = Object::read(row).map_err(damaged(Damage::Database))?;
            let root: i64 = row.try_get(4).map_err(damaged(object.damage()))?;
            // Two that share their pages, or have none, are not what their words say.
            if root < 2 || !roots.insert(root) {
                return Err(Fault::damaged(object.damage()));
            }
            objects.push(object);
        }
        objects.sort();
        Ok(Self(objects))
    }

    /// Something that the two do not have in common, what `self` has and should not have first.
    fn difference(&self, right: &Self) -> Damage {
        let odd = self.0.iter().find(|object| !right.0.contains(object));
        let missing = || right.0.iter().find(|object| !self.0.contains(object));
        odd.or_else(missing)
            .map_or(Damage::Database, Object::damage)
    }

    fn notes(&self) -> Option<&Object> {
        self.0.iter().find(|object| object.name == NOTES)
    }
}

impl Object {
    fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind: row.try_get(0)?,
            name: row.try_get(1)?,
            table: row.try_get(2)?,
            sql: row.try_get(3)?,
        })
    }

    fn damage(&self) -> Damage {
        let shown = |text: &str| -> String { text.escape_debug().take(80).collect() };
        Damage::Layout(format!("{} `{}`", shown(&self.kind), shown(&self.name)))
    }
}

/// How many of its migrations the database has seen, if it is laid out as they leave it and its
/// header says what `schema` does.
pub(super) async fn applied(
    connection: &mut SqliteConnection,
    schema: &Schema,
) -> Result<usize, Fault> {
    let found = Layout::of(connection).await?;
    let layouts = layouts(schema).await?;
    let newest = layouts.last().ok_or(Fault::damaged(Damage::Database))?;
    let known = layouts.contains(&found);
    // If the table in which the migrations are noted is ours, reading it is harmless.
    let notes = if found.notes() == newest.notes() {
        notes(connection).await?
    } else {
        Vec::new()
    };
    if let Some(later) = notes.iter().map(|note| note.0).max()
        && later > schema.newest()
    {
        return Err(Fault::Newer {
            found: later.unsigned_abs(),
            known: schema.newest().unsigned_abs(),
        });
    }
    if !known {
        return Err(Fault::damaged(found.difference(newest)));
    }
    let applied = notes.len();
    let right = applied
        .checked_sub(1)
        .and_then(|last| layouts.get(last))
        .is_some_and(|layout| *layout == found);
    if !right || !schema.noted().starts_with(&notes) {
        return Err(Fault::damaged(Damage::Layout(format!("table `{NOTES}`"))));
    }
    let encoding: String = sqlx::query_scalar("PRAGMA encoding")
        .fetch_one(&mut *connection)
        .await?;
    if encoding != "UTF-8" {
        return Err(Fault::damaged(Damage::Layout("encoding".to_owned())));
    }
    for (pragma, wanted) in schema.demanded {
        let found: i64 = sqlx::query_scalar(*pragma)
            .fetch_one(&mut *connection)
            .await?;
        if found != *wanted {
            return Err(Fault::damaged(Damage::Layout((*pragma).to_owned())));
        }
    }
    Ok(applied)
}

/// One migration as it is noted: its version, its name, whether it succeeded, the sum over its words.
pub(super) type Note = (i64, String, bool, Vec<u8>);

async fn notes(connection: &mut SqliteConnection) -> Result<Vec<Note>, Fault> {
    let rows = sqlx::query(sql::MIGRATIONS).fetch_all(connection).await?;
    let read = |row: &SqliteRow| -> Result<Note, sqlx::Error> {
        Ok((
            row.try_get(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
        ))
    };
    let read = rows.iter().map(read).collect::<Result<_, _>>();
    read.map_err(damaged(Damage::Layout(format!("table `{NOTES}`"))))
}

async fn layouts(schema: &Schema) -> Result<&'static [Layout], Fault> {
    if let Some(made) = schema.layouts.get() {
        return Ok(made);
    }
    let options = SqliteConnectOptions::new()
        .in_memory(true)
        .disable_statement_logging();
    let mut memory = options.connect().await?;
    let mut layouts = Vec::new();
    for (version, ..) in schema.migrations {
        run(&mut memory, schema, *version).await?;
        layouts.push(Layout::of(&mut memory).await?);
    }
    memory.close().await?;
    Ok(schema.layouts.get_or_init(|| layouts))
}

/// Runs the migrations up to `version` that have not been run.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    schema: &Schema,
    version: i64,
) -> Result<(), Fault> {
    let ran = schema
        .migrator()
        .run_direct(Some(version), connection, false)
        .await;
    ran.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            Fault::from(error)
        }
        other => Fault::Unexpected {
            cause: Arc::new(other),
        },
    })
}
