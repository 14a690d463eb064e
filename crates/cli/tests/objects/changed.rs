//! A source that somebody writes to while it is read is stored as it was at one moment, or not at all.

use std::fs::{self, File};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::desk::Desk;

/// More than goes in one request, so that both ways are tried.
const LENGTHS: [usize; 2] = [300_000, 9_000_000];
const ROUNDS: usize = 4;

/// Runs `put` or `ingest` while a file is changed again and again by `change`; answers what it was stored as
/// each time that this was said to be done.
fn while_changing(
    verb: &[&str],
    length: usize,
    change: fn(&std::path::Path, u8, usize),
) -> Vec<Vec<u8>> {
    let desk = Desk::with(&["notes"]);
    let path = desk.file("in/f", &vec![0; length]);
    let over = AtomicBool::new(false);
    let mut stored = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut byte = 0_u8;
            while !over.load(Ordering::Relaxed) {
                byte = byte.wrapping_add(1);
                change(&path, byte, length);
            }
        });
        for _ in 0..ROUNDS {
            let args = [verb, &["in", "notes/all/"]].concat();
            let output = desk.run(&args);
            let address = if verb[0] == "put" {
                "notes/all/in/f"
            } else {
                "notes/all/f"
            };
            match output.status.code() {
                Some(0) => stored.push(desk.read(address)),
                Some(5) => {
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(
                        said.contains("ChangedMeanwhile") && said.contains("in/f"),
                        "{said}"
                    );
                }
                code => assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr)),
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    stored
}

/// Overwritten where it lies, by one write: between two of them the file is one or the other.
fn in_place(path: &std::path::Path, byte: u8, length: usize) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(&vec![byte; length]).unwrap();
}

/// Replaced by another.
fn by_rename(path: &std::path::Path, byte: u8, length: usize) {
    let beside = path.with_file_name("../beside");
    fs::write(&beside, vec![byte; length]).unwrap();
    fs::rename(&beside, path).unwrap();
}

#[test]
fn what_is_overwritten_meanwhile_is_never_stored_as_a_mixture() {
    for verb in [&["put"][..], &["ingest", "--force"]] {
        for length in LENGTHS {
            for change in [in_place, by_rename] {
                for bytes in while_changing(verb, length, change) {
                    assert_eq!(bytes.len(), length);
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "a mixture");
                }
            }
        }
    }
}

#[test]
fn what_changed_is_not_removed_from_the_source() {
    let desk = Desk::with(&["notes"]);
    let path = desk.file("in/f", &vec![0; 300_000]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut byte = 0_u8;
            while !over.load(Ordering::Relaxed) && path.exists() {
                byte = byte.wrapping_add(1);
                let mut file = File::options().write(true).open(&path).unwrap();
                for _ in 0..30 {
                    file.write_all(&[byte; 10_000]).unwrap();
                }
            }
        });
        let output = desk.run(&["ingest", "in", "notes/all", "--remove-source", "--force"]);
        over.store(true, Ordering::Relaxed);
        let code = output.status.code();
        assert_eq!(code, Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    });
    assert!(path.exists());
}

#[test]
fn a_file_that_is_left_alone_is_taken_however_fresh() {
    let desk = Desk::with(&["notes"]);
    for length in LENGTHS {
        desk.file("in/f", &vec![7; length]);
        desk.json(&["put", "in/f", "notes/f"]);
        assert!(desk.read("notes/f") == vec![7; length]);
        let done = desk.json(&["ingest", "in", "notes/all", "--force", "--remove-source"]);
        assert_eq!(done["removed"], 1);
    }
}
