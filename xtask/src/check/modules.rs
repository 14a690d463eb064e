//! Which module of a crate may use which: its root says it, in the order of a list under the heading `Layers`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Package, Target};

use crate::house::House;
use crate::modules::Crate;

const HEADING: &str = "# Layers";

/// In how many files a type may have methods of its own.
const FILES: usize = 3;

/// How many fields a struct may have that is no plain record.
const FIELDS: usize = 10;

/// Holds the modules of every crate against the order in its root.
pub fn check(house: &House) -> Result<()> {
    let mut wrong = Vec::new();
    for package in house.packages() {
        for target in package
            .targets
            .iter()
            .filter(|target| is_checked(package, target))
        {
            let root = target.src_path.as_std_path();
            let text = fs::read_to_string(root).with_context(|| root.display().to_string())?;
            let modules = Crate::read(root)?;
            let folder = root.parent().context("a source file is in no folder")?;
            let name = target.name.as_str();
            let wide = WIDE.iter().filter(|(crate_of, _)| *crate_of == name);
            let wide = wide.map(|(_, wide)| *wide).collect();
            let found = violations(&modules, &text, folder, &wide);
            wrong.extend(found.into_iter().map(|found| format!("{name}: {found}")));
        }
    }
    ensure!(
        wrong.is_empty(),
        "{} (the list under `{HEADING}` in a crate's root says which module may use which)\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

/// The packages whose modules stand in layers.
const STAND: &[&str] = &[
    "strongroom-base",
    "strongroom-crypto",
    "strongroom-identity",
    "strongroom-ledger",
    "strongroom-resource",
    "strongroom-vault",
    "strongroom",
];

/// Types whose methods are in too many files still, each by the crate's target: one that is not any more must not
/// be listed.
const WIDE: &[(&str, &str)] = &[
    ("strongroom", "core::Core"),
    ("strongroom", "driver::reader::Reader"),
    ("strongroom", "local_folder::beneath::Root"),
    ("strongroom", "operator::Operator"),
    ("strongroom", "resource::control::Control"),
    ("strongroom", "store::EncryptedStore"),
];

fn is_checked(package: &Package, target: &Target) -> bool {
    STAND.contains(&package.name.as_str()) && (target.is_lib() || target.is_bin())
}

fn violations(modules: &Crate, root: &str, folder: &Path, wide: &BTreeSet<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let order = order(root);
    let place: BTreeMap<&str, usize> = order
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), place))
        .collect();
    let top = modules.top();
    // One module alone has no order.
    if top.len() > 1 {
        for name in &top {
            if !place.contains_key(name) {
                wrong.push(format!("`{name}` has no place in the list"));
            }
        }
    }
    for name in order.iter().filter(|name| !top.contains(name.as_str())) {
        wrong.push(format!(
            "the list names `{name}`, and there is no such module"
        ));
    }
    for edge in modules.edges() {
        let (from, to) = (edge.from.first(), edge.to.first());
        let above = match (from, to) {
            (Some(from), Some(to)) if from != to => {
                let (from, to) = (place.get(&**from), place.get(&**to));
                matches!((from, to), (Some(from), Some(to)) if from < to)
            }
            // The root has everything below it.
            (Some(_), None) => true,
            _ => false,
        };
        if above {
            let to = match &*edge.to.join("::") {
                "" => "the root".to_owned(),
                path => format!("`{path}`"),
            };
            wrong.push(format!(
                "`{}` uses {to}, which is above it",
                edge.from.join("::")
            ));
        }
    }
    let shown = |file: &Path| {
        file.strip_prefix(folder)
            .unwrap_or(file)
            .display()
            .to_string()
    };
    for cycle in cycles(&modules.file_edges()) {
        let files: Vec<_> = cycle.into_iter().map(shown).collect();
        wrong.push(format!("these files use each other: {}", files.join(", ")));
    }
    let mut narrow = wide.clone();
    for (name, files) in modules.files_with_methods() {
        if files.len() > FILES && !narrow.remove(&*name) {
            let files: Vec<_> = files.into_iter().map(shown).collect();
            wrong.push(format!(
                "`{name}` has methods in {} files, and may in {FILES}: {}",
                files.len(),
                files.join(", ")
            ));
        }
    }
    for name in narrow {
        wrong.push(format!("`{name}` is listed as wide, and is not any more"));
    }
    for (name, fields) in modules.fields() {
        if fields > FIELDS {
            wrong.push(format!(
                "`{name}` has {fields} fields, and may have {FIELDS}"
            ));
        }
    }
    wrong
}

/// The modules that the list names, lowest first.
fn order(root: &str) -> Vec<String> {
    let docs = root.lines().map_while(|line| line.strip_prefix("//!"));
    let list = docs.skip_while(|line| line.trim() != HEADING).skip(1);
    list.take_while(|line| !line.trim().starts_with('#'))
        .filter_map(|line| line.trim().strip_prefix("- "))
        .flat_map(|line| {
            let names = line.split_once(':').map_or(line, |(names, _)| names);
            let names = names.split('`').skip(1).step_by(2);
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The groups of files of which each leads to each other.
fn cycles<'p>(edges: &BTreeSet<(&'p Path, &'p Path)>) -> Vec<Vec<&'p Path>> {
    let mut next: BTreeMap<&Path, Vec<&'p Path>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().push(to);
    }
    let reached = |from: &'p Path| {
        let mut reached = BTreeSet::new();
        let mut left = vec![from];
        while let Some(at) = left.pop() {
            for to in next.get(at).into_iter().flatten() {
                if reached.insert(*to) {
                    left.push(to);
                }
            }
        }
        reached
    };
    let from: BTreeSet<&'p Path> = edges.iter().map(|(from, _)| *from).collect();
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        from.into_iter().map(|from| (from, reached(from))).collect();
    let mut cycles = BTreeSet::new();
    for (file, to) in &reached {
        if !to.contains(file) {
            continue;
        }
        let back = to
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|from| from.contains(file)));
        cycles.insert(back.copied().collect::<Vec<_>>());
    }
    cycles.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files, and what is wrong with it.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = folder.path().join("lib.rs");
        let text = fs::read_to_string(&root).unwrap();
        let wide = BTreeSet::from(["low::Wide"]);
        let mut found = violations(&Crate::read(&root).unwrap(), &text, folder.path(), &wide);
        let stale = "`low::Wide` is listed as wide, and is not any more";
        assert!(found.iter().any(|found| found == stale));
        found.retain(|found| found != stale);
        found
    }

    const ROOT: &str =
        "//! # Layers\n//! - `low`: below\n//! - `high`: above\nmod high;\nmod low;\n";

    #[test]
    fn a_module_uses_those_below_it() {
        let high = "use crate::low::Low;\npub(crate) struct High(Low);";
        let files = [
            ("lib.rs", ROOT),
            ("low.rs", "pub struct Low;"),
            ("high.rs", high),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn an_import_against_the_order_is_found_however_it_is_passed_on() {
        let root = format!("{ROOT}pub use high::High;");
        let high = "mod inner;\npub use self::inner::High;";
        for low in [
            "use crate::High;",
            "use crate::high::High;",
            "fn low() -> crate::High { loop {} }",
            "fn low() { assert!(crate::high::inner::is_high()); }",
            "use crate::high;\nfn low() { high::High::new(); }",
        ] {
            let files = [
                ("lib.rs", &*root),
                ("low.rs", low),
                ("high.rs", high),
                (
                    "high/inner.rs",
                    "pub struct High;\npub fn is_high() -> bool { true }",
                ),
            ];
            let found = found(&files);
            assert!(
                found
                    .iter()
                    .any(|found| found.starts_with("`low` uses `high")),
                "{low}: {found:?}"
            );
        }
    }

    #[test]
    fn what_tests_use_and_what_is_said_of_visibility_counts_for_nothing() {
        let low = "#[cfg(test)]\nmod tests { use crate::high::High; }\npub(crate) struct Low;";
        let files = [
            ("lib.rs", ROOT),
            ("low.rs", low),
            ("high.rs", "pub struct High;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn files_of_one_folder_do_not_use_each_other() {
        let files = [
            ("lib.rs", ROOT),
            ("low.rs", ""),
            ("high/mod.rs", "mod a;\nmod b;"),
            ("high/a.rs", "use super::b::B;\npub struct A(B);"),
            (
                "high/b.rs",
                "use super::a::A;\npub struct B;\nfn of(_: &A) {}",
            ),
        ];
        assert_eq!(
            found(&files),
            ["these files use each other: high/a.rs, high/b.rs"]
        );
    }

    #[test]
    fn the_list_and_the_modules_are_the_same() {
        let root = ROOT.replace("mod low;", "mod other;");
        let files = [("lib.rs", &*root), ("other.rs", ""), ("high.rs", "")];
        assert_eq!(
            found(&files),
            [
                "`other` has no place in the list",
                "the list names `low`, and there is no such module"
            ]
        );
    }

    #[test]
    fn a_type_has_its_methods_in_few_files_and_few_fields() {
        let names: Vec<_> = (0..=FIELDS)
            .map(|number| format!("f{number}: u8"))
            .collect();
        let fields = names.join(",");
        let low = format!(
            "pub struct Low {{ {fields} }}\npub struct Record {{ pub {} }}",
            fields.replace(",f", ",pub f")
        );
        let part = "use crate::low::Low;\nimpl Low {}";
        let files = [
            ("lib.rs", ROOT),
            ("low.rs", &*low),
            ("high.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
            ("high/a.rs", part),
            ("high/b.rs", part),
            ("high/c.rs", part),
            ("high/d.rs", part),
        ];
        assert_eq!(
            found(&files),
            [
                "`low::Low` has methods in 4 files, and may in 3: high/a.rs, high/b.rs, high/c.rs, \
                 high/d.rs",
                "`low::Low` has 11 fields, and may have 10"
            ]
        );
    }
}
