//! One bad thing does not stop the rest: what can be done is done, what cannot is named.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Output};

use serde_json::Value;

use crate::desk::{Desk, json_lines};

const NAMES: [&str; 4] = ["a", "cut", "flipped", "z"];

/// A resource with four objects, one of an impossible size and one with a byte changed.
fn damaged(customers: bool) -> Desk {
    let desk = Desk::with(&["notes", "other"]);
    if customers {
        desk.under_a_customers_key("notes");
    }
    for name in NAMES {
        desk.file(&format!("in/{name}"), name.as_bytes());
    }
    desk.json(&["put", "in", "notes"]);
    damage(&desk, "in");
    desk
}

fn damage(desk: &Desk, folder: &str) {
    let at_rest = desk.at_rest("notes").join(folder);
    let cut = fs::read(at_rest.join("cut")).unwrap();
    fs::write(at_rest.join("cut"), &cut[..60]).unwrap();
    let mut flipped = fs::read(at_rest.join("flipped")).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(at_rest.join("flipped"), flipped).unwrap();
}

/// The exit code, what was answered, and the texts of all failures.
fn told(desk: &Desk, args: &[&str]) -> (Option<i32>, Option<Value>, Vec<String>) {
    said(&desk.run(args))
}

fn said(output: &Output) -> (Option<i32>, Option<Value>, Vec<String>) {
    let answer = json_lines(&output.stdout).pop();
    let error = json_lines(&output.stderr).pop().unwrap();
    let error = &error["error"];
    let each = match error["failed"].as_array() {
        Some(each) => each.clone(),
        None => vec![error.clone()],
    };
    let texts = each
        .iter()
        .map(|one| one["message"].as_str().unwrap().to_owned());
    (output.status.code(), answer, texts.collect())
}

fn names(texts: &[String], names: &[&str]) {
    assert_eq!(texts.len(), names.len(), "{texts:?}");
    for name in names {
        assert!(
            texts.iter().any(|text| text.contains(name)),
            "{name}: {texts:?}"
        );
    }
}

#[test]
fn damaged_objects_do_not_stop_what_takes_many_and_can_be_removed() {
    for customers in [false, true] {
        let desk = damaged(customers);
        let (code, answer, texts) = told(&desk, &["get", "notes", "out"]);
        assert_eq!((code, &answer.unwrap()["files"]), (Some(6), &2.into()));
        names(&texts, &["in/cut", "in/flipped"]);
        assert_eq!(fs::read(desk.path("out/in/a")).unwrap(), b"a");
        assert_eq!(fs::read(desk.path("out/in/z")).unwrap(), b"z");
        assert!(!desk.path("out/in/flipped").exists());

        for to in ["other/copy", "notes/copy"] {
            let (code, answer, texts) = told(&desk, &["cp", "-r", "notes/in", to]);
            assert_eq!(
                (code, &answer.unwrap()["files"]),
                (Some(6), &2.into()),
                "{to}"
            );
            names(&texts, &["in/cut", "in/flipped"]);
        }
        assert_eq!(desk.read("other/copy/z"), b"z");

        let (code, answer, texts) = told(&desk, &["mv", "notes/in", "other/moved"]);
        assert_eq!((code, &answer.unwrap()["files"]), (Some(6), &2.into()));
        names(&texts, &["in/cut", "in/flipped"]);
        assert_eq!(desk.read("other/moved/a"), b"a");
        let at_rest = desk.at_rest("notes").join("in");
        assert!(at_rest.join("cut").exists() && at_rest.join("flipped").exists());
        assert!(!at_rest.join("a").exists());

        // What is damaged goes by its name, and with its folder.
        desk.json(&["rm", "notes/in/cut"]);
        desk.json(&["rm", "notes/in/flipped"]);
        assert!(!at_rest.exists());
        desk.json(&["put", "in", "notes"]);
        damage(&desk, "in");
        assert_eq!(desk.json(&["rm", "-r", "notes/in"])["removed"], 4);
        assert!(!at_rest.exists());
        assert_eq!(desk.json(&["fsck", "--deep", "notes"])["damaged"], 0);
    }
}

#[test]
fn of_several_that_are_named_each_is_done_that_can_be() {
    let desk = damaged(false);
    let output = desk.run(&[
        "cat",
        "notes/in/a",
        "notes/none",
        "notes/in/flipped",
        "notes/in/z",
    ]);
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(6), &b"az"[..])
    );
    let (code, answer, texts) = told(&desk, &["rm", "notes/in/a", "notes/none", "notes/in"]);
    assert_eq!((code, &answer.unwrap()["removed"]), (Some(2), &1.into()));
    names(&texts, &["notes/none", "notes/in"]);
    let (code, answer, _) = told(&desk, &["fsck", "none", "notes"]);
    assert_eq!((code, &answer.unwrap()["checked"]), (Some(6), &3.into()));
}

#[test]
fn a_source_that_cannot_be_read_does_not_stop_the_others() {
    for verb in ["put", "ingest"] {
        let desk = Desk::with(&["notes"]);
        desk.file("in/a", b"a");
        desk.file("in/closed", b"closed");
        desk.file("in/z", b"z");
        let path = desk.path("in/closed");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // A name that the store has no place for.
        let long = format!("in/{}/deep", vec!["\u{fc}".repeat(100); 8].join("/"));
        desk.file(&long, b"far");
        let stored = desk.run_bound_by_modes(&[verb, "in", "notes/all/"]);
        let (code, _, texts) = said(&stored);
        assert_eq!(code, Some(4), "{texts:?}");
        names(&texts, &["closed", "deep"]);
        assert!(texts.iter().all(|text| text.len() < 1_000), "{texts:?}");
        let folder = if verb == "put" {
            "notes/all/in"
        } else {
            "notes/all"
        };
        assert_eq!(desk.read(&format!("{folder}/a")), b"a");
        assert_eq!(desk.read(&format!("{folder}/z")), b"z");
    }
    let desk = Desk::with(&["notes"]);
    desk.file("a", b"a");
    let (code, answer, texts) = told(&desk, &["put", "gone", "a", "notes/"]);
    assert_eq!((code, &answer.unwrap()["files"]), (Some(2), &1.into()));
    names(&texts, &["gone"]);
    assert_eq!(desk.read("notes/a"), b"a");
}

#[test]
fn a_folder_that_may_not_be_read_does_not_keep_the_rest_from_being_checked() {
    let desk = damaged(false);
    desk.file("more/closed/f", b"f");
    desk.file("more/open/f", b"f");
    desk.json(&["put", "more", "notes"]);
    let closed = desk.at_rest("notes").join("more/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Of what is below `more`, and of all: there is damage as well.
    for (place, checked, exit) in [("notes/more", 1, 4), ("notes", 5, 6)] {
        let output = desk.run_bound_by_modes(&["fsck", "--deep", place]);
        let (code, answer, texts) = said(&output);
        assert_eq!(code, Some(exit), "{texts:?}");
        assert_eq!(answer.unwrap()["checked"], checked, "{texts:?}");
        let named = texts.iter().filter(|text| text.contains("more/closed"));
        assert_eq!(named.count(), 1, "{texts:?}");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(desk.json(&["fsck", "notes/more"])["checked"], 2);
}

/// Each is told by its own reason, and the rest is listed.
#[test]
fn what_cannot_be_listed_is_told_by_what_it_is() {
    let desk = damaged(false);
    let folder = desk.at_rest("notes").join("in");
    symlink("a", folder.join("link")).unwrap();
    let pipe = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(pipe.unwrap().success());
    fs::write(folder.join("b\u{7}d"), "x").unwrap();
    for args in [&["ls", "notes/in"][..], &["ls", "-r", "notes"]] {
        let output = desk.run(args);
        assert_eq!(output.status.code(), Some(6));
        let error = json_lines(&output.stderr).pop().unwrap();
        let told = error["error"]["failed"].as_array().unwrap();
        // With what led to each.
        let told: Vec<String> = told.iter().map(Value::to_string).collect();
        for (name, is) in [
            ("in/cut", "stored bytes"),
            ("in/link", "a symbolic link"),
            ("in/pipe", "a pipe"),
            ("in/b%07d", "no object"),
        ] {
            let is_told = |text: &String| text.contains(name) && text.contains(is);
            assert!(
                told.iter().any(is_told),
                "{args:?}: {name} is {is}: {told:?}"
            );
        }
        assert_eq!(told.len(), 4, "{told:?}");
        let listed = json_lines(&output.stdout);
        assert_eq!(listed.len(), 3, "{listed:?}");
    }
}
