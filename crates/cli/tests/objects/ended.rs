//! Told to end, the program leaves nothing in clear behind, and says by which signal.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::desk::{Desk, files};
use crate::pattern;

const FILES: usize = 300;

pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

/// The program, ended by a signal also where whoever runs the tests ignores it (`nohup`, `&`).
fn command(desk: &Desk, args: &[&str]) -> Command {
    let program = desk.command(args);
    let mut command = Command::new("env");
    command
        .arg("--default-signal=HUP,INT,TERM")
        .arg(program.get_program())
        .args(program.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Until it is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(so(), "{what}: not within half a minute");
}

fn has_files(folder: &Path) -> bool {
    folder.exists() && !files(folder).is_empty()
}

#[test]
fn i01_a_get_that_is_ended_leaves_nothing_unfinished() {
    let desk = Desk::with(&["notes"]);
    for number in 0..FILES {
        let length = if number % 30 == 0 { 3_000_000 } else { 2_000 };
        desk.file(&format!("in/{number}"), &pattern(9, length));
    }
    desk.json(&["put", "in/", "notes"]);
    for (name, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let out = desk.path(name);
        let mut child = command(&desk, &["get", "notes", name]).spawn().unwrap();
        until("a file is taken out", || has_files(&out));
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
        let left = files(&out);
        assert!(left.len() < FILES, "it was over before it was told");
        for file in left {
            let whole = fs::read(&file).unwrap();
            let named = file.file_name().unwrap().to_str().unwrap();
            assert!(!named.starts_with('.'), "{named}");
            assert!(
                whole == pattern(9, whole.len())
                    && (whole.len() == 2_000 || whole.len() == 3_000_000)
            );
        }
    }
    // Closed each time: the heads say how far the audit had come.
    assert_eq!(desk.json(&["audit", "verify"])["verified"], true);
}

#[test]
fn a_put_that_is_ended_stores_nothing_and_waits_for_nobody() {
    let desk = Desk::with(&["notes"]);
    desk.file("f", b"before");
    desk.json(&["put", "f", "notes/f"]);
    for (name, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let mut child = command(&desk, &["put", "-", "notes/f"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // More than a pipe holds: when it is all taken, the program reads.
        let mut input = child.stdin.take().unwrap();
        input.write_all(&pattern(1, 1 << 20)).unwrap();
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
        drop(input);
        assert_eq!(desk.read("notes/f"), b"before");
    }
    assert_eq!(files(&desk.at_rest("notes")).len(), 1);
}

#[test]
fn a_signal_that_is_to_be_ignored_is_ignored() {
    let desk = Desk::with(&["notes"]);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' HUP; exec \"$0\" put - notes/f",
            env!("CARGO_BIN_EXE_strongroom"),
        ])
        .env("STRONGROOM_DATA", desk.path("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&pattern(1, 1 << 20)).unwrap();
    signal(&child, "HUP");
    input.write_all(b"the end").unwrap();
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(desk.read("notes/f").len(), (1 << 20) + 7);
}

#[test]
fn i01_what_a_killed_get_has_left_is_not_stored() {
    let desk = Desk::with(&["notes"]);
    desk.file("in/f", b"f");
    desk.file("in/.strongroom-4711-0", b"half of something");
    desk.file("in/sub/.strongroom-99-12", b"half of something");
    let output = desk.run(&["put", "in", "notes"]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(".strongroom-4711-0"), "{said}");
    assert_eq!(desk.listed("notes"), ["in/f"]);
    let done = desk.json(&["ingest", "in", "notes/all", "--remove-source"]);
    assert_eq!(done["removed"], 1);
    assert!(desk.path("in/.strongroom-4711-0").exists());
}
