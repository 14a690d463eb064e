//! Programs that are not crates of the workspace: which, why, and how they get here.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

use crate::house::{self, House};
use crate::steps::{self, Steps};

/// `cargo xtask tools`: everything that the tests run besides Rust.
pub fn run() -> Result<bool> {
    let house = House::open()?;
    let mut steps = Steps::default();
    steps.check("system tools", || system(true));
    steps.check("tools of the tests", || for_tests(&house, true));
    Ok(steps.finish())
}

/// A program of the system that tests need.
struct SystemTool {
    program: &'static str,
    /// Debian's and Ubuntu's name of its package.
    package: &'static str,
    why: &'static str,
}

/// Every program of the system that the tests need, beyond what building Rust takes.
const SYSTEM_TOOLS: &[SystemTool] = &[
    SystemTool {
        program: "strace",
        package: "strace",
        why: "tests record the order of write, fsync, rename and commit",
    },
    SystemTool {
        program: "python3",
        package: "python3-venv",
        why: "an independent reader of the format, and a server of S3's interface",
    },
    SystemTool {
        program: "npm",
        package: "npm",
        why: "a server of Azure Blob Storage's interface",
    },
];

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

/// What the tests run in Python, pinned.
const PYTHON_PACKAGES: &str = "tests/python/requirements.txt";
/// The npm package of Azurite, pinned.
const AZURITE: &str = "azurite@3.37.0";

/// Installs what the tests run besides Rust, outside the checkout: once, and again when what is
/// wanted has changed.
///
/// # Errors
/// When an installation fails: nothing that needs it is skipped.
pub fn for_tests(house: &House, install: bool) -> Result<()> {
    let folder = house::tool_cache()?.join("tests");
    let requirements = house.root().join(PYTHON_PACKAGES);
    let wanted = fs::read_to_string(&requirements).context(PYTHON_PACKAGES)?;
    once(&folder.join("python"), &wanted, install, |folder| {
        steps::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
        steps::run(pip.arg("--requirement").arg(&requirements))
    })?;
    once(&folder.join("azurite"), AZURITE, install, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        // It runs from what is in its package: no script of another has to run first.
        npm.args(["--ignore-scripts", "--loglevel=error", "--prefix"]);
        steps::run(npm.arg(folder).arg(AZURITE))
    })
}

/// Fills a folder anew unless it holds what is wanted, which a file in it says.
fn once(
    folder: &Path,
    wanted: &str,
    install: bool,
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let stamp = folder.join(".installed");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    ensure!(install, "{} is missing or old", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fill(folder)?;
    fs::write(stamp, wanted)?;
    Ok(())
}

const CARGO_DENY: &str = "0.20.2";
const CARGO_MUTANTS: &str = "27.1.0";

/// The cargo-deny of the one version that is used, built on first use and kept outside the
/// checkout.
///
/// It is built without optimisation: that takes under a minute of two cores where its release
/// profile (fat LTO) takes several, and a check of the whole lock file still ends in two seconds.
///
/// # Errors
/// When it cannot be built.
pub fn cargo_deny(house: &House) -> Result<PathBuf> {
    built(house, "cargo-deny", CARGO_DENY)
}

/// The cargo-mutants of the one version that is used, in the same way.
///
/// # Errors
/// When it cannot be built.
pub fn cargo_mutants(house: &House) -> Result<PathBuf> {
    built(house, "cargo-mutants", CARGO_MUTANTS)
}

fn built(house: &House, name: &str, version: &str) -> Result<PathBuf> {
    let folder = house::tool_cache()?.join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    if program.is_file() {
        return Ok(program);
    }
    let mut install = house.cargo(["install", "--locked", name, "--version", version]);
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
    fn a_folder_is_filled_once_and_again_when_something_else_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tool");
        let fills = std::cell::Cell::new(0);
        let fill = |wanted: &str| {
            once(&folder, wanted, true, |folder| {
                fills.set(fills.get() + 1);
                Ok(fs::write(folder.join(wanted), "")?)
            })
        };
        fill("one").unwrap();
        fill("one").unwrap();
        assert_eq!(fills.get(), 1);
        fill("two").unwrap();
        assert!(folder.join("two").exists() && !folder.join("one").exists());
        // What failed is not taken for done.
        once(&folder, "three", true, |_| bail!("no network")).unwrap_err();
        fill("two").unwrap();
        assert_eq!(fills.get(), 3);
        once(&folder, "four", false, |_| Ok(())).unwrap_err();
    }

    #[test]
    fn a_program_is_found_on_the_path_or_not_at_all() {
        assert!(on_path("cargo"));
        assert!(!on_path("there-is-no-such-program"));
    }
}
