//! Programs that are not crates of the workspace: which, why, and how they get here.

use std::env;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::house::{self, House};
use crate::steps;

/// A program of the system that tests need.
struct SystemTool {
    program: &'static str,
    /// Debian's and Ubuntu's name of its package.
    package: &'static str,
    why: &'static str,
}

/// Every program of the system that the tests need, beyond what building Rust takes.
const SYSTEM_TOOLS: &[SystemTool] = &[SystemTool {
    program: "strace",
    package: "strace",
    why: "tests record the order of write, fsync, rename and commit",
}];

/// Finds the system's tools, and installs the missing ones where that is possible (as root, with
/// `apt-get`) and wanted.
///
/// # Errors
/// When one is missing in the end: nothing that needs it is skipped.
pub fn system(install: bool) -> Result<()> {
    let missing: Vec<_> = SYSTEM_TOOLS
        .iter()
        .filter(|tool| !on_path(tool.program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if install && is_root() && on_path("apt-get") {
        let apt = |args: &[&str]| {
            let mut command = Command::new("apt-get");
            steps::run(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        // The lists at hand may do where new ones cannot be fetched.
        if let Err(error) = apt(&["update", "--quiet"]) {
            anstream::eprintln!("{error:#}");
        }
        let packages = missing.iter().map(|tool| tool.package);
        apt(&["install", "--yes", "--quiet", "--no-install-recommends"]
            .into_iter()
            .chain(packages)
            .collect::<Vec<_>>())?;
    }
    let missing: Vec<_> = SYSTEM_TOOLS
        .iter()
        .filter(|tool| !on_path(tool.program))
        .map(|tool| {
            let SystemTool {
                program,
                package,
                why,
            } = tool;
            format!("`{program}` is missing ({why}): sudo apt-get install {package}")
        })
        .collect();
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}

const CARGO_DENY: &str = "0.20.2";

/// The cargo-deny of the one version that is used, built on first use and kept outside the
/// checkout.
///
/// It is built without optimisation: that takes under a minute of two cores where its release
/// profile (fat LTO) takes several, and a check of the whole lock file still ends in two seconds.
///
/// # Errors
/// When it cannot be built.
pub fn cargo_deny(house: &House) -> Result<PathBuf> {
    let folder = house::tool_cache()?.join(format!("cargo-deny-{CARGO_DENY}"));
    let program = folder.join("bin").join("cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    let mut install = house.cargo(["install", "--locked", "cargo-deny", "--version", CARGO_DENY]);
    install.args(["--profile", "dev", "--root"]).arg(&folder);
    install.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")]);
    // Its artefacts are of no use to our own builds.
    install
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR");
    install.env_remove("RUSTFLAGS");
    steps::run(&mut install)?;
    if !program.is_file() {
        bail!("cargo install left no {}", program.display());
    }
    Ok(program)
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_or_not_at_all() {
        assert!(on_path("cargo"));
        assert!(!on_path("there-is-no-such-program"));
    }
}
