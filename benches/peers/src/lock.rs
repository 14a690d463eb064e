//! The versions that were built, from the lock file that chose them: nobody types one.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The lock file, as far as it matters here.
#[derive(Deserialize)]
pub struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Lock {
    /// The one that this program was built with.
    pub fn read() -> Result<Self> {
        toml::from_str(include_str!("../Cargo.lock")).context("Cargo.lock")
    }

    /// The version of a package that is there once.
    pub fn version(&self, name: &str) -> Result<&str> {
        let mut all = self.package.iter().filter(|package| package.name == name);
        let one = all
            .next()
            .with_context(|| format!("no `{name}` is locked"))?;
        ensure!(all.next().is_none(), "`{name}` is locked in two versions");
        Ok(&one.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_if_there_is_one_only() {
        let package = |name: &str, version: &str| Package {
            name: name.to_owned(),
            version: version.to_owned(),
        };
        let lock = Lock {
            package: vec![
                package("one", "1.2.3"),
                package("two", "1.0.0"),
                package("two", "2.0.0"),
            ],
        };
        assert_eq!(lock.version("one").unwrap(), "1.2.3");
        assert!(lock.version("two").is_err());
        assert!(lock.version("three").is_err());
    }
}
