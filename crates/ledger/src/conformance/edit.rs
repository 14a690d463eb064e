//! A database, behind the back of whatever has it open.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

/// Runs statements on the database at `path`, as somebody does who can write the file and has neither the
/// program nor a key: foreign keys and checks are off.
pub async fn edit(path: &Path, statements: &str) {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .pragma("ignore_check_constraints", "ON");
    let connected = SqliteConnection::connect_with(&options).await;
    let mut connection = connected.expect("a database");
    let done = sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await;
    done.expect("statements that can be carried out");
    connection.close().await.expect("it closes");
}
