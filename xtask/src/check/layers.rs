//! Who may depend on whom. The two tables of `docs/architecture.md` are the allow-list: what the
//! document says is what is checked, and nothing else says it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Package};

use crate::house::House;
use crate::table::Table;

const DOCUMENT: &str = "docs/architecture.md";
const ROOMS: &[&str] = &["Room", "Package", "State", "May depend on"];
const RESERVED: &[&str] = &["What", "Only in"];

/// Compares the manifests with the document.
pub fn check(house: &House) -> Result<()> {
    let text = fs::read_to_string(house.root().join(DOCUMENT)).context(DOCUMENT)?;
    let plan = Plan::read(&text).context(DOCUMENT)?;
    let crates: Vec<_> = house.packages().into_iter().map(Crate::from).collect();
    let wrong = plan.violations(&crates);
    ensure!(
        wrong.is_empty(),
        "{} (the tables of {DOCUMENT} say who may use what)\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

/// The tables, read.
struct Plan {
    rooms: Vec<Room>,
    reserved: Vec<Reserved>,
}

struct Room {
    name: String,
    package: String,
    stands: bool,
    /// Packages of the workspace.
    may_use: BTreeSet<String>,
}

impl Room {
    fn violation(&self, crates: &[Crate], used: &Use) -> Option<String> {
        if !crates.iter().any(|one| one.name == used.what) {
            return None;
        }
        // Tests of a room may look at any other; its code may not.
        if used.kind != DependencyKind::Development && !self.may_use.contains(&used.what) {
            return Some(format!(
                "`{}` may not depend on `{}`",
                self.package, used.what
            ));
        }
        used.default_features.then(|| {
            format!(
                "`{}` takes the default features of `{}`: only the ends of the house choose",
                self.package, used.what
            )
        })
    }
}

/// Something that only some rooms may use.
struct Reserved {
    /// A crate, or `crate/feature`.
    what: String,
    /// Packages of the workspace.
    only_in: BTreeSet<String>,
}

/// A package of the workspace, as far as this check looks.
struct Crate {
    name: String,
    uses: Vec<Use>,
}

struct Use {
    what: String,
    kind: DependencyKind,
    features: Vec<String>,
    default_features: bool,
}

impl From<&Package> for Crate {
    fn from(package: &Package) -> Self {
        let uses = package.dependencies.iter().map(|dependency| Use {
            what: dependency.name.clone(),
            kind: dependency.kind,
            features: dependency.features.clone(),
            default_features: dependency.uses_default_features,
        });
        Self {
            name: package.name.to_string(),
            uses: uses.collect(),
        }
    }
}

impl Plan {
    fn read(text: &str) -> Result<Self> {
        let rows = Table::find(text, ROOMS)?.rows;
        let mut packages = BTreeMap::new();
        for row in &rows {
            let (rooms, names) = (row.names(0), row.names(1));
            let ([room], [package]) = (rooms.as_slice(), names.as_slice()) else {
                anyhow::bail!(
                    "line {}: one room and its package, between backticks",
                    row.line
                );
            };
            let twice = packages.insert(room.clone(), package.clone()).is_some();
            ensure!(!twice, "line {}: `{room}` has two rows", row.line);
        }
        let package_of = |room: &String, line| {
            packages
                .get(room)
                .cloned()
                .with_context(|| format!("line {line}: no room `{room}`"))
        };
        let rooms = rows
            .iter()
            .zip(rows.iter().flat_map(|row| row.names(0)))
            .map(|(row, name)| {
                let stands = match row.cell(2) {
                    "stands" => true,
                    "to come" => false,
                    other => {
                        anyhow::bail!("line {}: `{other}` is not stands or to come", row.line)
                    }
                };
                let may_use = match row.cell(3) {
                    "nothing" => BTreeSet::new(),
                    "all crates" => crates_of(&rows),
                    _ => row
                        .names(3)
                        .iter()
                        .map(|room| package_of(room, row.line))
                        .collect::<Result<_>>()?,
                };
                Ok(Room {
                    package: package_of(&name, row.line)?,
                    name,
                    stands,
                    may_use,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut reserved = Vec::new();
        for row in Table::find(text, RESERVED)?.rows {
            let only_in: BTreeSet<String> = row
                .names(1)
                .iter()
                .map(|room| package_of(room, row.line))
                .collect::<Result<_>>()?;
            let what = row.names(0);
            ensure!(
                !what.is_empty(),
                "line {}: names nothing between backticks",
                row.line
            );
            reserved.extend(what.into_iter().map(|what| Reserved {
                what,
                only_in: only_in.clone(),
            }));
        }
        Ok(Self { rooms, reserved })
    }

    /// Everything that is otherwise than the tables say, one line each.
    fn violations(&self, crates: &[Crate]) -> Vec<String> {
        let mut wrong = Vec::new();
        for room in &self.rooms {
            let exists = crates.iter().any(|one| one.name == room.package);
            match (room.stands, exists) {
                (true, false) => {
                    wrong.push(format!(
                        "room `{}` stands, but there is no `{}`",
                        room.name, room.package
                    ));
                }
                (false, true) => {
                    wrong.push(format!(
                        "room `{}` is there, but the table calls it to come",
                        room.name
                    ));
                }
                _ => {}
            }
        }
        for one in crates {
            let Some(room) = self.rooms.iter().find(|room| room.package == one.name) else {
                wrong.push(format!("`{}` has no row", one.name));
                continue;
            };
            for dependency in &one.uses {
                wrong.extend(room.violation(crates, dependency));
                wrong.extend(self.violations_of_reserve(one, dependency));
            }
        }
        wrong
    }

    fn violations_of_reserve(&self, one: &Crate, used: &Use) -> Vec<String> {
        let of_tests = used.kind == DependencyKind::Development;
        let is_used = |what: &str| match what.split_once('/') {
            Some((name, feature)) => {
                !of_tests && name == used.what && used.features.iter().any(|on| on == feature)
            }
            None => what == used.what,
        };
        self.reserved
            .iter()
            .filter(|reserved| is_used(&reserved.what) && !reserved.only_in.contains(&one.name))
            .map(|reserved| format!("`{}` is not for `{}`", reserved.what, one.name))
            .collect()
    }
}

/// The packages of every room under `crates/`: those that are named `strongroom…` and are no
/// ends of the house themselves.
fn crates_of(rows: &[crate::table::Row]) -> BTreeSet<String> {
    rows.iter()
        .filter(|row| row.cell(3) != "all crates")
        .flat_map(|row| row.names(1))
        .filter(|package| package != "xtask")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
| Room | Package | State | May depend on |
|---|---|---|---|
| `base` | `s-base` | stands | nothing |
| `crypto` | `s-crypto` | stands | `base` |
| `vault` | `s-vault` | to come | `base`, `crypto` |
| `store` | `s` | stands | `base`, `crypto`, `vault` |
| `tests` | `s-tests` | stands | all crates |
| `xtask` | `xtask` | stands | nothing |

| What | Only in |
|---|---|
| `ring`, `rsa` | `crypto` |
| `tokio` | `store`, `tests` |
| `s-crypto/ring` | `tests` |
";

    fn uses(what: &str) -> Use {
        Use {
            what: what.to_owned(),
            kind: DependencyKind::Normal,
            features: Vec::new(),
            default_features: !what.starts_with('s'),
        }
    }

    fn named(name: &str, uses: Vec<Use>) -> Crate {
        Crate {
            name: name.to_owned(),
            uses,
        }
    }

    /// The rooms that stand, one of them with the uses under test.
    fn with(name: &str, under_test: Vec<Use>) -> Vec<String> {
        let mut crates = vec![
            named("s-base", vec![]),
            named("s-crypto", vec![uses("s-base"), uses("ring")]),
            named("s", vec![uses("s-crypto"), uses("tokio")]),
            named("s-tests", vec![uses("s"), uses("s-base"), uses("tokio")]),
            named("xtask", vec![uses("anyhow")]),
        ];
        crates.retain(|one| one.name != name);
        crates.push(named(name, under_test));
        Plan::read(TEXT).unwrap().violations(&crates)
    }

    #[test]
    fn what_the_tables_allow_is_no_violation() {
        assert_eq!(with("s-crypto", vec![uses("s-base"), uses("rsa")]), [""; 0]);
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_found() {
        assert_eq!(
            with("s-crypto", vec![uses("s")]),
            ["`s-crypto` may not depend on `s`"]
        );
        assert_eq!(
            with("xtask", vec![uses("s-base")]),
            ["`xtask` may not depend on `s-base`"]
        );
        let build = Use {
            kind: DependencyKind::Build,
            ..uses("s-crypto")
        };
        assert_eq!(
            with("s-base", vec![build]),
            ["`s-base` may not depend on `s-crypto`"]
        );
    }

    #[test]
    fn tests_of_a_room_may_look_at_any_other() {
        let dev = Use {
            kind: DependencyKind::Development,
            ..uses("s")
        };
        assert_eq!(with("s-base", vec![dev]), [""; 0]);
    }

    #[test]
    fn a_reserved_crate_is_found_elsewhere_even_in_tests() {
        assert_eq!(with("s", vec![uses("ring")]), ["`ring` is not for `s`"]);
        let dev = Use {
            kind: DependencyKind::Development,
            ..uses("tokio")
        };
        assert_eq!(with("s-base", vec![dev]), ["`tokio` is not for `s-base`"]);
    }

    #[test]
    fn a_provider_is_turned_on_by_the_ends_alone() {
        let ring = || Use {
            features: vec!["ring".to_owned()],
            ..uses("s-crypto")
        };
        assert_eq!(with("s", vec![ring()]), ["`s-crypto/ring` is not for `s`"]);
        assert_eq!(with("s-tests", vec![ring()]), [""; 0]);
        let defaults = Use {
            default_features: true,
            ..uses("s-crypto")
        };
        assert_eq!(with("s", vec![defaults]).len(), 1);
    }

    #[test]
    fn rooms_and_rows_must_agree() {
        assert_eq!(with("s-attic", vec![]), ["`s-attic` has no row"]);
        assert_eq!(
            with("s-vault", vec![]),
            ["room `vault` is there, but the table calls it to come"]
        );
        let only_base = Plan::read(TEXT)
            .unwrap()
            .violations(&[named("s-base", vec![])]);
        assert_eq!(
            only_base[0],
            "room `crypto` stands, but there is no `s-crypto`"
        );
    }

    #[test]
    fn a_table_that_names_an_unknown_room_is_refused() {
        let text = TEXT.replace("| `base`, `crypto` |", "| `base`, `cellar` |");
        assert!(Plan::read(&text).is_err());
        let text = TEXT.replace("| to come |", "| someday |");
        assert!(Plan::read(&text).is_err());
    }
}
