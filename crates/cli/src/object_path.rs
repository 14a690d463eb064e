//! One reversible mapping between the path of a file and the path of its object.
//!
//! A path of the operating system is bytes; an object's path is text with rules of its own, and the
//! local store turns its parts into file names again. `docs/paths.md` states the mapping exactly.
//! It is a bijection: every object path, whoever named it, is one file's path, and no two objects stand
//! for one file.

mod name;
mod shown;
#[cfg(test)]
mod tests;

use object_store::path::Path;
use strongroom_base::{Outcome, OutcomeKind, Retry};

use self::name::{Place, parts_of, read};
pub(crate) use self::shown::{display, display_file, read_shown};

/// Ends a part that the next part goes on with. No escaped name can hold it: `+` is no hex digit.
const GOES_ON: &str = "%+";

/// What an object stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ObjectKind {
    /// The bytes of a file.
    File,
    /// The target of a symbolic link.
    Link,
}

impl ObjectKind {
    /// What else one path can be.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::File => Self::Link,
            Self::Link => Self::File,
        }
    }
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
}

impl Outcome for PathError {
    fn code(&self) -> &'static str {
        "InvalidPath"
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::BadInput
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}

/// The object path of a relative path that names a file or a link.
///
/// # Errors
/// A [`PathError`] when the path is empty, absolute, or has a name that no folder can list.
pub(crate) fn encode(path: &[u8], kind: ObjectKind) -> Result<Path, PathError> {
    mapped(path, Place::Last(kind))
}

/// The prefix of everything in the folder at a relative path.
///
/// # Errors
/// Those of [`encode`].
pub(crate) fn encode_folder(path: &[u8]) -> Result<Path, PathError> {
    mapped(path, Place::Folder)
}

fn mapped(path: &[u8], place: Place) -> Result<Path, PathError> {
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
        if names.peek().is_some() {
            object.push_str(&parts_of(name, Place::Folder));
            object.push('/');
        } else {
            object.push_str(&parts_of(name, place));
        }
    }
    Path::parse(&object).map_err(|_| PathError::Unstorable {
        path: path.to_vec(),
    })
}

/// The relative path, and the kind, that an object path stands for.
pub(crate) fn decode(object: &Path) -> (Vec<u8>, ObjectKind) {
    let mut path = Vec::with_capacity(object.as_ref().len());
    let mut kind = ObjectKind::File;
    let mut rest = object.as_ref();
    while !rest.is_empty() {
        let (parts, after) = first_name(rest);
        let place = match after {
            "" => Place::Last(ObjectKind::File),
            _ => Place::Folder,
        };
        let read = read(parts, place);
        kind = read.kind;
        push_name(&mut path, &read.name);
        rest = after;
    }
    (path, kind)
}

/// The relative path of the folder whose files have a prefix.
pub(crate) fn decode_folder(prefix: &Path) -> Vec<u8> {
    let mut path = Vec::with_capacity(prefix.as_ref().len());
    let mut rest = prefix.as_ref();
    while !rest.is_empty() {
        let (parts, after) = first_name(rest);
        push_name(&mut path, &read(parts, Place::Folder).name);
        rest = after;
    }
    path
}

/// Shows the text of an object path as the file's path that it stands for.
pub(crate) fn display_location(location: &str) -> String {
    match Path::parse(location) {
        Ok(location) => display(&decode(&location).0).to_string(),
        Err(_) => display(location.as_bytes()).to_string(),
    }
}

/// Whether this program would not have named an object so: an application did.
pub(crate) fn is_foreign(object: &Path) -> bool {
    let mut rest = object.as_ref();
    while !rest.is_empty() {
        let (parts, after) = first_name(rest);
        let place = match after {
            "" => Place::Last(ObjectKind::File),
            _ => Place::Folder,
        };
        if read(parts, place).foreign {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether an object path ends within a name: what it names goes on in the next part.
pub(crate) fn ends_within_a_name(object: &Path) -> bool {
    object.as_ref().ends_with(GOES_ON)
}

fn push_name(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// The parts of the first name of an object path, and what comes after the `/` behind them: a part that
/// is gone on with belongs to the name of the next.
fn first_name(object: &str) -> (&str, &str) {
    let ends = object
        .match_indices('/')
        .map(|(at, _)| object.split_at(at))
        .find(|(parts, _)| !parts.ends_with(GOES_ON));
    match ends {
        Some((parts, after)) => (parts, after.get(1..).unwrap_or_default()),
        None => (object, ""),
    }
}
