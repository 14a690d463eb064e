//! Everything that the program writes: tables and words for people, JSON for programs.
//!
//! Others chose names that are in it. Whatever is written goes through [`seen_lines`] or [`json_text`], so
//! that nothing but the program's own styles and ends of lines acts on a terminal. The bytes of an object
//! or a key are written as they are, by `cat`, `get` and `key decrypt` alone.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use strongroom_base::{Outcome as _, Timestamp, misleads, seen};

use crate::failure::{Failure, chain, worst};

/// What headings look like.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is less important.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// What held.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where answers go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read the answer.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Answers with a value: as JSON for programs, as `words` for people.
    pub(crate) fn answer(
        &self,
        value: &impl Serialize,
        words: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            self.json_line(value)
        } else {
            self.line(&words())
        }
    }

    /// One JSON value on a line of its own.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(&json_text(value)?)
    }

    /// One line of text; styles are dropped where nobody sees them.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.colour(&io::stdout()));
        writeln!(out, "{}", seen_lines(text)).map_err(Failure::Output)
    }

    /// Words beside the answer: not for programs.
    pub(crate) fn remark(&self, text: &str) {
        if !self.json {
            self.warn(text);
        }
    }

    /// Words that must be seen whoever reads the answer.
    pub(crate) fn warn(&self, text: &str) {
        let mut out = AutoStream::new(io::stderr().lock(), self.colour(&io::stderr()));
        // Nobody is left to be told.
        let _ = writeln!(out, "{}", seen_lines(text));
    }

    /// Colour is for people who look at a terminal.
    fn colour(&self, stream: &impl RawStream) -> ColorChoice {
        if self.json {
            ColorChoice::Never
        } else {
            AutoStream::choice(stream)
        }
    }

    /// Says why a verb failed. What was told when it happened is not told again.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            let text = json_text(&json!({ "error": ErrorLine::of(failure) }));
            return self.warn(&text.unwrap_or_default());
        }
        if !matches!(failure, Failure::Several(_)) {
            self.failed(failure);
        }
    }

    /// Says what could not be done of many things: to people at once, to programs at the end.
    pub(crate) fn failed(&self, failure: &Failure) {
        if self.json {
            return;
        }
        let mut told = chain(failure).into_iter();
        let message = told.next().unwrap_or_default();
        let mut text = format!("{BAD}error{BAD:#} [{}]: {message}", failure.code());
        for cause in told {
            text.push_str("\n  because ");
            text.push_str(&cause);
        }
        self.warn(&text);
    }

    /// A bar for work that takes time, on a terminal alone.
    pub(crate) fn bytes_bar(&self, what: &str, bytes: u64) -> ProgressBar {
        self.bar(bytes, &format!(
            "{what} {{wide_bar:.cyan/dim}} {{bytes}} of {{total_bytes}}, {{bytes_per_sec}}, {{eta}} left"
        ))
    }

    /// A bar for work that goes file by file, on a terminal alone.
    pub(crate) fn files_bar(&self, what: &str, files: u64) -> ProgressBar {
        self.bar(
            files,
            &format!("{what} {{wide_bar:.cyan/dim}} {{pos}} of {{len}}, {{eta}} left"),
        )
    }

    /// A count of work whose end is not known, on a terminal alone.
    pub(crate) fn counter(&self, what: &str) -> ProgressBar {
        self.bar(0, &format!("{{spinner}} {{pos}} {what}, {{per_sec}}"))
    }

    /// A count of bytes whose end is not known, on a terminal alone.
    pub(crate) fn bytes_counter(&self, what: &str) -> ProgressBar {
        self.bar(
            0,
            &format!("{{spinner}} {what} {{bytes}}, {{bytes_per_sec}}"),
        )
    }

    /// A line each for things that go on side by side, on a terminal alone.
    pub(crate) fn board(&self, names: impl IntoIterator<Item = &'static str>) -> Vec<ProgressBar> {
        let board = MultiProgress::new();
        if self.json || !io::stderr().is_terminal() {
            board.set_draw_target(ProgressDrawTarget::hidden());
        }
        let line = |name| {
            let line = board.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {prefix:18} {msg:.dim}") {
                line.set_style(style);
            }
            line.set_prefix(name);
            line
        };
        names.into_iter().map(line).collect()
    }

    fn bar(&self, length: u64, template: &str) -> ProgressBar {
        if self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }
}

/// What the program's own styles are written as.
const STYLES: [&str; 5] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[31m",
    "\u{1b}[32m",
];

/// A text of one or more lines, in which only the program's styles act.
fn seen_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let style = STYLES.iter().find_map(|style| rest.strip_prefix(style));
        let (next, shown) = if let Some(after) = style {
            (after, None)
        } else {
            let after = rest.get(char.len_utf8()..).unwrap_or_default();
            (after, Some(char != '\n' && misleads(char)))
        };
        let taken = rest.get(..rest.len() - next.len()).unwrap_or_default();
        match shown {
            Some(true) => lines.push_str(&seen(taken)),
            _ => lines.push_str(taken),
        }
        rest = next;
    }
    lines
}

/// A value as JSON in which no character misleads: it is written as an escape, which means the same.
fn json_text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    if !text.chars().any(misleads) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if misleads(char) {
            // All of them stand within strings: what JSON itself is written with is ASCII.
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing to a text does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(char);
        }
    }
    Ok(escaped)
}

/// Where what is logged goes: a line an event, whatever names are in it.
#[derive(Debug)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        writeln!(io::stderr().lock(), "{}", seen(line))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// A text of one or more lines, in which what was given on the command line does not act.
pub(crate) fn with_arguments_seen(text: &str, arguments: impl Iterator<Item = String>) -> String {
    let mut text = text.to_owned();
    for argument in arguments {
        // An option's value may be told without the option.
        let value = argument.split_once('=').map_or("", |(_, value)| value);
        for told in [argument.as_str(), value] {
            if told.chars().any(misleads) {
                text = text.replace(told, &seen(told));
            }
        }
    }
    seen_lines(&text)
}

#[derive(Serialize)]
struct ErrorLine {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    /// Of a verb that takes many: everything that could not be done, if it is more than one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Self>,
}

impl ErrorLine {
    fn of(failure: &Failure) -> Self {
        if let Failure::Several(failed) = failure
            && let Some(worst) = worst(failed)
        {
            let line = Self::of(worst);
            let failed = match failed.as_slice() {
                [_] => Vec::new(),
                failed => failed.iter().map(Self::of).collect(),
            };
            return Self { failed, ..line };
        }
        let mut told = chain(failure).into_iter();
        Self {
            code: failure.code(),
            message: told.next().unwrap_or_default(),
            causes: told.collect(),
            failed: Vec::new(),
        }
    }
}

/// A table without lines; the columns in `right` are aligned to the right.
pub(crate) fn table<R: IntoIterator<Item = String>>(
    heading: &[&str],
    right: &[usize],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading.iter().copied());
    for row in rows {
        let cells = row.into_iter().map(|cell| seen(&cell).into_owned());
        table.add_row(cells.collect::<Vec<_>>());
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    // Styled afterwards: the table would count the escapes as columns.
    let text = table.trim_fmt();
    let (titles, rows) = text.split_once('\n').unwrap_or((&text, ""));
    format!("{HEADING}{titles}{HEADING:#}\n{rows}")
        .trim_end()
        .to_owned()
}

/// A time as people and programs read it (RFC 3339, UTC).
pub(crate) fn time(at: Timestamp) -> String {
    at.to_string()
}

/// A number of bytes as people read it.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_styles_act() {
        let text =
            format!("{BAD}no{BAD:#} {HEADING}x{HEADING:#} {GOOD}y{GOOD:#} {QUIET}z{QUIET:#}\nnext");
        assert_eq!(seen_lines(&text), text);
        let planted = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}2J\u{202e}\r\u{1b}[8m\u{200b}";
        let shown = seen_lines(planted);
        assert!(!shown.chars().any(misleads), "{shown}");
        assert!(shown.starts_with("\\u{1b}]0;title\\u{7}"), "{shown}");
    }

    #[test]
    fn json_hides_nothing_and_means_the_same() {
        let value = "\u{7f}\u{9b}\u{202e}\u{e0041}e\u{301} \u{1b} plain ü";
        let text = json_text(&value).unwrap();
        assert!(!text.chars().any(misleads), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }

    #[test]
    fn an_argument_that_is_told_again_does_not_act() {
        let arguments = ["--lease=a\nb\u{1b}[1m", "c\u{1b}[1m"].map(str::to_owned);
        let text = "invalid 'a\nb\u{1b}[1m', 'c\u{1b}[1m'\nhelp";
        let shown = with_arguments_seen(text, arguments.into_iter());
        assert_eq!(shown, "invalid 'a\\nb\\u{1b}[1m', 'c\\u{1b}[1m'\nhelp");
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        let shown = table(&["name"], &[], [["a\nb\u{1b}[1mc".to_owned()]]);
        assert!(shown.ends_with("a\\nb\\u{1b}[1mc"), "{shown}");
    }
}
