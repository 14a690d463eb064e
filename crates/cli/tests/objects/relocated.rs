use std::os::unix::fs::symlink;

use crate::desk::Desk;
use crate::pattern;

/// Two resources of each binding, the first with a folder in it.
fn desk() -> Desk {
    let desk = Desk::with(&["one", "two", "one-r", "two-r"]);
    for (name, length) in [("a.txt", 5), ("f/b.bin", 20_000), ("f/g/c.bin", 9_000_000)] {
        desk.file(&format!("in/{name}"), &pattern(1, length));
    }
    symlink("b.bin", desk.path("in/f/link")).unwrap();
    for resource in ["one", "one-r"] {
        desk.json(&["put", "in/a.txt", "in/f", resource]);
    }
    desk
}

fn same(desk: &Desk, address: &str, length: usize) {
    assert!(desk.read(address) == pattern(1, length), "{address}");
}

#[test]
fn copies_go_within_and_between_resources_and_leave_the_source() {
    let desk = desk();
    for (from, to) in [
        ("one", "one"),
        ("one-r", "one-r"),
        ("one", "two"),
        ("one", "two-r"),
        ("one-r", "two"),
    ] {
        let args =
            |source: &str, target: &str| [format!("{from}/{source}"), format!("{to}/{target}")];
        let [source, target] = args("a.txt", "copied.txt");
        let done = desk.json(&["cp", &source, &target]);
        assert_eq!((&done["files"], &done["bytes"]), (&1.into(), &5.into()));
        same(&desk, &target, 5);
        let [source, target] = args("f", &format!("from-{from}/"));
        let (code, told) = desk.fails(&["cp", &source, &target]);
        assert_eq!((code, &*told), (2, "IsFolder"));
        assert_eq!(desk.json(&["cp", "-r", &source, &target])["files"], 3);
        same(&desk, &format!("{target}f/b.bin"), 20_000);
        same(&desk, &format!("{target}f/g/c.bin"), 9_000_000);
        assert_eq!(desk.read(&format!("{target}f/link")), b"b.bin");
        same(&desk, &format!("{from}/f/g/c.bin"), 9_000_000);
    }
    // What was written is sealed for its own place and resource.
    for resource in ["one", "two", "one-r", "two-r"] {
        assert_eq!(desk.json(&["fsck", "--deep", resource])["damaged"], 0);
    }
}

#[test]
fn moves_go_within_and_between_resources_and_take_the_source_along() {
    let desk = desk();
    for (from, to) in [("one", "two"), ("one-r", "two-r")] {
        let [folder, moved] = [format!("{from}/f"), format!("{from}/h")];
        assert_eq!(desk.json(&["mv", &folder, &moved])["files"], 3);
        assert_eq!(
            desk.listed(from),
            ["a.txt", "h/b.bin", "h/g/c.bin", "h/link"]
        );
        assert_eq!(desk.json(&["mv", &moved, to])["files"], 3);
        assert_eq!(desk.listed(from), ["a.txt"]);
        assert_eq!(desk.listed(to), ["h/b.bin", "h/g/c.bin", "h/link"]);
        same(&desk, &format!("{to}/h/g/c.bin"), 9_000_000);
        // A file takes the place of a link, as `put` has it.
        let [source, target] = [format!("{from}/a.txt"), format!("{to}/h/link")];
        desk.json(&["mv", &source, &target]);
        assert_eq!(desk.listed(to), ["h/b.bin", "h/g/c.bin", "h/link"]);
        same(&desk, &target, 5);
        assert!(desk.listed(from).is_empty());
    }
}

#[test]
fn what_goes_nowhere_is_refused_and_changes_nothing() {
    let desk = desk();
    let before = desk.listed("one");
    let refused: [(&[&str], &str); 6] = [
        (&["mv", "one/a.txt", "one/a.txt"], "OntoItself"),
        (&["mv", "one/a.txt", "one"], "OntoItself"),
        (&["cp", "-r", "one/f", "one/f/g/"], "OntoItself"),
        (&["mv", "one/f", "one/f/g/"], "OntoItself"),
        (&["mv", "one/none", "two"], "ObjectNotFound"),
        (&["cp", "one/none/below", "two"], "ObjectNotFound"),
    ];
    for (args, code) in refused {
        assert_eq!(desk.fails(args), (2, code.to_owned()), "{args:?}");
    }
    // In a folder nothing lies below a file.
    let below = desk.fails(&["cp", "one/f/b.bin", "one/a.txt/below"]);
    assert_eq!(below, (3, "PathConflict".to_owned()));
    assert_eq!(
        desk.fails(&["cat", "one/a.txt/below"]),
        (2, "ObjectNotFound".to_owned())
    );
    assert_eq!(desk.listed("one"), before);
    assert!(desk.listed("two").is_empty());
}

#[test]
fn f62_keys_are_exported_as_the_format_has_it() {
    let desk = Desk::with(&["notes", "notes-r"]);
    for (resource, binding) in [("notes", "location"), ("notes-r", "resource")] {
        let exported = desk.json(&["resource", "export-key", resource]);
        let shown = desk.json(&["resource", "show", resource]);
        assert_eq!(exported["uid"], shown["uid"]);
        assert_eq!(exported["binding"], binding);
        let keys = exported["keys"].as_object().unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys["1"].as_str().unwrap().len(), 64);
    }
}
