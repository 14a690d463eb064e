//! What is in the way of an object in the local folder.

use strongroom_base::{Outcome, OutcomeKind, Retry};

/// Bytes that a path may have: one more ends every path in the kernel.
pub(crate) const LONGEST_PATH: usize = 4095;

/// Bytes that a part of a path may have.
pub(crate) const LONGEST_PART: usize = 255;

/// Characters of a path that a message shows.
const SHOWN: usize = 80;

/// Why an object cannot be in the local folder, or what lies there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .trouble.about(.path))]
#[non_exhaustive]
pub struct FolderError {
    /// The object that was asked for, or whose place it is.
    pub path: String,
    /// What is wrong there.
    pub trouble: Trouble,
}

/// What is wrong at a path in the local folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The path leads through a symbolic link, or ends in one.
    Link {
        /// How many parts of the path come after the link.
        below: usize,
    },
    /// A pipe, a socket or a device, at the path or above it.
    NotAFile {
        /// How many parts of the path come after it.
        below: usize,
    },
    /// A file or a folder with a name that no object has.
    Name,
    /// An object lies above.
    ObjectAbove {
        /// How many parts of the path come after the object's own.
        below: usize,
    },
    /// Objects lie below.
    FolderThere,
    /// The file system has no such long names.
    TooLong,
    /// A name that writes under way have.
    Reserved,
    /// Others hold the folder that the object lies in.
    Held,
}

impl Trouble {
    fn about(self, path: &str) -> String {
        let shown = shortened(path);
        match self {
            Self::Link { below } => format!(
                "{}: Strongroom makes no links and follows none, so somebody else who may write in the \
                 objects folder has put it there. Look where it leads, remove it, and put back what it \
                 replaced",
                place(path, below, "a symbolic link")
            ),
            Self::NotAFile { below } => format!(
                "{}: somebody else who may write in the objects folder has put it there. Remove it, and \
                 put back what it replaced",
                place(path, below, "a pipe, a socket or a device, not a file")
            ),
            Self::Name => format!(
                "something in the objects folder has a name that no object has (`{shown}`, where %XX \
                 stands for one byte): somebody else has put it there. Remove it from the folder"
            ),
            Self::ObjectAbove { below } => format!(
                "`{shown}` cannot be stored in a local folder: `{}` is an object, and a folder has no \
                 object below another. Choose another path, or move that object away",
                shortened(above(path, below))
            ),
            Self::FolderThere => format!(
                "`{shown}` cannot be stored in a local folder: other objects lie below it, as in a \
                 folder. Choose a path below `{shown}/`, or another"
            ),
            Self::TooLong => format!(
                "`{shown}` is too long for a local folder ({} bytes): a part of a path has at most \
                 {LONGEST_PART} bytes there, and all of it {LONGEST_PATH} with what the store puts before \
                 it. Choose a shorter path",
                path.len()
            ),
            Self::Reserved => format!(
                "`{shown}` cannot be stored in a local folder: names that end in `#` and a number are \
                 those of writes under way. Choose another name"
            ),
            Self::Held => format!(
                "the folder of `{shown}` is held by another process: try again; if it stays so, find who \
                 has locked it"
            ),
        }
    }
}

/// Says what a path, or a part of it, is.
fn place(path: &str, below: usize, is: &str) -> String {
    let part = above(path, below);
    match below {
        _ if path.is_empty() => format!("the folder of the resource's objects is {is}"),
        0 => format!("`{}` is {is}", shortened(path)),
        _ if part.is_empty() => format!("the folder that `{}` lies in is {is}", shortened(path)),
        _ => format!(
            "`{}` lies below `{}`, which is {is}",
            shortened(path),
            shortened(part)
        ),
    }
}

/// The path without its last `below` parts.
fn above(path: &str, below: usize) -> &str {
    (0..below).fold(path, |path, _| {
        path.rsplit_once('/').map_or("", |(above, _)| above)
    })
}

fn shortened(path: &str) -> String {
    if path.chars().count() <= SHOWN {
        return path.to_owned();
    }
    let front: String = path.chars().take(SHOWN / 2).collect();
    format!("{front}…")
}

impl Outcome for FolderError {
    fn code(&self) -> &'static str {
        match self.trouble {
            Trouble::Link { .. } => "LinkInObjects",
            Trouble::NotAFile { .. } => "NotAnObjectFile",
            Trouble::Name => "ForeignName",
            Trouble::ObjectAbove { .. } | Trouble::FolderThere => "PathConflict",
            Trouble::TooLong => "PathTooLong",
            Trouble::Reserved => "ReservedName",
            Trouble::Held => "FolderHeld",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self.trouble {
            Trouble::Link { .. } | Trouble::NotAFile { .. } | Trouble::Name => OutcomeKind::Damaged,
            Trouble::ObjectAbove { .. } | Trouble::FolderThere => OutcomeKind::Refused,
            Trouble::TooLong | Trouble::Reserved => OutcomeKind::BadInput,
            Trouble::Held => OutcomeKind::Unavailable,
        }
    }

    fn retry(&self) -> Retry {
        match self.kind() {
            OutcomeKind::Unavailable => Retry::After(std::time::Duration::from_secs(1)),
            OutcomeKind::BadInput => Retry::Never,
            _ => Retry::AfterRepair,
        }
    }
}
