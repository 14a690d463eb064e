//! What the tour says: a line a step as it goes, or one JSON line at its end.

use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;

use super::revocation::OfWay;
use crate::failure::Failure;
use crate::object_path::display_file;
use crate::output::{BAD, GOOD, HEADING, Output, QUIET, bytes};
use crate::walk::{Entry, Skipped};

/// Columns of a step's name.
const NAME_WIDTH: usize = 17;
/// Columns that what is said of a step may take.
const DETAIL_WIDTH: usize = 96;

/// Everything that the tour found.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) files: u64,
    pub(super) bytes: u64,
    steps: Vec<Step>,
    pub(super) rotation: Rotation,
    /// One for each way in which access is taken away.
    pub(super) revocation: Vec<OfWay>,
    pub(super) readback: Readback,
    pub(super) canary_hits: u64,
    pub(super) audit: AuditSummary,
    ok: bool,
    #[serde(skip)]
    output: &'a Output,
}

#[derive(Serialize)]
struct Step {
    name: &'static str,
    rules: &'static [&'static str],
    ok: bool,
    detail: String,
}

/// What a rotation has cost, as it was counted.
#[derive(Default, Serialize)]
pub(super) struct Rotation {
    pub(super) objects_rewritten: u64,
    pub(super) vault_operations: u64,
}

#[derive(Default, Serialize)]
pub(super) struct Readback {
    pub(super) files: u64,
    pub(super) mismatches: u64,
}

#[derive(Default, Serialize)]
pub(super) struct AuditSummary {
    pub(super) records: u64,
    pub(super) verified: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self {
            files: 0,
            bytes: 0,
            steps: Vec::new(),
            rotation: Rotation::default(),
            revocation: Vec::new(),
            readback: Readback::default(),
            canary_hits: 0,
            audit: AuditSummary::default(),
            ok: false,
            output,
        }
    }

    /// Says what is about to be put through the tour.
    pub(super) fn opening(
        &mut self,
        folder: &Path,
        entries: &[Entry],
        skipped: &[Skipped],
    ) -> Result<(), Failure> {
        self.files = entries.len() as u64;
        self.bytes = entries.iter().map(|entry| entry.size).sum();
        for one in skipped {
            self.output.warn(&format!("warning: {one} is skipped"));
        }
        if self.output.is_json() {
            return Ok(());
        }
        let (files, size) = (self.files, bytes(self.bytes));
        self.output.line(&format!(
            "{HEADING}A tour of Strongroom{HEADING:#} with {}: {files} files, {size}\n",
            display_file(folder)
        ))
    }

    /// A bar for a step that moves bytes.
    pub(super) fn bytes_bar(&self, what: &str, length: u64) -> ProgressBar {
        self.output.bytes_bar(what, length)
    }

    /// A bar for a step that goes file by file.
    pub(super) fn files_bar(&self, what: &str, length: u64) -> ProgressBar {
        self.output.files_bar(what, length)
    }

    /// Notes a step and whether what it shows held.
    pub(super) fn step(
        &mut self,
        name: &'static str,
        rules: &'static [&'static str],
        ok: bool,
        detail: String,
    ) -> Result<(), Failure> {
        self.step_with(name, rules, ok, detail, &[])
    }

    /// The same, with commands to type.
    pub(super) fn step_with(
        &mut self,
        name: &'static str,
        rules: &'static [&'static str],
        ok: bool,
        mut detail: String,
        commands: &[String],
    ) -> Result<(), Failure> {
        if !self.output.is_json() {
            let mark = if ok {
                format!("{GOOD}✓{GOOD:#}")
            } else {
                format!("{BAD}✗{BAD:#}")
            };
            let (mut lines, blank) = (wrapped(&detail).into_iter(), "");
            let (first, rules) = (lines.next().unwrap_or_default(), rules.join(" "));
            self.output.line(&format!(
                "{mark} {name:<NAME_WIDTH$} {first}  {QUIET}{rules}{QUIET:#}"
            ))?;
            for line in lines {
                self.output
                    .line(&format!("  {blank:<NAME_WIDTH$} {line}"))?;
            }
            // In one piece each, to be typed.
            for command in commands {
                self.output.line(&format!(
                    "  {blank:<NAME_WIDTH$} {QUIET}mended by: {command}{QUIET:#}"
                ))?;
            }
        }
        if !commands.is_empty() {
            detail = format!("{detail}; mended by: {}", commands.join("; "));
        }
        self.steps.push(Step {
            name,
            rules,
            ok,
            detail,
        });
        Ok(())
    }

    /// A line each for things that go on side by side.
    pub(super) fn board(&self, names: impl IntoIterator<Item = &'static str>) -> Vec<ProgressBar> {
        self.output.board(names)
    }

    /// Lines below a step, for people alone.
    pub(super) fn below(&self, text: &str) -> Result<(), Failure> {
        if self.output.is_json() {
            return Ok(());
        }
        text.lines()
            .try_for_each(|line| self.output.line(&format!("  {line}")))
    }

    /// Whether all of it held.
    fn holds(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
            && self.rotation.objects_rewritten == 0
            && self.revocation.iter().all(OfWay::held)
            && self.readback.mismatches == 0
            && self.canary_hits == 0
            && self.audit.verified
    }

    /// The verdict.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        self.ok = self.holds();
        if self.output.is_json() {
            self.output.json_line(&self)?;
        } else if self.ok {
            self.output
                .line(&format!("\n{GOOD}All of it held.{GOOD:#}"))?;
        }
        if self.ok {
            Ok(())
        } else {
            Err(Failure::TourFailed)
        }
    }
}

/// A text in lines that are read at a glance.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < DETAIL_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_told_in_lines_and_loses_nothing() {
        let text = "some words that are said, ".repeat(20);
        let lines = wrapped(&text);
        assert!(lines.len() > 4);
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() <= DETAIL_WIDTH)
        );
        assert_eq!(lines.join(" "), text);
        assert_eq!(wrapped("short"), ["short"]);
    }

    fn fails(spoil: impl FnOnce(&mut Report<'_>)) -> bool {
        let output = Output::new(true);
        let mut report = Report::new(&output);
        report.audit.verified = true;
        report.step("one", &["R1"], true, String::new()).unwrap();
        spoil(&mut report);
        !report.holds()
    }

    #[test]
    fn whatever_does_not_hold_fails_the_tour() {
        assert!(!fails(|_| ()));
        assert!(fails(|report| {
            report.step("two", &["R2"], false, String::new()).unwrap();
        }));
        assert!(fails(|report| report.rotation.objects_rewritten = 1));
        assert!(fails(|report| report.readback.mismatches = 1));
        assert!(fails(|report| report.canary_hits = 1));
        assert!(fails(|report| report.audit.verified = false));
        assert!(fails(|report| report.revocation.push(OfWay::sample(false))));
        assert!(!fails(|report| report.revocation.push(OfWay::sample(true))));
    }
}
