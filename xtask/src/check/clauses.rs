//! `docs/format.md` against the sources: every numbered clause is proved by a test that cites it,
//! and every clause that a source cites is there.
//!
//! A test cites a clause by its name (`f9_…`, `f2_to_f8_…`) or in the comment above it (`F11`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::house::House;
use crate::rules::sources::{Source, functions, sources_in};

const DOCUMENT: &str = "docs/format.md";

/// The number of a clause: 9 for F9.
type Clause = u16;

/// Compares the document with the tests and comments that cite it.
///
/// # Errors
/// When a clause has no test, stands twice, or is cited and not there.
pub fn check(house: &House) -> Result<()> {
    let text = fs::read_to_string(house.root().join(DOCUMENT)).context(DOCUMENT)?;
    let wrong = violations(&text, &sources_in(house.root())?);
    ensure!(
        wrong.is_empty(),
        "{} in {DOCUMENT}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

fn violations(document: &str, sources: &[Source]) -> Vec<String> {
    let mut stated: BTreeMap<Clause, usize> = BTreeMap::new();
    for clause in document.split("**").filter_map(whole_clause) {
        *stated.entry(clause).or_default() += 1;
    }
    let mut wrong = Vec::new();
    if stated.is_empty() {
        wrong.push("there is no clause".to_owned());
    }
    for (clause, count) in stated.iter().filter(|(_, count)| **count > 1) {
        wrong.push(format!("F{clause} is stated {count} times"));
    }
    let mut proved = BTreeSet::new();
    for (path, text) in sources {
        for function in functions(text) {
            let cited = by_name(function.name)
                .into_iter()
                .chain(function.comments.iter().flat_map(|line| in_words(line)));
            if function.is_test {
                proved.extend(cited);
            }
        }
        let comments = text.lines().filter_map(|line| line.split_once("//"));
        let cited: BTreeSet<_> = comments.flat_map(|(_, words)| in_words(words)).collect();
        let names = functions(text)
            .into_iter()
            .flat_map(|one| by_name(one.name));
        for clause in cited.into_iter().chain(names) {
            if !stated.contains_key(&clause) {
                wrong.push(format!("{} cites F{clause}: not there", path.display()));
            }
        }
    }
    for clause in in_words(document) {
        if !stated.contains_key(&clause) {
            wrong.push(format!("it cites its own F{clause}: not there"));
        }
    }
    wrong.extend(
        stated
            .keys()
            .filter(|clause| !proved.contains(*clause))
            .map(|clause| {
                format!("F{clause} has no test: name one f{clause}_…, or cite it above one")
            }),
    );
    wrong
}

/// The clause that a piece of bold text is.
fn whole_clause(text: &str) -> Option<Clause> {
    number(text.strip_prefix('F')?)
}

/// The clauses that a text names.
fn in_words(text: &str) -> Vec<Clause> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter_map(whole_clause)
        .collect()
}

/// The clauses that a function's name begins with: all from F2 to F8 for `f2_to_f8_…`.
fn by_name(name: &str) -> Vec<Clause> {
    let mut parts = name.split('_').peekable();
    let mut clauses = Vec::new();
    while let Some(clause) = parts.next().and_then(one_of_name) {
        let mut last = clause;
        if parts.peek() == Some(&"to") {
            parts.next();
            let Some(end) = parts.next().and_then(one_of_name) else {
                break;
            };
            last = end;
        }
        clauses.extend(clause..=last);
    }
    clauses
}

fn one_of_name(part: &str) -> Option<Clause> {
    number(part.strip_prefix('f')?)
}

/// A number without a leading zero: `F0` is a byte, not a clause.
fn number(text: &str) -> Option<Clause> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    canonical.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn wrong(document: &str, source: &str) -> Vec<String> {
        violations(document, &[(PathBuf::from("a.rs"), source.to_owned())])
    }

    #[test]
    fn a_clause_is_proved_by_the_name_of_a_test_or_its_comment() {
        let document = "- **F2** words (F4)\n| **F3** | x |\n**F4** y";
        let source = "#[test]\nfn f2_to_f3_all() {}\n\n/// It keeps F4.\n#[test]\nfn named() {}";
        assert_eq!(wrong(document, source), [""; 0]);
    }

    #[test]
    fn a_clause_without_a_test_is_found() {
        let source = "// F2\nfn f2_helper() {}\n#[test]\n#[ignore = \"slow\"]\nfn f2_ignored() {}";
        assert_eq!(wrong("**F2**", source).len(), 1);
        assert_eq!(wrong("no clause", "").len(), 1);
    }

    #[test]
    fn a_citation_of_what_is_not_there_is_found_and_a_clause_stated_twice() {
        let source = "#[test]\nfn f2_x() {} // as F9 says";
        assert_eq!(wrong("**F2**", source), ["a.rs cites F9: not there"]);
        assert_eq!(wrong("**F2** F8", "#[test]\nfn f2_x() {}").len(), 1);
        assert_eq!(wrong("**F2** **F2**", "#[test]\nfn f2_x() {}").len(), 1);
    }

    #[test]
    fn what_looks_like_a_clause_and_is_none_is_left_alone() {
        assert_eq!(in_words("0xF0, F0 and F16x, FF2, F2"), [2]);
        assert_eq!(by_name("f2_f8_x"), [2, 8]);
        assert_eq!(by_name("file_x"), [0; 0]);
    }
}
