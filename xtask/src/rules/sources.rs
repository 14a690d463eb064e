//! Which tests name a rule: found in the sources, by name and attribute.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where tests that name a rule stand.
const FOLDERS: &[&str] = &["crates", "tests"];

/// Names of tests, by rule.
pub type Tests = BTreeMap<String, BTreeSet<String>>;

/// Finds the tests of the checkout.
///
/// # Errors
/// When a source cannot be read.
pub fn tests_in(root: &Path) -> Result<Tests> {
    Ok(tests_of(&sources_in(root)?))
}

/// A path, from the root of the checkout, and its text.
pub type Source = (PathBuf, String);

/// Every source in which rules and clauses are cited.
///
/// # Errors
/// When a source cannot be read.
pub fn sources_in(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in FOLDERS {
        read_sources(root, Path::new(folder), &mut sources)?;
    }
    Ok(sources)
}

fn tests_of(sources: &[Source]) -> Tests {
    let mut tests = Tests::new();
    for (path, text) in sources {
        for function in functions(text) {
            let Some(rule) = rule_of(function.name) else {
                continue;
            };
            if function.is_test || (is_suite(path) && is_called(function.name, sources)) {
                tests
                    .entry(rule)
                    .or_default()
                    .insert(function.name.to_owned());
            }
        }
    }
    tests
}

/// Whether a file belongs to a conformance suite: its functions are tests that whoever implements
/// the trait calls.
fn is_suite(path: &Path) -> bool {
    path.components().any(|part| {
        part.as_os_str()
            .to_string_lossy()
            .starts_with("conformance")
    })
}

/// Whether something names the function besides its definition.
fn is_called(function: &str, sources: &[Source]) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = sources
        .iter()
        .flat_map(|(_, text)| text.split(|c| !is_part(c)));
    words.filter(|word| *word == function).nth(1).is_some()
}

fn read_sources(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                read_sources(root, &path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(entry.path()).with_context(|| path.display().to_string())?;
            sources.push((path, text));
        }
    }
    Ok(())
}

/// A function of a source file.
pub struct Function<'a> {
    pub name: &'a str,
    pub is_test: bool,
    /// The comment lines that stand above it.
    pub comments: Vec<&'a str>,
}

/// The functions of a source file. A test is one that a test runner runs: it stands under an
/// attribute such as `#[test]` or `#[tokio::test(…)]`. One that is ignored proves nothing and is
/// none.
pub fn functions(text: &str) -> Vec<Function<'_>> {
    let mut functions = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut comments: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("//") {
            comments.push(line);
        } else if line.starts_with("#[") {
            attributes.push(line);
        } else if let Some(name) = function_name(line) {
            let is_ignored = attributes.iter().any(|one| one.starts_with("#[ignore"));
            let is_test = attributes.iter().any(|one| is_test(one)) && !is_ignored;
            functions.push(Function {
                name,
                is_test,
                comments: std::mem::take(&mut comments),
            });
            attributes.clear();
        } else {
            comments.clear();
            if line.ends_with('}') || line.ends_with(';') {
                attributes.clear();
            }
        }
    }
    functions
}

fn is_test(attribute: &str) -> bool {
    let inner = attribute.trim_start_matches("#[");
    let path = inner.split(['(', ']', ' ']).next().unwrap_or_default();
    path == "test" || path.ends_with("::test")
}

fn function_name(line: &str) -> Option<&str> {
    let line = ["pub ", "async "]
        .iter()
        .fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The rule that a function's name begins with: R7 for `r07_…`.
pub fn rule_of(function: &str) -> Option<String> {
    let (head, _) = function.split_once('_')?;
    let number = head.strip_prefix('r').or_else(|| head.strip_prefix('i'))?;
    let letter = head.get(..1)?.to_uppercase();
    (number.len() == 2).then_some(())?;
    Some(format!("{letter}{}", number.parse::<u8>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
/// fn r01_in_a_comment() {}
#[test]
fn r03_no_way_to_make_it_plain() {
    fn r04_inside() {}
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::large_futures, reason = "test")]
async fn i08_a_refusal_changes_nothing() {}

proptest! {
    #[test]
    fn i06_every_nonce_once(a in 0..10u8) { assert!(a < 10); }
}

#[test]
#[ignore = "slow"]
fn r05_ignored() {}

fn r06_a_helper() {}
#[cfg(test)]
mod tests;
"#;

    #[test]
    fn tests_are_told_from_other_functions() {
        let all = functions(SOURCE).into_iter();
        let tests: Vec<_> = all.filter(|one| one.is_test).map(|one| one.name).collect();
        let expected = [
            "r03_no_way_to_make_it_plain",
            "i08_a_refusal_changes_nothing",
            "i06_every_nonce_once",
        ];
        assert_eq!(tests, expected);
    }

    #[test]
    fn a_function_of_a_conformance_suite_counts_once_it_is_called() {
        let suite = "pub async fn i08_a_refusal_changes_nothing(ledger: &Ledger) {}".to_owned();
        let call = "#[test]\nfn sqlite() { i08_a_refusal_changes_nothing(&ledger) }".to_owned();
        let at = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
        let suite_file = at("crates/ledger/src/conformance.rs", &suite);
        let found = tests_of(&[suite_file.clone(), at("tests/sqlite.rs", &call)]);
        assert_eq!(
            found,
            Tests::from([(
                "I8".to_owned(),
                BTreeSet::from(["i08_a_refusal_changes_nothing".to_owned()])
            )])
        );
        assert_eq!(tests_of(&[suite_file]), Tests::new());
        assert_eq!(
            tests_of(&[at("src/other.rs", &suite), at("tests/sqlite.rs", &call)]),
            Tests::new()
        );
    }

    #[test]
    fn a_name_and_its_rule() {
        assert_eq!(rule_of("r07_x").as_deref(), Some("R7"));
        assert_eq!(rule_of("i10_x").as_deref(), Some("I10"));
        assert_eq!(rule_of("r7_x"), None);
        assert_eq!(rule_of("read_x"), None);
        assert_eq!(rule_of("rr1_x"), None);
    }
}
