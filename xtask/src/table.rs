//! Tables of our own documents: `docs/architecture.md` and `docs/rules.md` are read as data, so
//! that what they say is what is checked.

use anyhow::{Context, Result};

/// The rows of one Markdown table.
pub struct Table {
    pub rows: Vec<Row>,
}

/// One row: its cells, trimmed, and where it stands.
#[derive(Debug)]
pub struct Row {
    /// Counted from 1.
    pub line: usize,
    pub cells: Vec<String>,
}

impl Table {
    /// Finds the table with exactly these headings.
    ///
    /// # Errors
    /// When the text has no such table, or a row has another number of cells.
    pub fn find(text: &str, headings: &[&str]) -> Result<Self> {
        let mut lines = text
            .lines()
            .enumerate()
            .skip_while(|(_, line)| cells(line) != headings);
        lines
            .next()
            .with_context(|| format!("no table with the headings {headings:?}"))?;
        let rows = lines
            .skip(1) // the rule below the headings
            .take_while(|(_, line)| line.trim_start().starts_with('|'))
            .map(|(index, line)| Row {
                line: index + 1,
                cells: cells(line),
            })
            .collect::<Vec<_>>();
        if let Some(row) = rows.iter().find(|row| row.cells.len() != headings.len()) {
            anyhow::bail!(
                "line {}: {} cells in a table of {}",
                row.line,
                row.cells.len(),
                headings.len()
            );
        }
        Ok(Self { rows })
    }
}

impl Row {
    /// A cell by its place; empty when there is none.
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", String::as_str)
    }

    /// What a cell names between backticks.
    pub fn names(&self, index: usize) -> Vec<String> {
        self.cell(index)
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let Some(inner) = line
        .strip_prefix('|')
        .map(|rest| rest.strip_suffix('|').unwrap_or(rest))
    else {
        return Vec::new();
    };
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "words\n\n| A | B |\n|---|---|\n| `x`, `y` | two |\n| | `z` |\n\n| A |\n";

    #[test]
    fn a_table_is_found_by_its_headings() {
        let table = Table::find(TEXT, &["A", "B"]).unwrap();
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0].line, 5);
        assert_eq!(table.rows[0].names(0), ["x", "y"]);
        assert_eq!(table.rows[0].cell(1), "two");
        assert_eq!(table.rows[1].names(1), ["z"]);
    }

    #[test]
    fn a_missing_table_and_an_uneven_row_are_errors() {
        assert!(Table::find(TEXT, &["A", "C"]).is_err());
        assert!(Table::find("| A | B |\n|---|---|\n| one |\n", &["A", "B"]).is_err());
    }
}
