//! The storage writer: whoever may change what lies in `data/objects`, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use strongroom_tests::desk::Desk;

use crate::desk;

/// An installation with an object `a.txt` in `notes`, and a tree beside it that must stay as it is.
struct Beside {
    desk: Desk,
    at_rest: PathBuf,
    before: BTreeMap<PathBuf, Vec<u8>>,
}

impl Beside {
    fn new() -> Self {
        let desk = desk();
        desk.ok(&["resource", "create", "notes"]);
        let file = desk.file("a.txt", b"hello");
        desk.ok(&["put", file.to_str().unwrap(), "notes/"]);
        desk.file("home/docs/thesis.txt", b"years of work");
        desk.file("home/secret", b"secret");
        let at_rest = desk.at_rest("notes");
        let before = files(&desk.path("home"));
        Self {
            desk,
            at_rest,
            before,
        }
    }

    fn link(&self, target: &str, name: &str) {
        symlink(self.desk.path(target), self.at_rest.join(name)).unwrap();
    }

    /// Nothing outside the objects folder has changed, and the installation can be used.
    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(files(&self.desk.path("home")), self.before);
        assert!(
            !fs::read(self.desk.path("data.keep/root.key"))
                .unwrap()
                .is_empty()
        );
        self.desk.ok(&["audit", "verify"]);
    }

    #[track_caller]
    fn damaged(&self, args: &[&str]) {
        let failed = self.desk.fails(args);
        assert_eq!(failed.exit, Some(6), "{args:?}: {failed:?}");
        assert!(!failed.said.contains("/o/"), "{args:?}: {failed:?}");
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

fn three_days_old(path: &Path) {
    let time = Command::new("touch")
        .args(["-h", "-d", "3 days ago"])
        .arg(path)
        .status();
    assert!(time.unwrap().success());
}

#[test]
fn a_marker_that_is_a_link_empties_nothing() {
    for victim in ["data.keep/root.key", "data.keep/audit-heads", "home/secret"] {
        let beside = Beside::new();
        let before = fs::read(beside.desk.path(victim)).unwrap();
        let marker = beside.desk.path("data/objects/.swept");
        let _ = fs::remove_file(&marker);
        symlink(beside.desk.path(victim), &marker).unwrap();
        three_days_old(&marker);
        beside.desk.ok(&["ls", "notes"]);
        let after = fs::read(beside.desk.path(victim)).unwrap();
        assert!(after.starts_with(&before), "{victim}");
        assert!(!marker.symlink_metadata().unwrap().is_symlink());
        beside.is_as_before();
    }
}

#[test]
fn no_verb_goes_through_a_link() {
    let beside = Beside::new();
    beside.link("home", "h");
    beside.link("data.keep", "k");
    beside.link("home/secret", "s");
    beside.link("nowhere", "dangling");
    let desk = &beside.desk;
    for path in [
        "notes/h/secret",
        "notes/k/root.key",
        "notes/h/docs/thesis.txt",
        "notes/s",
    ] {
        for args in [
            &["cat", path][..],
            &["stat", path],
            &["get", path, "out"],
            &["cp", path, "notes/copy"],
            &["mv", path, "notes/moved"],
            &["put", "a.txt", path],
            &["cp", "notes/a.txt", path],
            &["mv", "notes/a.txt", path],
        ] {
            beside.damaged(args);
        }
        beside.is_as_before();
    }
    for path in ["notes/h/secret", "notes/k/root.key"] {
        beside.damaged(&["rm", path]);
    }
    for args in [
        &["put", "a.txt", "notes/h/new"][..],
        &["put", "a.txt", "notes/dangling/new"],
        &["put", "a.txt", "notes/dangling"],
    ] {
        beside.damaged(args);
    }
    assert!(!desk.path("home/new").exists() && !desk.path("nowhere").exists());
    for args in [
        &["ls", "-r", "notes"][..],
        &["ls", "notes"],
        &["fsck", "notes"],
        &["rm", "-r", "notes"],
    ] {
        let output = desk.run(args);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(
            !shown.contains("thesis") && !shown.contains("root.key"),
            "{args:?}: {shown}"
        );
        beside.is_as_before();
    }
}

#[test]
fn a_purge_follows_no_link_and_ends_whatever_lies_there() {
    let beside = Beside::new();
    beside.link("home", "h");
    beside.link("data.keep", "k");
    fs::hard_link(beside.desk.path("home/secret"), beside.at_rest.join("hard")).unwrap();
    fs::write(beside.at_rest.join("b\x07d"), "x").unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(beside.at_rest.join("pipe"))
            .status()
            .unwrap()
            .success()
    );
    beside.desk.ok(&["resource", "delete", "notes"]);
    beside.desk.ok(&["resource", "purge", "notes"]);
    assert!(beside.at_rest.symlink_metadata().is_err());
    beside.is_as_before();
    beside.desk.ok(&["resource", "create", "notes"]);
}

/// The parts of the folder that Strongroom makes itself, and the folder.
#[test]
fn the_folders_above_the_objects_are_no_links_either() {
    for above in 0..4 {
        let beside = Beside::new();
        let part = beside.at_rest.ancestors().nth(above).unwrap();
        let moved = beside.desk.path("moved");
        fs::rename(part, &moved).unwrap();
        symlink(&moved, part).unwrap();
        let there = files(&moved);
        for args in [
            &["cat", "notes/a.txt"][..],
            &["put", "a.txt", "notes/b.txt"],
            &["rm", "notes/a.txt"],
            &["cp", "notes/a.txt", "notes/c.txt"],
        ] {
            beside.damaged(args);
        }
        assert_eq!(files(&moved), there);
        fs::remove_file(part).unwrap();
        fs::rename(&moved, part).unwrap();
        assert_eq!(beside.desk.read("notes/a.txt"), b"hello");
    }
    // What leads to the data folder is whoever runs the program to say.
    let beside = Beside::new();
    let data = beside.desk.path("data");
    let there = beside.desk.path("there");
    fs::create_dir(&there).unwrap();
    for name in ["data", "data.keep"] {
        fs::rename(beside.desk.path(name), there.join(name)).unwrap();
    }
    symlink(there.join("data"), data).unwrap();
    symlink(there.join("data.keep"), beside.desk.path("data.keep")).unwrap();
    assert_eq!(beside.desk.read("notes/a.txt"), b"hello");
}

#[test]
fn odd_files_hang_nobody_and_hide_nothing_else() {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        odd_files();
        done.send(()).unwrap();
    });
    let ended = wait.recv_timeout(Duration::from_mins(2));
    ended.expect("it ends, and does not wait");
}

fn odd_files() {
    let beside = Beside::new();
    let pipe = beside.at_rest.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    fs::write(beside.at_rest.join("b\x07d"), "x").unwrap();
    for args in [
        &["cat", "notes/pipe"][..],
        &["stat", "notes/pipe"],
        &["put", "a.txt", "notes/pipe"],
    ] {
        beside.damaged(args);
    }
    let listed = beside.desk.run(&["ls", "-r", "notes"]);
    assert!(
        String::from_utf8_lossy(&listed.stdout).contains("a.txt"),
        "{listed:?}"
    );
    for args in [&["fsck", "notes"][..], &["get", "notes", "back"]] {
        let output = beside.desk.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(6), "{args:?}: {said}");
        assert!(said.contains("b%07d"), "{args:?}: {said}");
    }
    beside.desk.ok(&["rm", "notes/pipe"]);
    assert!(pipe.symlink_metadata().is_err());
    beside.is_as_before();
}

#[test]
fn what_has_no_place_in_a_folder_is_refused_by_its_own_path() {
    let beside = Beside::new();
    let desk = &beside.desk;
    desk.ok(&["put", "a.txt", "notes/d/x"]);
    for args in [
        ["put", "a.txt", "notes/d"],
        ["put", "a.txt", "notes/a.txt/below"],
        ["cp", "notes/d/x", "notes/a.txt/below"],
    ] {
        let failed = desk.fails(&args);
        assert_eq!(
            (failed.exit, failed.code.as_str()),
            (Some(3), "PathConflict"),
            "{failed:?}"
        );
        assert!(!failed.said.contains("/o/"), "{failed:?}");
    }
    let long = format!("notes/{}", ["deep"; 1_000].join("/"));
    let failed = desk.fails(&["put", "a.txt", &long]);
    assert_eq!(
        (failed.exit, failed.code.as_str()),
        (Some(2), "PathTooLong"),
        "{failed:?}"
    );
    assert!(failed.message.len() < 500, "{failed:?}");
}

/// Two people at once: what `put` has acknowledged is there, wherever `mv` has taken it.
#[test]
fn a_put_during_a_move_of_its_object_is_not_lost() {
    let beside = Beside::new();
    let desk = &beside.desk;
    desk.ok(&["resource", "create", "other"]);
    for turn in 0..10 {
        let to = ["notes/to", "other/to"][turn % 2];
        desk.ok(&["put", "a.txt", "notes/from"]);
        let new = format!("new {turn}");
        desk.file("new.txt", new.as_bytes());
        let mut moving = desk.command(&["mv", "notes/from", to]).spawn().unwrap();
        desk.ok(&["put", "new.txt", "notes/from"]);
        moving.wait().unwrap();
        let found = ["notes/from", to].map(|path| desk.run(&["cat", path]).stdout);
        assert!(found.contains(&new.into_bytes()), "{turn}: {found:?}");
    }
}
