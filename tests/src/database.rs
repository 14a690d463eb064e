//! Somebody who can write a database, and has neither the program nor the root key.

use std::fmt;
use std::path::Path;

use strongroom_ledger::conformance::{self, Behind};
use tokio::runtime::Runtime;

/// Runs statements on the database at `path`.
///
/// # Panics
/// If it is none, or they cannot be carried out.
pub fn edit(path: &Path, statements: &str) {
    runtime().block_on(conformance::edit(path, statements));
}

/// A connection to a database. What it has locked is free again when it is closed.
///
/// Its methods panic where the database does not do as they say.
pub struct Database {
    runtime: Runtime,
    behind: Behind,
}

impl Database {
    /// To the database at `path`.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let runtime = runtime();
        let behind = runtime.block_on(Behind::open(path));
        Self { runtime, behind }
    }

    /// Runs statements.
    pub fn run(&mut self, statements: &str) {
        self.runtime.block_on(self.behind.run(statements));
    }

    /// The number that a query answers.
    #[must_use]
    pub fn number(&mut self, query: &str) -> i64 {
        self.runtime.block_on(self.behind.number(query))
    }

    /// Lets go of the database.
    pub fn close(self) {
        self.runtime.block_on(self.behind.close());
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
}
