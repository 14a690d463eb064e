//! Packages what is published, and checks each package from what is in it: alone, with its default
//! features, as one who depends on it would. That shows what the unity of features in the workspace hides,
//! and a file that the package lacks.
//!
//! `cargo package` can do that itself, and builds everything behind each package anew to do it: six minutes.
//! Here the packages are unpacked into a workspace that has the lock file and target folder of the house, and
//! nothing is built that need not be.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::Package;

use crate::house::{self, House};
use crate::steps;

/// Packages, unpacks, checks.
pub fn check(house: &House) -> Result<()> {
    let all = house.packages().into_iter();
    let published: Vec<_> = all.filter(|package| is_published(package)).collect();
    steps::run(&mut package(house, &published))?;
    let target = house.metadata.target_directory.as_std_path();
    let alone = target.join("alone");
    if alone.exists() {
        fs::remove_dir_all(&alone).with_context(|| alone.display().to_string())?;
    }
    fs::create_dir_all(&alone)?;
    for package in &published {
        let archive = format!("{}-{}.crate", package.name, package.version);
        let archive = target.join("package").join(archive);
        steps::run(
            Command::new("tar")
                .arg("-xzf")
                .arg(archive)
                .arg("-C")
                .arg(&alone),
        )?;
    }
    fs::write(
        alone.join("Cargo.toml"),
        manifest(house.root(), &published)?,
    )?;
    fs::copy(house.root().join("Cargo.lock"), alone.join("Cargo.lock"))?;
    for package in &published {
        let mut check = house.cargo(["check", "--quiet", "--package"]);
        check
            .arg(package.name.as_str())
            .args(["--target-dir"])
            .arg(target)
            .current_dir(&alone);
        steps::run(&mut check)?;
    }
    Ok(())
}

fn package(house: &House, published: &[&Package]) -> Command {
    let mut command = house.cargo(["package", "--locked", "--no-verify"]);
    for package in published {
        command.args(["--package", package.name.as_str()]);
    }
    if !house::in_ci() {
        command.arg("--allow-dirty");
    }
    command
}

/// The packages as members; whoever asks the registry for one of them gets what was unpacked. The
/// profiles are the house's own, so that what it has built fits.
fn manifest(root: &Path, published: &[&Package]) -> Result<String> {
    let own = fs::read_to_string(root.join("Cargo.toml"))?;
    let profiles = own.find("[profile.").context("Cargo.toml has no profile")?;
    let folder = |package: &Package| format!("{}-{}", package.name, package.version);
    let mut text = "[workspace]\nresolver = \"3\"\nmembers = [\n".to_owned();
    for package in published {
        writeln!(text, "    \"{}\",", folder(package))?;
    }
    text += "]\n\n[patch.crates-io]\n";
    for package in published {
        let (name, folder) = (&package.name, folder(package));
        writeln!(text, "{name} = {{ path = \"{folder}\" }}")?;
    }
    text += "\n";
    text += own.get(profiles..).unwrap_or_default();
    Ok(text)
}

/// Whether a package goes to the registry.
pub fn is_published(package: &Package) -> bool {
    package
        .publish
        .as_ref()
        .is_none_or(|registries| !registries.is_empty())
}
