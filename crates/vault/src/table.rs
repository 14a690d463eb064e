//! State × command tables, as reviewers read them.

use std::fmt::Write;

/// A table of `cell(row, column)`, its columns as wide as they need to be.
pub(crate) fn render<R, C>(
    rows: &[(&str, R)],
    columns: &[(&str, C)],
    cell: impl Fn(&R, &C) -> String,
) -> String {
    let mut lines = vec![vec![String::new()]];
    lines[0].extend(columns.iter().map(|(name, _)| (*name).to_owned()));
    for (name, row) in rows {
        let mut line = vec![(*name).to_owned()];
        line.extend(columns.iter().map(|(_, column)| cell(row, column)));
        lines.push(line);
    }
    let width = |at: usize| {
        lines
            .iter()
            .map(|line| line[at].chars().count())
            .max()
            .unwrap()
    };
    let widths: Vec<usize> = (0..=columns.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut cells = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            write!(cells, "{cell:width$} | ").unwrap();
        }
        text.push_str(cells.trim_end().trim_end_matches('|').trim_end());
        text.push('\n');
    }
    text
}

/// The names of what a `Debug` text begins with, such as `Created` of `Created { .. }`.
pub(crate) fn name(debug: &impl std::fmt::Debug) -> String {
    let text = format!("{debug:?}");
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap()
        .to_owned()
}

/// Holds a table to its reviewed snapshot in `src/snapshots`.
pub(crate) fn hold(name: &str, table: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, table));
}
