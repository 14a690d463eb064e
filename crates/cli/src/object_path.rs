//! One reversible mapping between the path of a file and the path of its object.
//!
//! A path of the operating system is bytes; an object's path is text with rules of its own, and the
//! local store turns its parts into file names again. `docs/paths.md` states the mapping exactly.
//! It is a bijection onto its image: [`decode`] refuses every text that [`encode`] cannot make, so
//! no two objects stand for one file and a stranger's object is never mistaken for ours.

use std::fmt;

use object_store::path::Path;
use strongroom_base::{Outcome, OutcomeKind, Retry};

/// The most bytes of a part. A local store appends up to 20 more while it writes, and 255 is the
/// limit of the file systems below it.
const PART_MAX: usize = 120;

/// Ends a part that the next part goes on with. No escaped name can hold it: `+` is no hex digit.
const GOES_ON: &str = "%+";

/// Ends the object path of a symbolic link. No escaped name can hold it: `@` is no hex digit.
const LINK: &str = "%@";

/// What an object stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ObjectKind {
    /// The bytes of a file.
    File,
    /// The target of a symbolic link.
    Link,
}

/// Why a path cannot be mapped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// There is no path.
    #[error("the path is empty: name a file below the folder that is stored")]
    Empty,
    /// It begins with `/`.
    #[error("`{}` begins with `/`: objects are named by relative paths; leave the first `/` out", display(.path))]
    Absolute {
        /// The path that was given.
        path: Vec<u8>,
    },
    /// It holds a zero byte.
    #[error("`{}` holds a zero byte, which no file name can: leave it out", display(.path))]
    Nul {
        /// The path that was given.
        path: Vec<u8>,
    },
    /// It ends in `/` or holds `//`.
    #[error("`{}` has an empty name in it: write one `/` between names and none at the end", display(.path))]
    EmptyName {
        /// The path that was given.
        path: Vec<u8>,
    },
    /// One of its names is `.` or `..`.
    #[error("`{}` has `.` or `..` as a name, which names no file: write the path without it", display(.path))]
    DotName {
        /// The path that was given.
        path: Vec<u8>,
    },
    /// The store's own rules refuse what was made of it.
    #[error("`{}` makes no object path", display(.path))]
    Unstorable {
        /// The path that was given.
        path: Vec<u8>,
    },
    /// An object path holds a `%` that starts none of the mapping's marks.
    #[error(
        "object `{}` was not named by this program: at byte {at} stands a `%` without two upper-case hex digits",
        display(.object.as_bytes())
    )]
    BadEscape {
        /// The object's path.
        object: String,
        /// Where the `%` stands.
        at: usize,
    },
    /// An object path is none that the mapping makes.
    #[error(
        "object `{}` was not named by this program: it is not exactly what a file's path is mapped to",
        display(.object.as_bytes())
    )]
    NotOurs {
        /// The object's path.
        object: String,
    },
}

impl Outcome for PathError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty
            | Self::Absolute { .. }
            | Self::Nul { .. }
            | Self::EmptyName { .. }
            | Self::DotName { .. }
            | Self::Unstorable { .. } => "InvalidPath",
            Self::BadEscape { .. } | Self::NotOurs { .. } => "ForeignObjectPath",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::BadInput
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}

/// The object path of a relative path.
///
/// A folder's path, mapped as [`ObjectKind::File`], is the prefix of everything in the folder.
///
/// # Errors
/// A [`PathError`] when the path is empty, absolute, or has a name that no folder can list.
pub(crate) fn encode(path: &[u8], kind: ObjectKind) -> Result<Path, PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.starts_with(b"/") {
        return Err(PathError::Absolute {
            path: path.to_vec(),
        });
    }
    if path.contains(&0) {
        return Err(PathError::Nul {
            path: path.to_vec(),
        });
    }
    let mut object = String::with_capacity(path.len() + path.len() / 2);
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        match name {
            b"" => {
                return Err(PathError::EmptyName {
                    path: path.to_vec(),
                });
            }
            b"." | b".." => {
                return Err(PathError::DotName {
                    path: path.to_vec(),
                });
            }
            _ => {}
        }
        let last = names.peek().is_none();
        let mut escaped = escape(name);
        if last && kind == ObjectKind::Link {
            escaped.push_str(LINK);
        }
        push_parts(&mut object, &escaped);
        if !last {
            object.push('/');
        }
    }
    Path::parse(&object).map_err(|_| PathError::Unstorable {
        path: path.to_vec(),
    })
}

/// The relative path, and the kind, that an object path stands for.
///
/// # Errors
/// A [`PathError`] when [`encode`] makes this object path of no path.
pub(crate) fn decode(object: &Path) -> Result<(Vec<u8>, ObjectKind), PathError> {
    let text = object.as_ref();
    let mut path = Vec::with_capacity(text.len());
    let mut kind = ObjectKind::File;
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', b'@'] => {
                kind = ObjectKind::Link;
                break;
            }
            [b'%', b'+', b'/', after @ ..] => after,
            [b'%', after @ ..] => {
                let Some((byte, after)) = unescape(after) else {
                    return Err(PathError::BadEscape {
                        object: text.to_owned(),
                        at: text.len() - rest.len(),
                    });
                };
                path.push(byte);
                after
            }
            [byte, after @ ..] => {
                path.push(*byte);
                after
            }
        };
    }
    // The one test that makes the mapping a bijection: an escape of a safe byte, a piece cut
    // elsewhere, a byte that should have been escaped all differ from what `encode` makes.
    match encode(&path, kind) {
        Ok(ours) if ours == *object => Ok((path, kind)),
        _ => Err(PathError::NotOurs {
            object: text.to_owned(),
        }),
    }
}

/// Whether an object path ends within a name: what it names goes on in the next part.
pub(crate) fn ends_within_a_name(object: &Path) -> bool {
    object.as_ref().ends_with(GOES_ON)
}

/// Shows a path on a terminal, so that two different paths never look the same.
///
/// UTF-8 stands as it is. Control characters, and those that turn the direction of writing, are
/// shown as `\n` or `\u{1b}`, bytes that are not UTF-8 as `\xff`, and `\` as `\\`.
pub(crate) fn display(path: &[u8]) -> Displayed<'_> {
    Displayed { path }
}

/// A path as [`display`] shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Displayed<'a> {
    path: &'a [u8],
}

impl fmt::Display for Displayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        for chunk in self.path.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '\\' | '\n' | '\r' | '\t' => write!(f, "{}", char.escape_default())?,
                    _ if misleads(char) => write!(f, "{}", char.escape_unicode())?,
                    _ => f.write_char(char)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Whether a character would act on a terminal, or hide, instead of being seen: controls, line and
/// paragraph separators, the marks of bidirectional text (UAX #9), and the byte-order mark.
fn misleads(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// Whether a byte stands for itself: no store, URL, shell or file system gives it a meaning.
fn stands(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.,=@+()".contains(&byte)
}

fn escape(name: &[u8]) -> String {
    let mut escaped = String::with_capacity(name.len() + name.len() / 2);
    let mut bytes = name.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        // Azure and Windows drop a dot at the end of a name; and a last piece that is `.` or `..`
        // would be no part at all.
        let dot_at_the_end = byte == b'.' && bytes.peek().is_none();
        if stands(byte) && !dot_at_the_end {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 0x0f] {
                escaped.push(char::from(match nibble {
                    0..=9 => b'0' + nibble,
                    _ => b'A' + nibble - 10,
                }));
            }
        }
    }
    escaped
}

fn unescape(digits: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, after @ ..] = digits else {
        return None;
    };
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    Some((nibble(*high)? << 4 | nibble(*low)?, after))
}

/// Appends an escaped name, cut into parts where it is longer than [`PART_MAX`].
fn push_parts(object: &mut String, escaped: &str) {
    let mut rest = escaped;
    while rest.len() > PART_MAX {
        let mut cut = PART_MAX - GOES_ON.len();
        // A `%` begins an escape of three bytes and stands nowhere else before the link's mark,
        // which is the last two bytes and so never reached here.
        match rest.as_bytes().get(cut - 2..cut) {
            Some([_, b'%']) => cut -= 1,
            Some([b'%', _]) => cut -= 2,
            _ => {}
        }
        let Some((piece, after)) = rest.split_at_checked(cut) else {
            break;
        };
        object.push_str(piece);
        object.push_str(GOES_ON);
        object.push('/');
        rest = after;
    }
    object.push_str(rest);
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::local::LocalFileSystem;
    use object_store::{ObjectStore as _, ObjectStoreExt as _};
    use proptest::prelude::*;

    use super::*;

    fn name() -> impl Strategy<Value = Vec<u8>> {
        let plain = proptest::sample::select(b"abcXYZ019-_.".as_slice());
        let byte = prop_oneof![(1..=255_u8), plain, Just(b'.'), Just(b'#'), Just(b'%')]
            .prop_filter("a name holds no slash", |byte| *byte != b'/');
        prop_oneof![
            3 => proptest::collection::vec(byte.clone(), 1..=255),
            1 => proptest::collection::vec(byte.clone(), 1..=4),
            1 => proptest::collection::vec(byte, 110..=130),
        ]
        .prop_filter("no folder lists these", |name| {
            name != b"." && name != b".."
        })
    }

    fn path() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(name(), 1..=4).prop_map(|names| names.join(&b'/'))
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
            prop_assert_eq!(decode(&object), Ok((path, kind)));
            for part in object.parts() {
                let part = part.as_ref();
                prop_assert!(part.len() <= PART_MAX && !part.ends_with('.'), "{}", part);
                prop_assert!(part.bytes().all(|byte| stands(byte) || byte == b'%'), "{}", part);
            }
        }

        #[test]
        fn what_decodes_encodes_to_itself(
            path in path(),
            kind in kind(),
            at in any::<proptest::sample::Index>(),
            put in prop_oneof!["[%+@/.A-Fa-f0-9#é]{0,3}", "%[0-9A-F]{2}", "%\\+/"],
            cut in 0..4_usize,
        ) {
            let mut text = encoded(&path, kind);
            let at = at.index(text.len() + 1);
            text.replace_range(at..(at + cut).min(text.len()), &put);
            if let Ok(object) = Path::parse(&text)
                && let Ok((path, kind)) = decode(&object)
            {
                prop_assert_eq!(encode(&path, kind).unwrap(), object);
            }
        }

        #[test]
        fn shown_paths_differ_when_paths_do(
            a in proptest::collection::vec(any::<u8>(), 0..12),
            text in "\\PC{0,8}",
        ) {
            for path in [a.as_slice(), text.as_bytes()] {
                let shown = display(path).to_string();
                prop_assert!(!shown.chars().any(misleads));
                prop_assert_eq!(read_shown(&shown), path);
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
                let (path, kind) = decode(&meta.location).unwrap();
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
        let document = include_str!("../../../docs/paths.md");
        let mut rows = 0;
        for row in document.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            let [_, path, kind, object, _] = cells.as_slice() else {
                continue;
            };
            let kind = if *kind == "link" {
                ObjectKind::Link
            } else {
                ObjectKind::File
            };
            assert_eq!(encoded(&read_shown(path), kind), *object);
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
    fn objects_that_encoding_cannot_make_are_refused() {
        let long = "a".repeat(121);
        let early = format!("{}%+/aaaa", "a".repeat(117));
        for text in [
            "", "%", "a%", "a%4", "%zz", "%c3%a9", "%41", "%2F", "%00", "%2E", "%2E%2E", "a.", "é",
            "a b", "a#1", "a%@b", "a%@/b", "%@", "a%+", "a%+/b", "%+/b", "a%+b", "a%25/%2B", &long,
            &early,
        ] {
            let object = Path::parse(text).unwrap();
            assert!(decode(&object).is_err(), "{text} was decoded");
        }
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
    }

    /// Reads back what [`display`] shows.
    fn read_shown(shown: &str) -> Vec<u8> {
        let mut path = Vec::new();
        let mut chars = shown.chars();
        while let Some(char) = chars.next() {
            if char != '\\' {
                path.extend(char.to_string().bytes());
                continue;
            }
            match chars.next().unwrap() {
                'n' => path.push(b'\n'),
                'r' => path.push(b'\r'),
                't' => path.push(b'\t'),
                '\\' => path.push(b'\\'),
                'x' => {
                    let digits: String = chars.by_ref().take(2).collect();
                    path.push(u8::from_str_radix(&digits, 16).unwrap());
                }
                'u' => {
                    let digits: String = chars
                        .by_ref()
                        .skip(1)
                        .take_while(|char| *char != '}')
                        .collect();
                    let number = u32::from_str_radix(&digits, 16).unwrap();
                    path.extend(char::from_u32(number).unwrap().to_string().bytes());
                }
                other => panic!("unknown escape {other}"),
            }
        }
        path
    }
}
