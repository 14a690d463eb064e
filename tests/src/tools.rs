//! Programs that are not Rust: `cargo xtask tools` puts them where these functions look.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python that has what `tests/python/requirements.txt` names.
///
/// # Panics
/// When it is not installed: nothing that needs it is skipped.
#[must_use]
pub fn python() -> Command {
    Command::new(installed("python/bin/python"))
}

/// A server of S3's interface.
///
/// # Panics
/// As [`python`].
#[must_use]
pub fn moto_server() -> Command {
    Command::new(installed("python/bin/moto_server"))
}

/// A server of Azure Blob Storage's interface.
///
/// # Panics
/// As [`python`].
#[must_use]
pub fn azurite_blob() -> Command {
    Command::new(installed("azurite/node_modules/.bin/azurite-blob"))
}

/// A file in the folder of the tests, whichever crate asks.
///
/// # Panics
/// When there is no such folder.
#[must_use]
pub fn in_tests(path: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut roots = own.ancestors().map(|above| above.join("tests/python"));
    let python = roots.find(|found| found.is_dir());
    let tests = python.as_deref().and_then(Path::parent);
    tests.expect("the folder of the tests").join(path)
}

fn installed(program: &str) -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .expect("XDG_CACHE_HOME or HOME");
    let path = cache.join("strongroom/tools/tests").join(program);
    assert!(
        path.is_file(),
        "{} is not installed: run `cargo xtask tools`",
        path.display()
    );
    path
}
