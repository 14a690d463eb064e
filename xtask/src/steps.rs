//! Steps of a verb: each is announced, timed and remembered; a failed one hides none after it.
//!
//! All of it goes to standard error, as cargo's own messages do: standard output belongs to the
//! test runners and to `bench --json`.

use std::process::Command;
use std::time::{Duration, Instant};

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, ensure};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// What was done so far.
#[derive(Default)]
pub struct Steps {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    took: Duration,
    ok: bool,
}

impl Steps {
    /// Runs a command with its output in view, and says whether it ended well.
    pub fn command(&mut self, name: &str, command: &mut Command) -> bool {
        self.check(name, || run(command))
    }

    /// Runs a check of our own; its error tells everything that is wrong.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) -> bool {
        eprintln!("\n{BOLD}== {name}{BOLD:#}");
        let start = now();
        let result = check();
        let took = start.elapsed();
        let ok = result.is_ok();
        if let Err(error) = result {
            eprintln!("{BAD}{name} failed:{BAD:#} {error:#}");
        }
        self.rows.push(Row {
            name: name.to_owned(),
            took,
            ok,
        });
        ok
    }

    /// Prints the table, and answers whether every step was well.
    pub fn finish(self) -> bool {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0)
            .max(5);
        eprintln!("\n{BOLD}{:width$}  seconds  ok{BOLD:#}", "step");
        for Row { name, took, ok } in &self.rows {
            let (style, word) = if *ok { (GOOD, "ok") } else { (BAD, "FAILED") };
            eprintln!(
                "{name:width$}  {:>7.1}  {style}{word}{style:#}",
                took.as_secs_f64()
            );
        }
        let total: Duration = self.rows.iter().map(|row| row.took).sum();
        let failed = self.rows.iter().filter(|row| !row.ok).count();
        let (style, word) = match failed {
            0 => (GOOD, "ok".to_owned()),
            n => (BAD, format!("{n} of {} FAILED", self.rows.len())),
        };
        eprintln!(
            "{:width$}  {:>7.1}  {style}{word}{style:#}",
            "all",
            total.as_secs_f64()
        );
        failed == 0
    }
}

/// Prints a command as a person would type it, and runs it.
///
/// # Errors
/// When the program cannot be started or ends with anything but zero.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}

/// The command as a line for a shell, with the environment that it sets.
fn shown(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| {
        let value = value?.to_string_lossy();
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value)))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    set.chain(words.map(|word| quoted(&word.to_string_lossy())))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step took is shown, never decided on"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("cargo");
        command
            .args(["doc", "--features", "a,b", "it's"])
            .env("RUSTDOCFLAGS", "-D warnings");
        command.env_remove("CARGO_TARGET_DIR");
        assert_eq!(
            shown(&command),
            r"RUSTDOCFLAGS='-D warnings' cargo doc --features a,b 'it'\''s'"
        );
    }

    #[test]
    fn a_failed_step_does_not_hide_the_next_one() {
        let mut steps = Steps::default();
        let mut ran = false;
        assert!(!steps.check("first", || anyhow::bail!("no")));
        assert!(steps.check("second", || {
            ran = true;
            Ok(())
        }));
        assert!(ran);
        assert!(!steps.finish());
    }

    #[test]
    fn a_command_that_ends_badly_or_cannot_start_is_a_failure() {
        assert!(run(&mut Command::new("true")).is_ok());
        assert!(run(&mut Command::new("false")).is_err());
        assert!(run(&mut Command::new("/nowhere/there-is-no-such-program")).is_err());
    }
}
