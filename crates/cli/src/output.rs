//! Everything that the program writes: tables and words for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use strongroom_base::Timestamp;

use crate::failure::{Failure, chain};
use strongroom_base::Outcome as _;

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
        let text = serde_json::to_string(value)?;
        self.line(&text)
    }

    /// One line of text; styles are dropped where nobody sees them.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.colour(&io::stdout()));
        writeln!(out, "{text}").map_err(Failure::Output)
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
        let _ = writeln!(out, "{text}");
    }

    /// Colour is for people who look at a terminal.
    fn colour(&self, stream: &impl RawStream) -> ColorChoice {
        if self.json {
            ColorChoice::Never
        } else {
            AutoStream::choice(stream)
        }
    }

    /// Says why a verb failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut told = chain(failure).into_iter();
        let message = told.next().unwrap_or_default();
        let causes: Vec<String> = told.collect();
        if self.json {
            let error = ErrorLine {
                code: failure.code(),
                message: &message,
                causes: &causes,
            };
            let text = serde_json::to_string(&serde_json::json!({ "error": error }));
            return self.warn(&text.unwrap_or_default());
        }
        let mut text = format!("{BAD}error{BAD:#} [{}]: {message}", failure.code());
        for cause in causes {
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

#[derive(Serialize)]
struct ErrorLine<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    causes: &'a [String],
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
        table.add_row(row.into_iter().collect::<Vec<_>>());
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
    i64::try_from(at.as_unix_millis())
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .map_or_else(
            || format!("{} ms", at.as_unix_millis()),
            |time| format!("{time:.3}"),
        )
}

/// A number of bytes as people read it.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}
