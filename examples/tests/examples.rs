//! The examples, run as they are.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::path::Path;
use std::process::Command;

fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{complained}");
    said
}

/// Whether any file below `folder` holds `text`.
fn holds(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(path).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[test]
fn r01_the_notebook_is_the_same_program_with_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let notebook = env!("CARGO_BIN_EXE_notebook");
    let [plain, sealed] = ["plain", "sealed"].map(|how| {
        let place = folder.path().join(how);
        let said = run(notebook, &[how, place.to_str().unwrap()]);
        (place, said)
    });
    assert_eq!(plain.1, sealed.1);
    assert!(plain.1.contains("monday: market (39 bytes): Buy apples"));
    assert!(holds(&plain.0, "Buy apples"));
    assert!(!holds(&sealed.0, "Buy apples"));
}

#[test]
fn r17_a_service_says_that_the_key_was_withdrawn_and_serves_again() {
    let said = run(env!("CARGO_BIN_EXE_reacting"), &[]);
    let lines: Vec<&str> = said.lines().collect();
    let [before, meanwhile, after] = lines.as_slice() else {
        panic!("{said}");
    };
    assert_eq!(*before, "served: hello");
    assert!(meanwhile.starts_with("you have withdrawn the key (KeyDisabled)"));
    assert_eq!(*after, "served: hello");
}
