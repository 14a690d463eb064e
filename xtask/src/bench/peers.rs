//! `cargo xtask bench peers`: Strongroom beside other libraries at the same work. The figures are
//! kept, and the picture in the README is drawn from what is kept.
//!
//! The program that measures is a workspace of its own, since what it compares with takes about ten
//! minutes to build. No other verb builds it, and neither does CI.

pub mod document;
mod table;

use std::fs;
use std::process::{Command, Stdio};

use anstream::{eprintln, print, println};
use anyhow::{Context, Result, ensure};

use super::results::Measure;
use super::{goals, picture};
use crate::house::House;
use crate::steps;
use document::{Document, Goals, read};

const MANIFEST: &str = "benches/peers/Cargo.toml";
const GOALS: &str = "benches/peers/goals.json";
const KEPT: &str = "docs/img/peers.json";
const PICTURE: &str = "docs/img/peers.svg";

/// Measures or, to `draw` only, takes the figures that are kept; prints and draws them. A `quick`
/// look changes nothing that is kept.
pub fn run(quick: bool, json: bool, draw: bool) -> Result<bool> {
    let house = House::open()?;
    let goals: Goals = read(&house.root().join(GOALS))?;
    let document: Document = if draw {
        read(&house.root().join(KEPT))?
    } else {
        measure(&house, quick)?
    };
    // Before anything is kept: it fails if a peer of the goals was not measured.
    let table = table::table(&document, &goals)?;
    if draw || !quick {
        keep(&house, &document, &goals)?;
    }
    if json {
        print!("{}", text(&document)?);
    } else {
        println!("{table}");
    }
    Ok(true)
}

/// Measures and keeps; the goals, and what they are held to.
pub fn measured(house: &House) -> Result<(Vec<goals::Goal>, Vec<Measure>)> {
    let asked: Goals = read(&house.root().join(GOALS))?;
    let document = measure(house, false)?;
    let mut held = (Vec::new(), Vec::new());
    for group in &asked.groups {
        for line in document.lines(&asked, group, asked.size)? {
            let Some((beside, goal)) = line.beside.and_then(|one| Some((one.encrypt, one.goal?)))
            else {
                continue;
            };
            let name = format!(
                "encrypt {} ÷ {}",
                document::spoken(asked.size),
                line.row.peer
            );
            held.0.push(goals::Goal::new(name.clone(), goal));
            held.1.push(Measure {
                name,
                value: beside,
                unit: "ratio".into(),
            });
        }
    }
    keep(house, &document, &asked)?;
    Ok(held)
}

/// Keeps the figures, and what is drawn of them.
fn keep(house: &House, document: &Document, goals: &Goals) -> Result<()> {
    let at = |path| house.root().join(path);
    let picture = picture::draw(document, goals)?;
    fs::create_dir_all(at("docs/img"))?;
    fs::write(at(KEPT), text(document)?).context(KEPT)?;
    fs::write(at(PICTURE), picture).context(PICTURE)?;
    eprintln!("kept in {KEPT}, drawn in {PICTURE}");
    Ok(())
}

fn text(document: &Document) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

fn measure(house: &House, quick: bool) -> Result<Document> {
    steps::run(&mut peers(house, "build"))?;
    let mut run = peers(house, "run");
    run.args(["--quiet", "--", "--json"]);
    run.args(quick.then_some("--rounds=3"));
    let output = run
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "the peers ended with {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("what the peers told")
}

/// Not `--locked`: the lock file follows what the crates of the house depend on, and the peers stay as it
/// has them. What was built is what the figures name, as the program reads the file it was built with.
fn peers(house: &House, verb: &str) -> Command {
    let mut command = house.cargo([verb, "--release", "--manifest-path", MANIFEST]);
    let target = house.metadata.target_directory.join("peers");
    command.arg("--target-dir").arg(target);
    command
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_picture_shows_the_figures_that_are_kept() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let document: Document = read(&root.join(KEPT)).unwrap();
        let goals: Goals = read(&root.join(GOALS)).unwrap();
        let drawn = picture::draw(&document, &goals).unwrap();
        let kept = fs::read_to_string(root.join(PICTURE)).unwrap();
        assert!(
            drawn == kept,
            "draw it anew: cargo xtask bench peers --draw"
        );
    }
}
