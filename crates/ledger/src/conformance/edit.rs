//! A database, behind the back of whatever has it open.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

/// A connection of somebody who can write the file and has neither the program nor a key: foreign keys and
/// checks are off. What it has locked is free again when it is dropped.
#[derive(Debug)]
pub struct Behind(SqliteConnection);

impl Behind {
    /// To the database at `path`.
    pub async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false)
            .pragma("ignore_check_constraints", "ON");
        let connected = SqliteConnection::connect_with(&options).await;
        Self(connected.expect("a database"))
    }

    /// Runs statements.
    pub async fn run(&mut self, statements: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut self.0)
            .await;
        done.expect("statements that can be carried out");
    }

    /// The number that a query answers.
    pub async fn number(&mut self, query: &str) -> i64 {
        let found = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&mut self.0)
            .await;
        found.expect("a query that answers a number")
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.0.close().await.expect("it closes");
    }
}

/// Runs statements on the database at `path`, on a connection of their own.
pub async fn edit(path: &Path, statements: &str) {
    let mut behind = Behind::open(path).await;
    behind.run(statements).await;
    behind.close().await;
}
