//! One name of a path, and the parts of an object path that it becomes.

use super::{GOES_ON, ObjectKind};

/// The most bytes of a part. A local store appends up to 20 more while it writes, and 255 is the
/// limit of the file systems below it.
pub(super) const PART_MAX: usize = 120;

/// Ends the object path of a symbolic link. No escaped name can hold it: `@` is no hex digit.
const LINK: &str = "%@";

/// Begins the name of what this program would not have named so. What follows are the parts as they are.
const AS_IT_IS: &[u8] = b"%=";

/// Stands between the parts of such a name, and at the end of one that no local store takes: no part of
/// an object path holds it.
const SEAM: &str = "\t";

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// More names follow it, or could.
    Folder,
    /// It is the last one.
    Last(ObjectKind),
}

/// A name, as it was read from its parts.
pub(super) struct Read {
    pub(super) name: Vec<u8>,
    pub(super) kind: ObjectKind,
    /// Whether its parts are not those that [`escape`] makes.
    pub(super) foreign: bool,
}

/// The parts of a name, with `/` between them.
pub(super) fn parts_of(name: &[u8], place: Place) -> String {
    match mark(name, place) {
        Some((1, parts)) => parts,
        // The name of a file that looks like a marked one has a mark of its own.
        Some(_) => escape(name.get(1..).unwrap_or(name), place),
        None => escape(name, place),
    }
}

/// The name whose parts these are: [`parts_of`] makes them of it and of no other name.
pub(super) fn read(parts: &str, place: Place) -> Read {
    if let Some((mut name, kind)) = unescape(parts, place) {
        if mark(&name, Place::of(place, kind)).is_some() {
            name.insert(0, b'%');
        }
        return Read {
            name,
            kind,
            foreign: false,
        };
    }
    let mut name = parts.replace('/', SEAM);
    if place != Place::Folder && is_hidden_by_local_stores(parts) {
        name.push_str(SEAM);
    }
    Read {
        name: [AS_IT_IS, name.as_bytes()].concat(),
        kind: ObjectKind::File,
        foreign: true,
    }
}

impl Place {
    /// The place of a name that turned out to be of a kind.
    fn of(place: Self, kind: ObjectKind) -> Self {
        match place {
            Self::Folder => Self::Folder,
            Self::Last(_) => Self::Last(kind),
        }
    }
}

/// How many `%` begin a name that is marked, and the parts that are meant.
///
/// One `%` says that the object has these parts. Each one more says that a file has the name with one less.
fn mark(name: &[u8], place: Place) -> Option<(usize, String)> {
    if place == Place::Last(ObjectKind::Link) {
        return None;
    }
    let count = name.iter().take_while(|byte| **byte == b'%').count();
    let marked = name.get(count.checked_sub(1)?..)?;
    let text = std::str::from_utf8(marked.strip_prefix(AS_IT_IS)?).ok()?;
    let hidden = text.strip_suffix(SEAM);
    let parts = hidden.unwrap_or(text).replace(SEAM, "/");
    let meant = are_parts_of_one_name(&parts, place)
        && hidden.is_some() == (place != Place::Folder && is_hidden_by_local_stores(&parts))
        && unescape(&parts, place).is_none();
    meant.then_some((count, parts))
}

/// Whether these are parts that an object path can have, each but the last gone on with in the next.
fn are_parts_of_one_name(parts: &str, place: Place) -> bool {
    let mut parts = parts.split('/').peekable();
    while let Some(part) = parts.next() {
        let goes_on = part.ends_with(GOES_ON);
        let well_placed = match (parts.peek(), place) {
            (Some(_), _) => goes_on,
            (None, Place::Folder) => !goes_on,
            (None, Place::Last(_)) => true,
        };
        let possible = !matches!(part, "" | "." | "..")
            && !part.contains(|char: char| char.is_ascii_control());
        if !well_placed || !possible {
            return false;
        }
    }
    true
}

/// Local stores keep names that end in `#` and a number for what they are writing.
fn is_hidden_by_local_stores(parts: &str) -> bool {
    parts.rsplit_once('#').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether a byte stands for itself: no store, URL, shell or file system gives it a meaning.
pub(super) fn stands(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.,=@+()".contains(&byte)
}

/// The parts of a name that is not marked.
pub(super) fn escape(name: &[u8], place: Place) -> String {
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
    if place == Place::Last(ObjectKind::Link) {
        escaped.push_str(LINK);
    }
    in_parts(&escaped)
}

/// The name that [`escape`] makes these parts of, if there is one.
fn unescape(parts: &str, place: Place) -> Option<(Vec<u8>, ObjectKind)> {
    let mut name = Vec::with_capacity(parts.len());
    let mut kind = ObjectKind::File;
    let mut rest = parts.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', b'@'] => {
                kind = ObjectKind::Link;
                break;
            }
            [b'%', b'+', b'/', after @ ..] => after,
            [b'%', after @ ..] => {
                let (byte, after) = of_hex(after)?;
                name.push(byte);
                after
            }
            [byte, after @ ..] => {
                name.push(*byte);
                after
            }
        };
    }
    let is_name = !matches!(name.as_slice(), b"" | b"." | b"..")
        && !name.iter().any(|byte| matches!(byte, 0 | b'/'));
    let is_placed = place != Place::Folder || kind == ObjectKind::File;
    // The one test that makes the mapping a bijection: an escape of a safe byte, a piece cut
    // elsewhere, a byte that should have been escaped all differ from what `escape` makes.
    (is_name && is_placed && escape(&name, Place::of(place, kind)) == parts).then_some((name, kind))
}

fn of_hex(digits: &[u8]) -> Option<(u8, &[u8])> {
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

/// An escaped name, cut into parts where it is longer than [`PART_MAX`].
fn in_parts(escaped: &str) -> String {
    let mut parts = String::with_capacity(escaped.len() + escaped.len() / 32);
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
        parts.push_str(piece);
        parts.push_str(GOES_ON);
        parts.push('/');
        rest = after;
    }
    parts.push_str(rest);
    parts
}
