//! What every manifest of the workspace must say.

use std::fs;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Package;
use toml::{Table, Value};

use super::packages::is_published;
use crate::house::House;

/// Ends of the house: they print, unwrap and measure, so the lints of the rooms do not fit them.
const OWN_LINTS: &[&str] = &["strongroom-benches", "strongroom-tests", "xtask"];

const DEPENDENCIES: &[&str] = &["build-dependencies", "dependencies", "dev-dependencies"];

/// Reads every manifest.
pub fn check(house: &House) -> Result<()> {
    let mut wrong = Vec::new();
    for package in house.packages() {
        let path = package.manifest_path.as_std_path();
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let manifest = text.parse().with_context(|| path.display().to_string())?;
        let found = violations(&manifest, OWN_LINTS.contains(&package.name.as_str()));
        let all = found.into_iter().chain(unsaid(package));
        wrong.extend(all.map(|what| format!("`{}`: {what}", package.name)));
    }
    ensure!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// What a manifest decides for itself though the workspace should.
fn violations(manifest: &Table, own_lints: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if !own_lints && !manifest.get("lints").is_some_and(is_inherited) {
        wrong.push("its lints are not the workspace's: [lints] workspace = true".to_owned());
    }
    for field in ["edition", "license", "rust-version"] {
        let value = manifest
            .get("package")
            .and_then(|package| package.get(field));
        if !value.is_some_and(is_inherited) {
            wrong.push(format!("{field}.workspace = true is missing"));
        }
    }
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = std::iter::once(manifest).chain(
        targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table),
    );
    for (table, kind) in tables.flat_map(|table| DEPENDENCIES.iter().map(move |kind| (table, kind)))
    {
        for (name, value) in table
            .get(*kind)
            .and_then(Value::as_table)
            .into_iter()
            .flatten()
        {
            if !is_inherited(value) {
                wrong.push(format!(
                    "[{kind}] {name}: its version is the workspace's to name"
                ));
            }
        }
    }
    wrong
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// What a published crate must say of itself and does not.
fn unsaid(package: &Package) -> Vec<String> {
    if !is_published(package) {
        return Vec::new();
    }
    [
        ("description", package.description.is_some()),
        ("license", package.license.is_some()),
        ("keywords", !package.keywords.is_empty()),
        ("categories", !package.categories.is_empty()),
        (
            "readme",
            package.readme().is_some_and(|path| path.is_file()),
        ),
    ]
    .into_iter()
    .filter(|(_, said)| !said)
    .map(|(what, _)| format!("a published crate has a {what}"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
[package]
name = 'x'
edition.workspace = true
license.workspace = true
rust-version.workspace = true
[dependencies]
a.workspace = true
b = { workspace = true, features = ['f'] }
[target.'cfg(unix)'.dev-dependencies]
c.workspace = true
[lints]
workspace = true
";

    fn read(text: &str) -> Vec<String> {
        violations(&text.parse().unwrap(), false)
    }

    #[test]
    fn a_manifest_that_inherits_is_well() {
        assert_eq!(read(GOOD), [""; 0]);
    }

    #[test]
    fn a_version_of_its_own_is_found_in_every_table() {
        assert_eq!(
            read(&GOOD.replace("a.workspace = true", "a = '1'")).len(),
            1
        );
        assert_eq!(
            read(&GOOD.replace("c.workspace = true", "c = { version = '1' }")).len(),
            1
        );
    }

    #[test]
    fn lints_of_its_own_are_found_unless_they_are_meant() {
        let own = GOOD.replace(
            "[lints]\nworkspace = true",
            "[lints.rust]\nunsafe_code = 'warn'",
        );
        assert_eq!(read(&own).len(), 1);
        assert_eq!(violations(&own.parse().unwrap(), true), [""; 0]);
    }

    #[test]
    fn an_edition_of_its_own_is_found() {
        assert_eq!(
            read(&GOOD.replace("edition.workspace = true", "edition = '2021'")).len(),
            1
        );
    }
}
