use std::fs;

use serde_json::Value;

use crate::desk::{Desk, files, json_lines};
use crate::pattern;

/// What fsck says of each damaged object, by path, and its last line.
fn damage(desk: &Desk, args: &[&str]) -> (i32, Vec<(String, String)>, Value) {
    let output = desk.run(args);
    let mut lines = json_lines(&output.stdout);
    let summary = lines.pop().unwrap();
    let mut found: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("path"), text("code"))
        })
        .collect();
    found.sort();
    (output.status.code().unwrap(), found, summary)
}

fn named(found: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(path, code): &(&str, &str)| ((*path).to_owned(), (*code).to_owned());
    found.iter().map(owned).collect()
}

#[test]
fn r01_fsck_finds_damage_and_changes_nothing() {
    for resource in ["notes", "notes-r"] {
        let desk = Desk::with(&[resource]);
        for (name, length) in [
            ("empty", 0),
            ("short", 10),
            ("long", 100_000),
            ("folder/other", 40_000),
        ] {
            let file = desk.file(&format!("in/{name}"), &pattern(7, length));
            desk.json(&["put", file.to_str().unwrap(), &format!("{resource}/{name}")]);
        }
        for args in [&["fsck", resource][..], &["fsck", "--deep", resource]] {
            let (code, found, summary) = damage(&desk, args);
            assert_eq!((code, found.len()), (0, 0));
            assert_eq!(summary["checked"], 4);
            let opened = summary["bytes"].as_u64().unwrap();
            assert_eq!(opened == 140_010, args.len() == 3, "{opened}");
        }

        let at_rest = desk.at_rest(resource);
        let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = fs::read(at_rest.join(name)).unwrap();
            change(&mut bytes);
            fs::write(at_rest.join(name), bytes).unwrap();
        };
        // In the middle of an object only a deep check looks.
        change("long", &|bytes| bytes[40_000] ^= 1);
        let (code, found, _) = damage(&desk, &["fsck", resource]);
        assert_eq!((code, found.len()), (0, 0));
        let (code, found, summary) = damage(&desk, &["fsck", "--deep", resource]);
        assert_eq!(code, 6);
        assert_eq!(found, named(&[("long", "AuthenticationFailed")]));
        assert_eq!(summary["damaged"], 1);

        change("folder/other", &|bytes| bytes.truncate(bytes.len() - 3));
        change("short", &|bytes| bytes.truncate(60));
        change("empty", &|bytes| {
            *bytes = b"someone else's text, long enough to be of a possible size. Or so it seems, does it?".repeat(2);
        });
        let before: Vec<_> = files(&desk.path("data/objects"));
        let (code, found, summary) = damage(&desk, &["fsck", resource]);
        assert_eq!(code, 6);
        let expected = [
            ("empty", "NotSealed"),
            ("folder/other", "AuthenticationFailed"),
            ("short", "ObjectTruncated"),
        ];
        assert_eq!(found, named(&expected));
        assert_eq!(summary["checked"], 4);
        let below = format!("{resource}/folder");
        let (_, found, summary) = damage(&desk, &["fsck", "--deep", &below]);
        assert_eq!(found, named(&expected[1..2]));
        assert_eq!(summary["checked"], 1);
        assert_eq!(files(&desk.path("data/objects")), before);
    }
}
