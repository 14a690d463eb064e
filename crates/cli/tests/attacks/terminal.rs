//! Attack 14: others choose names, and those reach a terminal. None of them acts there.

use std::fs;
use std::process::Output;

use object_store::path::Path;

use strongroom_tests::application;
use strongroom_tests::desk::Desk;

use crate::desk;

/// Sets a title, clears the screen, turns the direction of writing, hides, ends the line.
const PLANTED: &str =
    "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[8m\u{9b}2J\u{202e}\u{2066}\u{200b}\u{7f}\r\ny";
/// What of it an object's path can hold.
const IN_PATHS: &str = "x\u{9b}2J\u{202e}\u{2066}\u{200b}\u{ad}y";

/// Runs the program as on a terminal that shows colours, and as programs do.
fn ran(desk: &Desk, args: &[&str]) -> Vec<Output> {
    let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    [args, &json]
        .into_iter()
        .map(|args| {
            let mut command = desk.command(args);
            command
                .env("CLICOLOR_FORCE", "1")
                .env("STRONGROOM_LOG", "strongroom=trace,warn");
            command.output().unwrap()
        })
        .collect()
}

/// Nothing acts but the program's own styles and ends of lines.
fn harmless(args: &[&str], outputs: &[Output]) {
    for output in outputs {
        for bytes in [&output.stdout, &output.stderr] {
            let mut text = String::from_utf8(bytes.clone()).unwrap();
            for style in ["[0m", "[1m", "[2m", "[31m", "[32m"] {
                text = text.replace(&format!("\u{1b}{style}"), "");
            }
            let acts = |char: char| char != '\n' && strongroom_base::misleads(char);
            assert!(!text.chars().any(acts), "{args:?}: {text:?}");
        }
    }
    let json = outputs.last().unwrap();
    for line in json.stdout.split(|byte| *byte == b'\n') {
        if !line.is_empty() {
            serde_json::from_slice::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn names_that_others_chose_do_not_act_on_a_terminal() {
    let desk = desk();
    for name in ["notes", "other"] {
        desk.ok(&["resource", "create", name]);
    }
    application::put(
        &desk.path("data"),
        "notes",
        &[
            Path::parse(IN_PATHS).unwrap(),
            Path::parse(format!("d/{IN_PATHS}")).unwrap(),
        ],
    );
    // What a storage writer can plant.
    let at_rest = desk.at_rest("notes");
    fs::write(at_rest.join(format!("cut{IN_PATHS}")), "short").unwrap();
    fs::write(at_rest.join(PLANTED), "short").unwrap();
    fs::write(at_rest.join("d").join(PLANTED), "short").unwrap();
    let file = desk.file(&format!("in/{PLANTED}"), b"mine");
    let source = file.to_str().unwrap();
    let shown = format!("notes/{PLANTED}");

    for args in [
        &["ls", "notes"][..],
        &["ls", "-r", "notes"],
        &["stat", &shown],
        &["stat", &format!("notes/cut{IN_PATHS}")],
        &["cat", &format!("notes/cut{IN_PATHS}")],
        &["fsck", "notes"],
        &["get", "notes", "out"],
        &["get", "notes", "out"],
        &["cp", "-r", "notes/d", "other"],
        &["mv", "notes/d", "other/moved"],
        &["put", source, "other"],
        &["put", "in/none\u{1b}[2J", "other"],
        &["get", &format!("other/{PLANTED}"), "out/"],
        &["get", &format!("other/{PLANTED}"), "out/"],
        &["ingest", "in", "other/again"],
        &["ingest", "in/\u{202e}none", "other"],
        &["rm", &format!("notes/none{IN_PATHS}")],
        &["rm", "-r", "notes/d"],
        &["cat", PLANTED],
        &["resource", "show", PLANTED],
        &["key", "show", PLANTED, PLANTED],
        &["principal", "show", PLANTED],
        &["--lease", PLANTED, "ls", "notes"],
        &[PLANTED],
        &["--as", "\u{202e}", "ls", "notes"],
        &["--data", PLANTED, "ls", "notes"],
        &["audit", "show"],
        &["audit", "export"],
        &["explain", "use", "notes"],
    ] {
        harmless(args, &ran(&desk, args));
    }
    // A file that differs from what is stored is told by its name.
    fs::write(&file, b"other").unwrap();
    harmless(&["ingest"], &ran(&desk, &["ingest", "in", "other/again"]));
}

#[test]
fn a_name_that_misleads_is_not_taken() {
    let desk = desk();
    for name in [
        "gpj\u{202e}.exe",
        "a\u{200b}b",
        "\u{2066}a\u{2069}",
        "a\u{9b}2J",
    ] {
        for args in [["tenant", "create", name], ["subscription", "create", name]] {
            let outputs = ran(&desk, &args);
            assert!(
                outputs.iter().all(|output| output.status.code() == Some(2)),
                "{args:?}"
            );
            harmless(&args, &outputs);
        }
    }
}
