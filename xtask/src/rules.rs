//! `cargo xtask rules`, and the step of `check` that holds `docs/rules.md` to the truth.
//!
//! A row's state and its code are written by hand; its tests are found by their names (`r07_…`,
//! `i06_…`) and written by `cargo xtask rules --write`.

pub mod sources;

use std::collections::BTreeSet;
use std::fs;

use anstream::println;
use anyhow::{Context, Result, ensure};

use crate::house::House;
use crate::table::{Row, Table};
use sources::{Tests, tests_in};

const DOCUMENT: &str = "docs/rules.md";
const HEADINGS: &[&str] = &["Rule", "What holds", "State", "Kept by", "Tests"];
const RULES: u8 = 18;
const INVARIANTS: u8 = 10;

/// Show which tests prove which rule; with --write, put their names into docs/rules.md
#[derive(clap::Args)]
pub struct Args {
    /// Write the names of the tests into docs/rules.md
    #[arg(long)]
    write: bool,
}

/// Runs the verb.
pub fn run(args: &Args) -> Result<bool> {
    let house = House::open()?;
    let path = house.root().join(DOCUMENT);
    let text = fs::read_to_string(&path).context(DOCUMENT)?;
    let tests = tests_in(house.root())?;
    if args.write {
        fs::write(&path, with_tests(&text, &tests)?).context(DOCUMENT)?;
    }
    for (rule, names) in &tests {
        println!("{rule}");
        for name in names {
            println!("  {name}");
        }
    }
    Ok(true)
}

/// Compares `docs/rules.md` with the tests and paths that exist.
pub fn check(house: &House) -> Result<()> {
    let text = fs::read_to_string(house.root().join(DOCUMENT)).context(DOCUMENT)?;
    let tests = tests_in(house.root())?;
    let wrong = violations(&text, &tests, |path| house.root().join(path).exists())?;
    ensure!(
        wrong.is_empty(),
        "{} in {DOCUMENT}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

/// Everything that is otherwise than the document says, one line each.
fn violations(text: &str, tests: &Tests, exists: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let table = Table::find(text, HEADINGS)?;
    let mut wrong = Vec::new();
    for rule in all_rules() {
        let rows = table.rows.iter().filter(|row| row.cell(0) == rule).count();
        if rows != 1 {
            wrong.push(format!("{rule} has {rows} rows and should have one"));
        }
    }
    let known: BTreeSet<_> = all_rules().collect();
    for (rule, names) in tests.iter().filter(|(rule, _)| !known.contains(*rule)) {
        wrong.push(format!("there is no {rule} for {names:?}"));
    }
    let none = BTreeSet::new();
    for row in &table.rows {
        let rule = row.cell(0);
        if !known.contains(rule) {
            wrong.push(format!("line {}: there is no rule `{rule}`", row.line));
            continue;
        }
        let found = row_violations(row, tests.get(rule).unwrap_or(&none), &exists);
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("line {}: {rule} {what}", row.line)),
        );
    }
    Ok(wrong)
}

fn row_violations(
    row: &Row,
    tests: &BTreeSet<String>,
    exists: impl Fn(&str) -> bool,
) -> Vec<String> {
    let (state, paths, named) = (row.cell(2), row.names(3), row.names(4));
    let mut wrong = Vec::new();
    match state.strip_prefix("comes with: ") {
        _ if state == "kept" => {
            if tests.is_empty() {
                wrong.push(format!(
                    "is kept, but no test is named {}…",
                    prefix(row.cell(0))
                ));
            }
            if paths.is_empty() {
                wrong.push("is kept, but names no code".to_owned());
            }
        }
        Some(what) if !what.trim().is_empty() => {}
        _ => wrong.push(format!("is `{state}`: neither `kept` nor `comes with: …`")),
    }
    wrong.extend(
        paths
            .iter()
            .filter(|path| !exists(path))
            .map(|path| format!("names `{path}`: not there")),
    );
    let named: BTreeSet<_> = named.into_iter().collect();
    wrong.extend(
        named
            .difference(tests)
            .map(|name| format!("names `{name}`: no such test")),
    );
    wrong.extend(
        tests.difference(&named).map(|name| {
            format!("does not name its test `{name}`: run `cargo xtask rules --write`")
        }),
    );
    wrong
}

/// The document with the last cell of every row made anew.
fn with_tests(text: &str, tests: &Tests) -> Result<String> {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    for row in Table::find(text, HEADINGS)?.rows {
        let names = tests
            .get(row.cell(0))
            .into_iter()
            .flatten()
            .map(|name| format!("`{name}`"));
        let mut cells = row.cells.clone();
        cells.pop();
        cells.push(names.collect::<Vec<_>>().join(", "));
        if let Some(line) = lines.get_mut(row.line - 1) {
            *line = format!("| {} |", cells.join(" | ")).replace("  |", " |");
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn all_rules() -> impl Iterator<Item = String> {
    let rules = (1..=RULES).map(|number| format!("R{number}"));
    rules.chain((1..=INVARIANTS).map(|number| format!("I{number}")))
}

/// How the tests of a rule begin: `r07_` for R7.
fn prefix(rule: &str) -> String {
    let (letter, number) = rule.split_at(1);
    format!("{}{number:0>2}_", letter.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::sources::rule_of;
    use super::*;

    fn table(rows: &str) -> String {
        let mut text =
            "| Rule | What holds | State | Kept by | Tests |\n|---|---|---|---|---|\n".to_owned();
        for rule in all_rules() {
            let row = rows
                .lines()
                .find(|row| row.starts_with(&format!("| {rule} |")));
            let later = format!("| {rule} | words | comes with: later | | |");
            text.push_str(row.unwrap_or(&later));
            text.push('\n');
        }
        text
    }

    fn tests(names: &[&str]) -> Tests {
        let mut tests = Tests::new();
        for name in names {
            tests
                .entry(rule_of(name).unwrap())
                .or_default()
                .insert((*name).to_owned());
        }
        tests
    }

    fn wrong(rows: &str, names: &[&str]) -> Vec<String> {
        violations(&table(rows), &tests(names), |path| path == "src/here.rs").unwrap()
    }

    #[test]
    fn tests_begin_with_letter_and_two_digits() {
        assert_eq!(prefix("R7"), "r07_");
        assert_eq!(prefix("I10"), "i10_");
    }

    #[test]
    fn a_row_that_tells_the_truth_is_well() {
        let row = "| R3 | words | kept | `src/here.rs` | `r03_a`, `r03_b` |";
        assert_eq!(wrong(row, &["r03_a", "r03_b"]), [""; 0]);
    }

    #[test]
    fn a_kept_rule_without_a_test_or_code_is_found() {
        assert_eq!(
            wrong("| R3 | words | kept | `src/here.rs` | |", &[]),
            ["line 5: R3 is kept, but no test is named r03_…"]
        );
        assert_eq!(
            wrong("| R3 | words | kept | | `r03_a` |", &["r03_a"]),
            ["line 5: R3 is kept, but names no code"]
        );
    }

    #[test]
    fn a_path_or_a_test_that_is_not_there_is_found() {
        let row = "| R3 | words | kept | `src/gone.rs` | `r03_a`, `r03_gone` |";
        assert_eq!(
            wrong(row, &["r03_a"]),
            [
                "line 5: R3 names `src/gone.rs`: not there",
                "line 5: R3 names `r03_gone`: no such test"
            ]
        );
    }

    #[test]
    fn a_test_without_a_row_is_found() {
        let row = "| R3 | words | kept | `src/here.rs` | `r03_a` |";
        assert_eq!(wrong(row, &["r03_a", "r03_b"]).len(), 1);
        assert_eq!(wrong("", &["r99_x"]), [r#"there is no R99 for {"r99_x"}"#]);
    }

    #[test]
    fn a_missing_row_a_double_row_and_an_unknown_state_are_found() {
        assert_eq!(wrong("| R3 | words | perhaps | | |", &[]).len(), 1);
        let text = table("").replace("| R4 |", "| R3 |");
        assert_eq!(violations(&text, &Tests::new(), |_| true).unwrap().len(), 2);
    }

    #[test]
    fn the_names_of_tests_are_written_into_the_last_cell() {
        let tests = tests(&["r03_b", "r03_a"]);
        let text = table("| R3 | words | kept | `src/here.rs` | `r03_gone` |") + "\nEnd.\n";
        let new = with_tests(&text, &tests).unwrap();
        assert!(new.contains("| R3 | words | kept | `src/here.rs` | `r03_a`, `r03_b` |\n"));
        assert!(new.ends_with("|\n\nEnd.\n"));
        assert_eq!(violations(&new, &tests, |_| true).unwrap(), [""; 0]);
        assert_eq!(with_tests(&new, &tests).unwrap(), new);
    }
}
