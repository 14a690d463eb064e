//! What an installation is made of is neither stored, nor removed, nor written over.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::process::Stdio;

use crate::desk::Desk;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Nothing of what lies in `data` and `data.keep` is among the stored paths, and the installation is whole.
fn holds(desk: &Desk) {
    for path in desk.listed("notes") {
        for own in [
            "ledger.db",
            "root.key",
            "installation.json",
            "objects/",
            "-keys.db",
            "audit-heads",
        ] {
            assert!(!path.contains(own), "{path}");
        }
    }
    assert_eq!(desk.json(&["audit", "verify"])["verified"], true);
}

#[test]
fn i03_an_installation_is_neither_stored_nor_removed_whatever_leads_to_it() {
    for customers in [false, true] {
        let desk = Desk::with(&["notes"]);
        if customers {
            desk.under_a_customers_key("notes");
        }
        desk.file("f", b"one");
        desk.file("sub/g", b"two");
        fs::hard_link(desk.path("data.keep/root.key"), desk.path("sub/linked")).unwrap();
        for round in 0..2 {
            let output = desk.command(&["put", ".", "notes/b/"]).output().unwrap();
            assert!(output.status.success(), "{round}: {}", text(&output.stderr));
            let said = text(&output.stderr);
            for named in ["./data,", "./data.keep,", "./sub/linked,"] {
                assert!(said.contains(named), "{said}");
            }
            assert_eq!(desk.listed("notes"), ["b/f", "b/sub/g"]);
        }
        symlink(desk.path("data"), desk.path("link")).unwrap();
        let objects = desk.path("data/objects");
        let inside = objects.to_str().unwrap();
        let url = format!("file://{inside}");
        let own: [&[&str]; 9] = [
            &["put", "data", "notes"],
            &["put", "data/ledger.db", "notes/x"],
            &["put", "data.keep/root.key", "notes/x"],
            &["put", "sub/linked", "notes/x"],
            &["put", "link/", "notes/x/"],
            &["put", "link/ledger.db", "notes/x"],
            &["ingest", inside, "notes/x", "--remove-source"],
            &["ingest", &url, "notes/x", "--remove-source"],
            &[
                "ingest",
                "sub/../link/../data.keep",
                "notes/x",
                "--remove-source",
            ],
        ];
        for args in own {
            assert_eq!(
                desk.fails(args),
                (3, "InstallationFiles".to_owned()),
                "{args:?}"
            );
            holds(&desk);
        }
        // The rest of what is named is taken.
        let output = desk.run(&["put", "data", "f", "notes/c/"]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(desk.read("notes/c/f"), b"one");

        let url = format!("file://{}", desk.path("").display());
        for source in [".", &url] {
            desk.file("f", b"one");
            desk.file("sub/g", b"two");
            let done = desk.json(&["ingest", source, "notes/in", "--remove-source"]);
            assert_eq!(
                done["removed"].as_u64().unwrap(),
                if source == "." { 3 } else { 2 }
            );
            holds(&desk);
            assert!(desk.path("sub/linked").exists() && !desk.path("f").exists());
            assert_eq!(desk.read("notes/in/f"), b"one");
        }
        let within = desk
            .command(&["ingest", ".", "notes/in", "--remove-source"])
            .current_dir(desk.path("data/objects"))
            .output()
            .unwrap();
        assert_eq!(within.status.code(), Some(3), "{}", text(&within.stderr));
        holds(&desk);
    }
}

#[test]
fn i03_another_installation_is_known_by_its_files() {
    let desk = Desk::with(&["notes"]);
    desk.file("all/f", b"one");
    fs::create_dir(desk.path("all/a")).unwrap();
    desk.json(&[
        "--data",
        "all/other",
        "init",
        "--root-key",
        "file:all/a/key",
        "--audit-heads",
        "all/a/heads",
    ]);
    let before = fs::read(desk.path("all/a/key")).unwrap();
    let output = desk.run(&["ingest", "all", "notes", "--remove-source"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(desk.listed("notes"), ["f"]);
    assert_eq!(fs::read(desk.path("all/a/key")).unwrap(), before);
    assert_eq!(
        desk.json(&["--data", "all/other", "audit", "verify"])["verified"],
        true
    );
}

#[test]
fn i03_nothing_is_taken_out_into_an_installation() {
    let desk = Desk::with(&["notes"]);
    for name in ["ledger.db", "objects/x"] {
        let file = desk.file(&format!("in/data/{name}"), b"not a database");
        desk.json(&["put", file.to_str().unwrap(), &format!("notes/data/{name}")]);
    }
    symlink(desk.path("data"), desk.path("link")).unwrap();
    for to in [
        "data/ledger.db",
        "data/new",
        "link/ledger.db",
        "data.keep/root.key",
        "data/objects/",
        "data/a/b",
    ] {
        let args = ["get", "--force", "notes/data/ledger.db", to];
        assert_eq!(
            desk.fails(&args),
            (3, "InstallationFiles".to_owned()),
            "{to}"
        );
    }
    for args in [
        &["get", "--force", "notes", "."][..],
        &["get", "notes", "data"],
        &["get", "notes/data", "."],
    ] {
        let (code, _) = desk.fails(args);
        assert_eq!(code, 3, "{args:?}");
    }
    assert_eq!(desk.json(&["audit", "verify"])["verified"], true);
    assert!(!desk.path("data/new").exists() && !desk.path("data/a").exists());
}

#[test]
fn nothing_but_a_file_or_a_link_is_replaced() {
    let desk = Desk::with(&["notes"]);
    desk.file("f", b"new");
    desk.json(&["put", "f", "notes/f"]);
    let made = std::process::Command::new("mkfifo")
        .arg(desk.path("pipe"))
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(desk.path("socket")).unwrap();
    symlink("pipe", desk.path("to-pipe")).unwrap();
    fs::create_dir_all(desk.path("d/f")).unwrap();
    for to in ["pipe", "socket", "to-pipe", "d"] {
        for force in [&["--force"][..], &[]] {
            let args = [&["get", "notes/f", to][..], force].concat();
            assert_eq!(
                desk.fails(&args),
                (3, "NotReplaceable".to_owned()),
                "{args:?}"
            );
        }
    }
    assert!(
        fs::symlink_metadata(desk.path("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    assert!(desk.path("to-pipe").is_symlink());
    desk.file("old", b"old");
    symlink("old", desk.path("to-old")).unwrap();
    for to in ["old", "to-old"] {
        assert_eq!(
            desk.fails(&["get", "notes/f", to]),
            (3, "FileExists".to_owned())
        );
        desk.json(&["get", "--force", "notes/f", to]);
        assert_eq!(fs::read(desk.path(to)).unwrap(), b"new");
    }
    assert!(!desk.path("to-old").is_symlink());
}

#[test]
fn a_standard_input_that_cannot_be_read_changes_nothing() {
    let desk = Desk::with(&["notes"]);
    desk.under_a_customers_key("notes");
    desk.file("f", b"kept");
    desk.json(&["put", "f", "notes/f"]);
    let program = env!("CARGO_BIN_EXE_strongroom");
    let shell = |line: &str| {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("exec \"$0\" {line}"), program])
            .current_dir(desk.path(""))
            .env("STRONGROOM_DATA", desk.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command.output().unwrap().status.code()
    };
    for line in [
        "put - notes/f <&-",
        "put - notes/f 0>/dev/null",
        "put - notes/f </",
        "put - notes/new <&-",
        "key wrap contoso docs <&-",
        "key encrypt contoso docs <&-",
        "key import contoso other <&-",
    ] {
        assert_eq!(shell(line), Some(2), "{line}");
    }
    assert_eq!(desk.read("notes/f"), b"kept");
    assert_eq!(desk.listed("notes"), ["f"]);
    assert_eq!(shell("put - notes/empty </dev/null"), Some(0));
    assert_eq!(desk.read("notes/empty"), b"");
}
