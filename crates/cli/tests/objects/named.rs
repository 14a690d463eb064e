use std::collections::BTreeSet;
use std::fs;
use std::path::Path as OsPath;

use object_store::path::Path;
use serde_json::Value;

use strongroom_tests::application;

use crate::desk::{Desk, files};

/// Paths that `object_store` takes, of every kind that could be lost on the way.
fn nasty() -> Vec<Path> {
    let parsed = [
        "my file.txt",
        "my folder/plain.txt",
        "my folder/two  words",
        "plain/my file.txt",
        "caf%c3%a9",
        "café",
        "cafe\u{301}",
        "%41",
        "%2541",
        "%",
        "%zz",
        "100%",
        "%=",
        "%=plain",
        "%=my file",
        "%%=my file",
        "%25=my%20file",
        "%@",
        "link%@",
        "bin%@/x",
        "a%+/b",
        "c%+",
        "#1.txt",
        "part#",
        "back\\slash",
        "new\\nline",
        "\\u{202e}",
        "gpj\u{202e}.exe",
        "\u{9b}2J",
        "zero\u{200b}width",
        "no\u{a0}break",
        "no break",
        "tail ",
        " head",
        "tail",
        "head",
        "dots...",
        "...dots",
        ".hidden",
        "~",
        "*",
        "a?b",
        "[c]",
        "{d}",
        "\"quoted\"",
        "it's",
        "-dash",
        "--json",
        "Case",
        "case",
        "CASE",
        "猫/🔒",
        "name@",
        "a%2Fb",
        "%2E%2Ef",
        "%2E/%2E%2E/up",
        "%00",
    ];
    let long = [
        "w w".repeat(84),
        "x".repeat(121),
        format!("{}%+/aaaa", "a".repeat(117)),
        format!("{}%+/bbb", "b".repeat(118)),
    ];
    let encoded = [
        "my other file.txt",
        "tab\tand\nline",
        "../up",
        "per%cent",
        "~{^}*",
    ];
    let mut all: Vec<Path> = parsed
        .iter()
        .copied()
        .chain(long.iter().map(String::as_str))
        .map(|text| Path::parse(text).unwrap())
        .chain(encoded.map(Path::from))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn texts(lines: &[Value]) -> Vec<String> {
    let text = |line: &Value| line["path"].as_str().unwrap().to_owned();
    lines.iter().map(text).collect()
}

/// The bytes of what is at these addresses, one after the other.
fn read(desk: &Desk, addresses: &[String]) -> String {
    let args: Vec<&str> = ["cat"]
        .into_iter()
        .chain(addresses.iter().map(String::as_str))
        .collect();
    let output = desk.command(&args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

fn with<'a>(verb: &[&'a str], addresses: &'a [String]) -> Vec<&'a str> {
    let addresses = addresses.iter().map(String::as_str);
    verb.iter().copied().chain(addresses).collect()
}

fn in_notes(paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| format!("notes/{path}")).collect()
}

#[test]
fn what_is_listed_can_be_addressed_and_no_two_look_alike() {
    let desk = Desk::with(&["notes", "other"]);
    let objects = nasty();
    application::put(&desk.path("data"), "notes", &objects);
    // The same names, put by the program.
    for name in ["my file.txt", "%=real", "%=my file.txt2", "%%=my file.txt3"] {
        let file = desk.file(&format!("in/{name}"), name.as_bytes());
        desk.json(&["put", file.to_str().unwrap(), "notes/"]);
    }
    let stored = application::listed(&desk.path("data"), "notes");
    assert_eq!(stored.len(), objects.len() + 4);

    let listed = texts(&desk.lines(&["ls", "-r", "notes"]));
    let different: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(different.len(), stored.len(), "{listed:#?}");
    for path in &listed {
        assert!(!path.chars().any(strongroom_base::misleads), "{path:?}");
        assert!(!path.starts_with(' ') && !path.ends_with(' '), "{path:?}");
    }

    // Every verb takes what was listed.
    let addresses = in_notes(&listed);
    let told = texts(&desk.lines(&with(&["stat"], &addresses)));
    assert_eq!(told, listed);
    let every = read(&desk, &addresses);
    for object in &objects {
        let found = every.matches(object.as_ref()).count();
        assert!(found >= 1, "{object}");
    }
    let checked = desk.json(&with(&["fsck", "--deep"], &addresses));
    assert_eq!(
        (&checked["checked"], &checked["damaged"]),
        (&stored.len().into(), &0.into())
    );

    // People are shown the same, but for the mark of links.
    let plain = desk.command(&["ls", "-r", "notes"]).output().unwrap();
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert_eq!(plain.lines().count(), stored.len() + 1);
    for path in &listed {
        let shown = |line: &str| {
            line.ends_with(&format!("  {path}")) || line.ends_with(&format!("  {path}\\@"))
        };
        assert!(plain.lines().any(shown), "{path}\n{plain}");
    }

    // Taken out and put in again they are the same objects.
    desk.json(&["get", "notes/link\\@", "link"]);
    desk.json(&["rm", "notes/link\\@"]);
    desk.json(&["get", "notes", "out"]);
    desk.json(&["put", "out", "other"]);
    let again: Vec<Path> = stored
        .iter()
        .filter(|path| path.as_ref() != "link%@")
        .map(|path| Path::parse(format!("out/{path}")).unwrap())
        .collect();
    assert_eq!(application::listed(&desk.path("data"), "other"), again);
    assert_eq!(
        fs::read(desk.path("out/%=my file.txt")).unwrap(),
        b"my file.txt"
    );
    let others = texts(&desk.lines(&["ls", "-r", "other"]));
    let others: Vec<String> = others.iter().map(|path| format!("other/{path}")).collect();
    let mut sorted: Vec<char> = every.chars().collect();
    let mut again: Vec<char> = (read(&desk, &others) + "link%@").chars().collect();
    sorted.sort_unstable();
    again.sort_unstable();
    assert_eq!(sorted, again);

    // Removed by name, nothing is left.
    let listed = in_notes(&texts(&desk.lines(&["ls", "-r", "notes"])));
    let removed = desk.json(&with(&["rm"], &listed));
    assert_eq!(removed["removed"], listed.len());
    assert!(application::listed(&desk.path("data"), "notes").is_empty());
}

#[test]
fn each_verb_takes_one_object_of_an_application() {
    let desk = Desk::with(&["notes", "other"]);
    let objects: Vec<Path> = [
        "my file.txt",
        "back\\slash",
        "gpj\u{202e}.exe",
        "my folder/a%41",
        "link%@",
        "a%+/b",
        "é",
    ]
    .map(|text| Path::parse(text).unwrap())
    .into();
    application::put(&desk.path("data"), "notes", &objects);
    application::put(&desk.path("data"), "notes", &[Path::from("link")]);
    for line in desk.lines(&["ls", "-r", "notes"]) {
        let path = line["path"].as_str().unwrap();
        let name = path.rsplit('/').next().unwrap();
        let address = format!("notes/{path}");
        let bytes = desk.read(&address);
        desk.json(&["cp", &address, "other/copied/"]);
        assert_eq!(desk.read(&format!("other/copied/{name}")), bytes, "{path}");
        desk.json(&["mv", &format!("other/copied/{name}"), "other/moved"]);
        assert_eq!(desk.read("other/moved"), bytes, "{path}");
        desk.json(&["rm", "other/moved"]);
        desk.json(&["get", &address, "out"]);
        let out = desk.path("out");
        let written = out.symlink_metadata().unwrap();
        assert!(
            written.is_symlink() || fs::read(&out).unwrap() == bytes,
            "{path}"
        );
        fs::remove_file(out).unwrap();
    }
    assert!(application::listed(&desk.path("data"), "other").is_empty());

    // Folders too, as prefixes: what is in one has its name before its own.
    for line in desk.lines(&["ls", "notes"]) {
        let folder = line["path"].as_str().unwrap();
        if line["kind"] == "folder" {
            let address = format!("notes/{folder}");
            let within = texts(&desk.lines(&["ls", "-r", &address]));
            assert!(!within.is_empty() && within.iter().all(|path| path.starts_with(folder)));
            assert_eq!(desk.json(&["stat", &address])["entries"], 1);
            assert_eq!(desk.json(&["fsck", &address])["checked"], 1);
            desk.json(&["cp", "-r", &address, "other/kept"]);
            let kept = texts(&desk.lines(&["ls", "-r", "other/kept"]));
            let names = |paths: &[String], above: &str| -> Vec<String> {
                paths
                    .iter()
                    .map(|path| path.replacen(above, "", 1))
                    .collect()
            };
            assert_eq!(names(&kept, "kept/"), names(&within, folder));
            desk.json(&["rm", "-r", "other/kept"]);
        }
    }
}

#[test]
fn a_folder_is_said_to_be_one() {
    let desk = Desk::with(&["notes"]);
    for name in ["d/f", "d/g", "d/e/h"] {
        let file = desk.file(&format!("in/{name}"), b"x");
        desk.json(&["put", file.to_str().unwrap(), &format!("notes/{name}")]);
    }
    for address in ["notes/d", "notes/d/"] {
        let told = desk.json(&["stat", address]);
        assert_eq!(
            (&told["path"], &told["kind"], &told["entries"]),
            (&"d/".into(), &"folder".into(), &3.into())
        );
        assert_eq!(desk.fails(&["cat", address]), (2, "IsFolder".to_owned()));
        assert_eq!(desk.fails(&["rm", address]), (2, "IsFolder".to_owned()));
    }
    // A file does not take the place of a folder.
    let file = desk.file("in/f", b"x");
    let (code, told) = desk.fails(&["put", file.to_str().unwrap(), "notes/d"]);
    assert_eq!((code, told.as_str()), (3, "PathConflict"));
    let said = desk
        .command(&["put", file.to_str().unwrap(), "notes/d"])
        .output()
        .unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(
        said.contains("`d` is a folder") && said.lines().count() == 1,
        "{said}"
    );
    for args in [
        ["stat", "notes/none"],
        ["cat", "notes/d/f/"],
        ["fsck", "notes/none"],
        ["ls", "notes/none"],
    ] {
        assert_eq!(
            desk.fails(&args),
            (2, "ObjectNotFound".to_owned()),
            "{args:?}"
        );
    }
}

#[test]
fn one_bad_thing_does_not_stop_the_rest() {
    let desk = Desk::with(&["notes", "other"]);
    for name in ["d/a", "d/b", "d/c", "e"] {
        let file = desk.file(&format!("in/{name}"), name.as_bytes());
        desk.json(&["put", file.to_str().unwrap(), &format!("notes/{name}")]);
    }
    // One is cut off, another changed.
    let at_rest = desk.at_rest("notes");
    let cut = |name: &str| {
        let path = at_rest.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..20]).unwrap();
    };
    cut("d/a");
    let changed = at_rest.join("d/b");
    let mut bytes = fs::read(&changed).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&changed, bytes).unwrap();

    let several = |args: &[&str]| {
        let output = desk.command(args).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            said,
        )
    };
    let (code, read, said) = several(&["cat", "notes/d/a", "notes/none", "notes/d/b", "notes/e"]);
    assert_eq!((code, read.as_str()), (6, "e"));
    assert_eq!(said.matches("error").count(), 3, "{said}");
    let (code, shown, _) = several(&["stat", "notes/none", "notes/e"]);
    assert_eq!((code, shown.lines().count()), (2, 2));
    for args in [&["ls", "-r", "notes"][..], &["ls", "notes/d"]] {
        let (code, shown, said) = several(args);
        assert_eq!((code, shown.contains("d/c")), (6, true));
        assert!(said.contains("d/a"), "{said}");
    }
    let (code, told, said) = several(&["cp", "-r", "notes/d", "other"]);
    assert_eq!(code, 6);
    assert!(
        told.starts_with("1 copied") && said.matches("error").count() == 2,
        "{told}{said}"
    );
    assert_eq!(desk.read("other/d/c"), b"d/c");
    let (code, told, _) = several(&["mv", "notes/d", "other/moved"]);
    // A rename within a resource looks at nothing; this one seals anew.
    assert_eq!(code, 6);
    assert!(told.starts_with("1 moved"), "{told}");

    // What is damaged can be removed.
    assert_eq!(desk.json(&["rm", "notes/d/a"])["removed"], 1);
    cut("d/b");
    assert_eq!(desk.json(&["rm", "-r", "notes/d"])["removed"], 1);
    assert_eq!(desk.listed("notes"), ["e"]);
    assert_eq!(files(&at_rest).len(), 1);
    assert!(!OsPath::new(&changed).exists());
}

/// An application can store both; a folder holds one.
#[test]
fn of_a_file_and_a_link_of_one_path_the_file_is_meant_and_the_link_is_named() {
    let desk = Desk::with(&["notes"]);
    let objects = ["d/a", "d/a%@", "d/only%@", "d/z"].map(|text| Path::parse(text).unwrap());
    application::put(&desk.path("data"), "notes", &objects);
    for (source, out, force) in [
        ("notes", "out/d", false),
        ("notes/d", "there", false),
        ("notes/d", "there", true),
    ] {
        let to = out.split('/').next().unwrap();
        let mut args = vec!["get", source, to];
        if force {
            fs::remove_dir_all(desk.path(to)).unwrap();
            args.push("--force");
        }
        let output = desk.run(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert_eq!(error["error"]["code"], "PathConflict");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(r"`notes/d/a\@`"), "{message}");
        assert_eq!(fs::read(desk.path(&format!("{out}/a"))).unwrap(), b"d/a");
        assert_eq!(fs::read(desk.path(&format!("{out}/z"))).unwrap(), b"d/z");
        let only = fs::read_link(desk.path(&format!("{out}/only"))).unwrap();
        assert_eq!(only, OsPath::new("d/only%@"));
        assert_eq!(fs::read_dir(desk.path(out)).unwrap().count(), 3);
    }
    desk.json(&["get", r"notes/d/a\@", "link"]);
    assert_eq!(
        fs::read_link(desk.path("link")).unwrap(),
        OsPath::new("d/a%@")
    );

    for (place, checked) in [
        ("notes/d/a", 1),
        (r"notes/d/a\@", 1),
        ("notes/d/only", 1),
        ("notes/d", 4),
    ] {
        assert_eq!(desk.json(&["fsck", place])["checked"], checked, "{place}");
    }
    // It is the one that is looked at, too.
    let link = desk.at_rest("notes").join("d/a%@");
    fs::write(link, "damaged").unwrap();
    assert_eq!(desk.json(&["fsck", "notes/d/a"])["damaged"], 0);
    assert_eq!(desk.fails(&["fsck", r"notes/d/a\@"]).0, 6);
}
