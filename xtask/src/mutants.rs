//! `cargo xtask mutants`: lines of the pure machines are changed on purpose, and a test of the line's own crate
//! must fail for each. What survives has a written reason in `xtask/mutants.toml`, or is a failure.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::house::House;
use crate::steps::Steps;
use crate::tools;

/// A crate whose lines are changed.
struct Subject {
    package: &'static str,
    /// Without these some of its tests are not built.
    features: &'static str,
}

const SUBJECTS: &[Subject] = &[
    Subject {
        package: "strongroom-identity",
        features: "serde",
    },
    Subject {
        package: "strongroom-resource",
        features: "serde",
    },
    Subject {
        package: "strongroom-vault",
        features: "conformance,p256,serde",
    },
];

/// What is not changed: a conformance suite is a test itself, and a machine that owes nothing owes nothing when
/// its answer is replaced by nothing.
const LEFT_OUT: &str = "crates/*/src/conformance/**";
const OWE_NOTHING: &str =
    r"replace <impl Machine for (Access|Group|Identity|Principal|Subscription)Machine>::effects";

/// First the tests beside the code, of which one program is built for each mutant; then, for what is left, those in
/// `tests` as well. Examples in the documentation are no tests here: each would be linked for each mutant.
const PASSES: [&[&str]; 2] = [&["-C=--lib"], &["-C=--tests", "--iterate"]];
/// Random worlds a test, unless the environment says another number: what one in 32 does not show deserves a test of
/// its own.
const CASES: (&str, &str) = ("PROPTEST_CASES", "32");

/// Seconds that the tests of one mutant may take, or five times what they take unchanged if that is more.
const TIME: &str = "120";

/// The survivors that are known, and why each stays.
const LIST: &str = "xtask/mutants.toml";

/// Change lines of identity, resource and vault on purpose, and see for which no test of theirs fails
#[derive(clap::Args)]
pub struct Args {
    /// This package alone (more than once: these)
    #[arg(long, short, value_name = "PACKAGE")]
    package: Vec<String>,
    /// So many at a time
    #[arg(long, short, default_value_t = 1)]
    jobs: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// As cargo-mutants names it, without line and column.
    mutant: String,
    /// How many there are of that name.
    #[serde(default = "one")]
    times: usize,
    reason: String,
}

fn one() -> usize {
    1
}

/// Runs the verb; the answer is whether each mutant was caught, or is listed.
pub fn run(args: &Args) -> Result<bool> {
    let house = House::open()?;
    let known = |name: &String| SUBJECTS.iter().any(|subject| subject.package == name);
    if let Some(other) = args.package.iter().find(|name| !known(name)) {
        bail!("`{other}` is not one of the crates whose lines are changed");
    }
    let listed = list(&house.root().join(LIST))?;
    let program = tools::cargo_mutants(&house)?;
    let mut steps = Steps::default();
    for subject in SUBJECTS {
        let package = subject.package;
        if !args.package.is_empty() && !args.package.iter().any(|name| name == package) {
            continue;
        }
        steps.check(&format!("mutants of {package}"), || {
            let output = house.root().join("target").join("mutants").join(package);
            fs::create_dir_all(&output)?;
            for pass in PASSES {
                let mut command = Command::new(&program);
                command
                    .current_dir(house.root())
                    .args(["mutants", "--no-shuffle"]);
                command.args(["--package", package, "--features", subject.features]);
                command.args(["--jobs", &args.jobs.to_string()]);
                command.args(["--minimum-test-timeout", TIME]);
                command.args(["--exclude", LEFT_OUT, "--exclude-re", OWE_NOTHING]);
                command.args(pass).arg("--output").arg(&output);
                if env::var_os(CASES.0).is_none() {
                    command.env(CASES.0, CASES.1);
                }
                ended(&mut command)?;
            }
            // What ran out of time is not caught: it may be that the machine was busy.
            let mut missed = String::new();
            for file in ["missed.txt", "timeout.txt"] {
                let file = output.join("mutants.out").join(file);
                missed += &fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            }
            let folder = house
                .package(package)?
                .manifest_path
                .parent()
                .map(ToString::to_string);
            let folder = folder.unwrap_or_default();
            let folder = Path::new(&folder)
                .strip_prefix(house.root())?
                .display()
                .to_string();
            compare(&counted(&missed), &of(&listed, &folder))
        });
    }
    Ok(steps.finish())
}

/// That it ran to its end: survivors and mutants that ran out of time are told by what it leaves.
fn ended(command: &mut Command) -> Result<()> {
    const ENDED: [i32; 3] = [0, 2, 3];
    let status = command
        .status()
        .context("cargo-mutants cannot be started")?;
    ensure!(
        status.code().is_some_and(|code| ENDED.contains(&code)),
        "cargo-mutants ended with {status}: do the crate's tests pass as they are?"
    );
    Ok(())
}

type Counted = BTreeMap<String, usize>;

fn list(path: &Path) -> Result<Vec<Survivor>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let List { survivor } = toml::from_str(&text).with_context(|| path.display().to_string())?;
    for Survivor { mutant, reason, .. } in &survivor {
        ensure!(
            !reason.trim().is_empty(),
            "`{mutant}` is listed without a reason"
        );
    }
    Ok(survivor)
}

fn of(listed: &[Survivor], folder: &str) -> Counted {
    let inside = format!("{folder}/");
    let own = listed.iter().filter(|one| one.mutant.starts_with(&inside));
    own.map(|one| (one.mutant.clone(), one.times)).collect()
}

/// The mutants of a file of cargo-mutants', by name: a line above that comes or goes changes none.
fn counted(lines: &str) -> Counted {
    let mut counted = Counted::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        *counted.entry(without_place(line)).or_default() += 1;
    }
    counted
}

/// `src/a.rs:3:5: replace f` as `src/a.rs: replace f`.
fn without_place(line: &str) -> String {
    let Some((place, what)) = line.split_once(": ") else {
        return line.to_owned();
    };
    let file = place.split(':').next().unwrap_or(place);
    format!("{file}: {what}")
}

fn compare(missed: &Counted, listed: &Counted) -> Result<()> {
    let mut wrong = Vec::new();
    for (mutant, found) in missed {
        let known = listed.get(mutant).copied().unwrap_or(0);
        if *found > known {
            wrong.push(format!(
                "no test fails for it ({found} of it, {known} listed): {mutant}"
            ));
        }
    }
    for (mutant, known) in listed {
        let found = missed.get(mutant).copied().unwrap_or(0);
        if found < *known {
            wrong.push(format!("listed {known} times and found {found}: {mutant}"));
        }
    }
    ensure!(wrong.is_empty(), "{}\nsee {LIST}", wrong.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survivor_is_known_by_its_name_wherever_it_stands() {
        let missed = "crates/a/src/x.rs:3:5: replace == with != in f\n\
                      crates/a/src/x.rs:9:5: replace == with != in f\n";
        let counted = counted(missed);
        let name = "crates/a/src/x.rs: replace == with != in f";
        assert_eq!(counted, Counted::from([(name.to_owned(), 2)]));
        compare(&counted, &counted).unwrap();
        // One more than there was, one that is caught by now, and one that nobody has written down.
        let times = |times| Counted::from([(name.to_owned(), times)]);
        compare(&counted, &times(1)).unwrap_err();
        compare(&counted, &times(3)).unwrap_err();
        compare(&counted, &Counted::new()).unwrap_err();
        compare(&Counted::new(), &times(1)).unwrap_err();
    }

    #[test]
    fn the_list_is_read_and_has_a_reason_for_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mutants.toml");
        let entry = |reason: &str| {
            format!(
                "[[survivor]]\nmutant = \"crates/a/src/x.rs: replace f\"\nreason = \"{reason}\"\n"
            )
        };
        fs::write(&path, entry("it is the same")).unwrap();
        let listed = list(&path).unwrap();
        assert_eq!(of(&listed, "crates/a").len(), 1);
        assert!(of(&listed, "crates/b").is_empty());
        fs::write(&path, entry(" ")).unwrap();
        assert!(list(&path).is_err());
    }
}
