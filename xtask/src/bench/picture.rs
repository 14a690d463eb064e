//! The picture of the peers: two bars each, all on one linear scale, so that lengths compare as the
//! figures do.

use std::fmt::{self, Write as _};

use anyhow::Result;

use super::peers::document::{Document, Goals, Line, spoken};

const FONT: &str = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const INK: &str = "#1f2328";
const MUTED: &str = "#59636e";
/// Its own ground: it reads alike on a light page and on a dark one.
const GROUND: &str = r##"rx="8" fill="#f6f8fa" stroke="#d0d7de""##;
/// To encrypt, and to decrypt.
const OURS: [&str; 2] = ["#0a58ca", "#79aef5"];
const THEIRS: [&str; 2] = ["#6e7781", "#b6bfc8"];

const AT_ITS_END: &str = r#"text-anchor="end""#;

const WIDTH: u32 = 800;
/// Where names begin, where bars do, and where ratios end.
const NAMES: u32 = 24;
const BARS: u32 = 224;
const RATIOS: u32 = 776;
/// The longest bar; its figure stands behind it.
const LONGEST: f64 = 380.0;
/// From one peer to the next.
const STEP: u32 = 40;

/// Draws the size that has goals.
pub fn draw(document: &Document, goals: &Goals) -> Result<String> {
    let mut groups = Vec::new();
    for group in &goals.groups {
        let lines = document.lines(goals, group, goals.size)?;
        groups.push((&group.title, lines));
    }
    let fastest = groups
        .iter()
        .flat_map(|(_, lines)| lines)
        .flat_map(|line| [line.row.encrypt_mb_s, line.row.decrypt_mb_s])
        .fold(1.0, f64::max);

    let title = format!("{} in memory, MB/s: longer is faster", spoken(goals.size));
    let mut body = String::new();
    text(
        &mut body,
        NAMES,
        36,
        "font-size=\"17\" font-weight=\"600\"",
        &title,
    )?;
    let mut y = 48;
    for (title, lines) in &groups {
        y += 28;
        text(&mut body, NAMES, y, "font-weight=\"600\"", title)?;
        let column = format!("{AT_ITS_END} {}", small());
        text(&mut body, RATIOS, y, &column, "Strongroom ÷ it")?;
        y += 14;
        for line in lines {
            bars(&mut body, line, y, fastest)?;
            y += STEP;
        }
    }
    y += 16;
    for line in footer(document) {
        text(&mut body, NAMES, y, &small(), &line)?;
        y += 18;
    }
    Ok(framed(&title, y + 4, &body))
}

fn framed(title: &str, height: u32, body: &str) -> String {
    let title = escaped(title);
    let (right, bottom) = (WIDTH - 1, height - 1);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         font-family=\"{FONT}\" font-size=\"13\" fill=\"{INK}\">\n\
         <title>{title}</title>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{right}\" height=\"{bottom}\" {GROUND}/>\n\
         {body}</svg>\n"
    )
}

/// One peer: its name, its two bars, and what ours is over it.
fn bars(out: &mut String, line: &Line<'_>, y: u32, fastest: f64) -> fmt::Result {
    let Line { row, beside } = line;
    text(out, NAMES, y + 12, "", &row.peer)?;
    text(out, NAMES, y + 27, &small(), &row.version)?;
    let [dark, pale] = if beside.is_some() { THEIRS } else { OURS };
    let beside = beside.as_ref();
    let upper = Bar {
        verb: "encrypt",
        speed: row.encrypt_mb_s,
        ratio: beside.map(|beside| beside.encrypt),
        colour: dark,
    };
    let lower = Bar {
        verb: "decrypt",
        speed: row.decrypt_mb_s,
        ratio: beside.map(|beside| beside.decrypt),
        colour: pale,
    };
    upper.draw(out, y, fastest)?;
    lower.draw(out, y + 15, fastest)
}

struct Bar {
    verb: &'static str,
    speed: f64,
    ratio: Option<f64>,
    colour: &'static str,
}

impl Bar {
    fn draw(&self, out: &mut String, y: u32, fastest: f64) -> fmt::Result {
        let Self { verb, colour, .. } = self;
        let length = (self.speed / fastest * LONGEST).max(1.0);
        writeln!(
            out,
            "<rect x=\"{BARS}\" y=\"{y}\" width=\"{length:.1}\" height=\"14\" fill=\"{colour}\"/>"
        )?;
        let behind = f64::from(BARS) + length + 6.0;
        let figure = format!("{verb} {}", grouped(self.speed));
        text(out, behind, y + 11, &small(), &figure)?;
        match self.ratio {
            Some(ratio) => text(out, RATIOS, y + 11, AT_ITS_END, &format!("{ratio:.1}×")),
            None => Ok(()),
        }
    }
}

/// What the figures were taken on, and how.
fn footer(document: &Document) -> [String; 2] {
    let Document {
        machine,
        date,
        rustc,
        provider,
        rounds,
        ..
    } = document;
    // Without the commit and the day of the compiler.
    let rustc = rustc.split(" (").next().unwrap_or(rustc);
    [
        format!("{machine}, {date}, {rustc}, Strongroom with {provider}"),
        format!("Medians of {rounds} rounds over all of them in one run: cargo xtask bench peers"),
    ]
}

fn small() -> String {
    format!("font-size=\"12\" fill=\"{MUTED}\"")
}

fn text(out: &mut String, x: impl Into<f64>, y: u32, how: &str, what: &str) -> fmt::Result {
    let (x, what) = (x.into(), escaped(what));
    writeln!(out, "<text x=\"{x:.1}\" y=\"{y}\" {how}>{what}</text>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A speed as people write it: 12,345, and tenths where they say something.
fn grouped(speed: f64) -> String {
    if speed < 10.0 {
        return format!("{speed:.1}");
    }
    let digits = format!("{speed:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::super::peers::document::tests::{document, goals};
    use super::*;

    #[test]
    fn bars_are_as_long_as_the_figures_are_great() {
        let svg = draw(&document(), &goals()).unwrap();
        let long = |width: &str| svg.contains(&format!("width=\"{width}\" height=\"14\""));
        // Of 9,000 MB/s, the fastest.
        assert!(long("380.0") && long("190.0"));
        assert!(long("337.8") && long("42.2"));
    }

    #[test]
    fn what_is_shown_is_escaped() {
        let svg = draw(&document(), &goals()).unwrap();
        assert!(svg.contains("a machine &amp; its cores, 2026-11-25, rustc 1.95.0, "));
    }

    #[test]
    fn thousands_are_set_apart() {
        let all = [1.84, 86.2, 437.0, 8123.4, 1_234_567.0].map(grouped);
        assert_eq!(all, ["1.8", "86", "437", "8,123", "1,234,567"]);
    }
}
