//! Where the project is, what is in it, and where we run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The checkout and what cargo says about it.
pub struct House {
    pub metadata: Metadata,
}

impl House {
    /// Asks cargo for the members of the workspace, their dependencies as declared and their
    /// targets; nothing outside the workspace is resolved.
    ///
    /// # Errors
    /// When cargo cannot read the manifests.
    pub fn open() -> Result<Self> {
        // Cargo tells where this package is when it runs it; the checkout may have moved since.
        let own = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own.parent().context("xtask is not inside a workspace")?;
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        Ok(Self { metadata })
    }

    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    pub fn packages(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    pub fn package(&self, name: &str) -> Result<&Package> {
        self.packages()
            .into_iter()
            .find(|package| package.name.as_str() == name)
            .ok_or_else(|| anyhow!("the workspace has no package `{name}`"))
    }

    /// A cargo command that runs in the root of the checkout.
    pub fn cargo<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(&self, args: I) -> Command {
        let mut command = Command::new("cargo");
        command.args(args).current_dir(self.root());
        command
    }
}

/// Whether this is a build machine (`CI=true`): what is missing there is a failure, and the tree
/// must be clean.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// The folder for tools that are built once and kept: outside the checkout, so that a fresh clone
/// finds them.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn tool_cache() -> Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set: there is no place to keep built tools")?;
    Ok(cache.join("strongroom").join("tools"))
}
