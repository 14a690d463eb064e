//! Programs that are not Rust: `cargo xtask tools` puts them where these functions look.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The Python that has what `tests/python/requirements.txt` names.
///
/// # Errors
/// When it is not installed: nothing that needs it is skipped.
pub fn python() -> Result<Command> {
    installed("python/bin/python").map(Command::new)
}

/// A server of S3's interface.
///
/// # Errors
/// As [`python`].
pub fn moto_server() -> Result<Command> {
    installed("python/bin/moto_server").map(Command::new)
}

/// A server of Azure Blob Storage's interface.
///
/// # Errors
/// As [`python`].
pub fn azurite_blob() -> Result<Command> {
    installed("azurite/node_modules/.bin/azurite-blob").map(Command::new)
}

/// A file in the folder of the tests.
#[must_use]
pub fn in_tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn installed(program: &str) -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set")?;
    let path = cache.join("strongroom/tools/tests").join(program);
    ensure!(
        path.is_file(),
        "{} is not installed: run `cargo xtask tools`",
        path.display()
    );
    Ok(path)
}
