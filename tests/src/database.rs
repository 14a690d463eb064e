//! Somebody who can write a database, and has neither the program nor the root key.

use std::path::Path;

use strongroom_ledger::conformance;

/// Runs statements on the database at `path`.
///
/// # Panics
/// If it is none, or they cannot be carried out.
pub fn edit(path: &Path, statements: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(conformance::edit(path, statements));
}
