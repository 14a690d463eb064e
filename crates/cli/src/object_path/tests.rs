use futures::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use proptest::prelude::*;

use super::name::{PART_MAX, escape, stands};
use super::*;

fn name() -> impl Strategy<Value = Vec<u8>> {
    let plain = proptest::sample::select(b"abcXYZ019-_.".as_slice());
    let byte = prop_oneof![(1..=255_u8), plain, Just(b'.'), Just(b'#'), Just(b'%')]
        .prop_filter("a name holds no slash", |byte| *byte != b'/');
    prop_oneof![
        3 => proptest::collection::vec(byte.clone(), 1..=255),
        1 => proptest::collection::vec(byte.clone(), 1..=4),
        1 => proptest::collection::vec(byte.clone(), 110..=130),
        1 => (1..4_usize, proptest::collection::vec(byte, 1..=8)).prop_map(|(count, rest)| {
            [&vec![b'%'; count], b"=".as_slice(), &rest].concat()
        }),
    ]
    .prop_filter("no folder lists these", |name| {
        name != b"." && name != b".."
    })
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(name(), 1..=4).prop_map(|names| names.join(&b'/'))
}

/// Parts that an application could choose, those that look like ours among them.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -.0-~é\u{202e}\u{301}猫]{1,12}",
        2 => "(%|=|%=|%%=|%@|%\\+|%41|%20|%2520|#1|a|b c|\\.|\\\\n){1,5}",
        1 => "(a{115,122}|(%FF){38,42})(%\\+)?",
        1 => "[ab]{1,3}(%\\+)?",
    ]
    .prop_filter("no part", |part| !matches!(part.as_str(), "." | ".."))
}

fn object() -> impl Strategy<Value = Path> {
    proptest::collection::vec(part(), 1..=4).prop_map(|parts| Path::parse(parts.join("/")).unwrap())
}

fn kind() -> impl Strategy<Value = ObjectKind> {
    prop_oneof![Just(ObjectKind::File), Just(ObjectKind::Link)]
}

fn encoded(path: &[u8], kind: ObjectKind) -> String {
    encode(path, kind).unwrap().to_string()
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(path in path(), kind in kind()) {
        let object = encode(&path, kind).unwrap();
        prop_assert_eq!(decode(&object), (path, kind));
        for part in object.parts() {
            let part = part.as_ref();
            if !is_foreign(&object) {
                prop_assert!(part.len() <= PART_MAX && !part.ends_with('.'), "{}", part);
                prop_assert!(part.bytes().all(|byte| stands(byte) || byte == b'%'), "{}", part);
            }
        }
    }

    #[test]
    fn every_object_path_is_one_files_path(object in object()) {
        let (path, kind) = decode(&object);
        prop_assert_eq!(encode(&path, kind).unwrap(), object.clone(), "{}", display(&path));
        prop_assert_eq!(read_shown(display(&path).to_string().as_bytes()), path.clone());
        // Every folder above it is found under its own name.
        let text = object.as_ref();
        for (at, _) in text.match_indices('/') {
            let prefix = Path::parse(&text[..at]).unwrap();
            if !ends_within_a_name(&prefix) {
                let folder = decode_folder(&prefix);
                prop_assert!(path.starts_with(&[folder.as_slice(), b"/"].concat()));
                prop_assert_eq!(encode_folder(&folder).unwrap(), prefix);
            }
        }
    }

    #[test]
    fn what_is_nearly_ours_is_one_files_path_too(
        path in path(),
        kind in kind(),
        at in any::<proptest::sample::Index>(),
        put in prop_oneof!["[%+@/.A-Fa-f0-9#é]{0,3}", "%[0-9A-F]{2}", "%\\+/"],
        cut in 0..4_usize,
    ) {
        let mut text = encoded(&path, kind);
        let at = at.index(text.len() + 1);
        if text.is_char_boundary(at) {
            text.replace_range(at..(at + cut).min(text.len()), &put);
        }
        if let Ok(object) = Path::parse(&text) && !object.is_root() {
            let (path, kind) = decode(&object);
            prop_assert_eq!(encode(&path, kind).unwrap(), object);
        }
    }

    #[test]
    fn what_was_stored_before_there_were_marks_keeps_its_name(path in path(), kind in kind()) {
        let is_marked = |name: &[u8]| name.starts_with(b"%") && name.iter().find(|byte| **byte != b'%') == Some(&b'=');
        let names: Vec<_> = path.split(|byte| *byte == b'/').collect();
        if !names.iter().any(|name| is_marked(name)) {
            let (last, folders) = names.split_last().unwrap();
            let mut parts: Vec<_> = folders.iter().map(|name| escape(name, Place::Folder)).collect();
            parts.push(escape(last, Place::Last(kind)));
            prop_assert_eq!(encoded(&path, kind), parts.join("/"));
        }
    }

    #[test]
    fn shown_paths_differ_when_paths_do(
        a in proptest::collection::vec(any::<u8>(), 0..12),
        text in "\\PC{0,8}",
    ) {
        for path in [a.as_slice(), text.as_bytes()] {
            let shown = display(path).to_string();
            prop_assert!(!shown.chars().any(strongroom_base::misleads));
            prop_assert_eq!(read_shown(shown.as_bytes()), path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_local_store_keeps_every_path(
        paths in proptest::collection::btree_map(path(), kind(), 1..4),
    ) {
        // One path may be the folder of another, which no real folder could list.
        let paths: Vec<_> = paths
            .iter()
            .filter(|(path, _)| {
                let folder = [path.as_slice(), b"/"].concat();
                !paths.keys().any(|other| other.starts_with(&folder))
            })
            .map(|(path, kind)| (path.clone(), *kind))
            .collect();
        through_a_local_store(&paths);
    }
}

#[test]
fn the_local_store_keeps_every_byte_and_every_length() {
    let mut paths: Vec<_> = (1..=255_u8)
        .filter(|byte| !matches!(byte, b'/' | b'.'))
        .map(|byte| (vec![byte], ObjectKind::File))
        .collect();
    for length in 1..=255 {
        for (folder, byte) in [(b'a', b'x'), (b'b', 0xff), (b'c', b'.')] {
            if byte != b'.' || length > 2 {
                let path = [&[b'0', folder, b'/'], vec![byte; length].as_slice()].concat();
                paths.push((path, ObjectKind::Link));
            }
        }
    }
    through_a_local_store(&paths);
}

/// Puts every path with its own bytes as content, and expects the list and each get to give
/// them back.
fn through_a_local_store(paths: &[(Vec<u8>, ObjectKind)]) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut listed = runtime.block_on(async {
        for (path, kind) in paths {
            let object = encode(path, *kind).unwrap();
            store.put(&object, path.clone().into()).await.unwrap();
        }
        let metas: Vec<_> = store.list(None).try_collect().await.unwrap();
        let mut listed = Vec::new();
        for meta in metas {
            let (path, kind) = decode(&meta.location);
            let bytes = store
                .get(&meta.location)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            assert_eq!(bytes, path);
            listed.push((path, kind));
        }
        listed
    });
    listed.sort();
    let mut expected = paths.to_vec();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn the_mapping_is_the_documented_one() {
    let file = |path: &str| encoded(path.as_bytes(), ObjectKind::File);
    assert_eq!(file("notes/plan (v2).txt"), "notes/plan%20(v2).txt");
    assert_eq!(file("café"), "caf%C3%A9");
    assert_eq!(file("part#7"), "part%237");
    assert_eq!(file("100%"), "100%25");
    assert_eq!(file("etc..."), "etc..%2E");
    assert_eq!(file(".git/config"), ".git/config");
    assert_eq!(encoded(b"caf\xe9", ObjectKind::File), "caf%E9");
    assert_eq!(encoded(b"now", ObjectKind::Link), "now%@");
    assert_eq!(file(&"a".repeat(120)), "a".repeat(120));
    assert_eq!(file(&"a".repeat(121)), format!("{}%+/aaa", "a".repeat(118)));
    assert_eq!(
        file(&"a".repeat(255)),
        format!("{0}%+/{0}%+/{1}", "a".repeat(118), "a".repeat(19))
    );
    let ninety_nine = format!("{}%+/{}", "%FF".repeat(39), "%FF".repeat(2));
    assert_eq!(encoded(&[0xff; 41], ObjectKind::File), ninety_nine);
    assert_eq!(
        encoded("a".repeat(119).as_bytes(), ObjectKind::Link),
        format!("{}%+/a%@", "a".repeat(118))
    );
    let dots = format!("{}..", "a".repeat(119));
    assert_eq!(file(&dots), format!("{}%+/a.%2E", "a".repeat(118)));
}

#[test]
fn the_documents_examples_are_true() {
    let document = include_str!("../../../../docs/paths.md");
    let mut rows = 0;
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let [_, path, kind, object, _] = cells.as_slice() else {
            continue;
        };
        let (kind, foreign) = match *kind {
            "link" => (ObjectKind::Link, false),
            "object" => (ObjectKind::File, true),
            _ => (ObjectKind::File, false),
        };
        let path = read_shown(path.as_bytes());
        assert_eq!(encoded(&path, kind), *object);
        let object = Path::parse(object).unwrap();
        assert_eq!(decode(&object), (path, kind));
        assert_eq!(is_foreign(&object), foreign, "{object}");
        rows += 1;
    }
    assert!(rows >= 10, "only {rows} examples found");
}

#[test]
fn paths_that_name_no_file_are_refused() {
    let refused = |path: &[u8]| encode(path, ObjectKind::File).unwrap_err();
    let path = |path: &[u8]| path.to_vec();
    assert_eq!(refused(b""), PathError::Empty);
    assert_eq!(
        refused(b"/etc"),
        PathError::Absolute {
            path: path(b"/etc")
        }
    );
    assert_eq!(
        refused(b"a\0b"),
        PathError::Nul {
            path: path(b"a\0b")
        }
    );
    for empty in [b"a//b".as_slice(), b"a/"] {
        assert_eq!(refused(empty), PathError::EmptyName { path: path(empty) });
    }
    for dots in [b".".as_slice(), b"..", b"a/../b", b"./a", b"a/."] {
        assert_eq!(refused(dots), PathError::DotName { path: path(dots) });
    }
}

#[test]
fn objects_that_an_application_named_have_marked_names() {
    let long = "a".repeat(121);
    let early = format!("{}%+/aaaa", "a".repeat(117));
    for text in [
        "%", "a%", "a%4", "%zz", "%c3%a9", "%41", "%2F", "%00", "%2E", "%2E%2E", "a.", "é", "a b",
        "a#1", "a%@b", "a%@/b", "%@", "a%+", "a%+/b", "%+/b", "a%+b", "a%25/%2B", "%=", "%=a",
        "%%=a b", "a\\b", "~", "*", &long, &early,
    ] {
        let object = Path::parse(text).unwrap();
        assert!(is_foreign(&object), "{text}");
        let (path, kind) = decode(&object);
        assert_eq!(encode(&path, kind).unwrap(), object);
        assert!(
            path.split(|byte| *byte == b'/')
                .any(|name| name.starts_with(b"%="))
        );
    }
}

#[test]
fn an_applications_file_and_the_file_that_looks_like_it_are_two() {
    let file = |path: &str| encoded(path.as_bytes(), ObjectKind::File);
    assert_eq!(file("my file.txt"), "my%20file.txt");
    assert_eq!(file("%=my file.txt"), "my file.txt");
    assert_eq!(file("%%=my file.txt"), "%25=my%20file.txt");
    assert_eq!(file("%%%=my file.txt"), "%25%25=my%20file.txt");
    // What no application's object could be called is a file's name like any other.
    assert_eq!(file("%=plain"), "%25=plain");
    assert_eq!(file("%%=plain"), "%25%25=plain");
    // In a folder that an application named, files are files.
    assert_eq!(file("%=my folder/a b"), "my folder/a%20b");
    assert_eq!(file("%=bin%@/x"), "bin%@/x");
    assert_eq!(file("%=bin%@"), "%25=bin%25@");
    // No local store takes `a#1`: a file of that name is not stored under it.
    assert_eq!(file("%=a#1"), "%25=a%231");
    assert_eq!(file("%=a#1\t"), "a#1");
    assert_eq!(file("%=a%+\tb c"), "a%+/b c");
}

#[test]
fn errors_name_the_path_and_the_way_out() {
    let error = encode(b"/a\x1b", ObjectKind::File).unwrap_err();
    assert_eq!(error.code(), "InvalidPath");
    assert_eq!(
        error.to_string(),
        "`/a\\u{1b}` begins with `/`: objects are named by relative paths; leave the first `/` out"
    );
}

#[test]
fn terminals_are_shown_what_is_there() {
    assert_eq!(display("naïve 猫".as_bytes()).to_string(), "naïve 猫");
    assert_eq!(
        display(b"a\nb\x1b[2J\xff\\").to_string(),
        "a\\nb\\u{1b}[2J\\xff\\\\"
    );
    assert_eq!(
        display("gpj\u{202e}.exe".as_bytes()).to_string(),
        "gpj\\u{202e}.exe"
    );
    assert_eq!(display(b" a b ").to_string(), "\\u{20}a b\\u{20}");
    // What is not written as it would be shown stands as it is.
    assert_eq!(read_shown(b"a\\sb\\x4\\u{zz}\\"), b"a\\sb\\x4\\u{zz}\\");
    assert_eq!(read_shown(b"a\nb \xff"), b"a\nb \xff");
}
