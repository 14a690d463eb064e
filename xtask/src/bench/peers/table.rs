//! The figures as a table, with what ours are over the others', and whether the goals are met.

use std::fmt::Write as _;

use anyhow::Result;

use super::document::{Beside, Document, Goals, Line, spoken};

/// All sizes, one below the other.
pub fn table(document: &Document, goals: &Goals) -> Result<String> {
    let width = document
        .results
        .iter()
        .map(|row| row.peer.len() + row.version.len() + 1)
        .max()
        .unwrap_or(0);
    let Document {
        machine,
        date,
        rustc,
        provider,
        ..
    } = document;
    let mut text = format!("{machine}, {date}, {rustc}, {provider}\n");
    for size in &document.sizes {
        write!(text, "\n{:width$}  encrypt MB/s", spoken(*size))?;
        writeln!(text, "  decrypt MB/s  ours ÷ it: encrypt  decrypt  goal")?;
        for group in &goals.groups {
            for line in document.lines(goals, group, *size)? {
                writeln!(text, "{}", told(&line, width))?;
            }
        }
    }
    Ok(text)
}

fn told(line: &Line<'_>, width: usize) -> String {
    let row = line.row;
    let name = format!("{} {}", row.peer, row.version);
    let figures = format!("{:12.1}  {:12.1}", row.encrypt_mb_s, row.decrypt_mb_s);
    let beside = line.beside.as_ref().map(beside).unwrap_or_default();
    format!("{name:width$}  {figures}{beside}")
}

fn beside(beside: &Beside) -> String {
    let goal = beside.goal.map(|goal| {
        let met = if beside.encrypt >= goal {
            "met"
        } else {
            "MISSED"
        };
        format!("  ≥ {goal}×: {met}")
    });
    format!(
        "  {:>17.1}×  {:6.1}×{}",
        beside.encrypt,
        beside.decrypt,
        goal.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{document, goals};
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed() {
        let (document, mut goals) = (document(), goals());
        assert!(table(&document, &goals).unwrap().contains("≥ 10×: MISSED"));
        goals.groups[0].peers[0].encrypt = 8.0;
        assert!(table(&document, &goals).unwrap().contains("≥ 8×: met"));
    }
}
