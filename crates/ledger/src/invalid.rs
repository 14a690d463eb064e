//! What a ledger does not take.

use std::path::PathBuf;

use strongroom_base::{Outcome, OutcomeKind, Retry, Timestamp};

/// What is malformed in a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Not the name of a record.
    #[error(
        "`{text}` does not name a record: expected a kind (1 to 32 lower-case letters, digits or \
         hyphens, a letter first), a slash and an id (1 to 255 visible ASCII characters)"
    )]
    AggregateId {
        /// What was given, at most 300 characters of it.
        text: String,
    },
    /// Not a short name.
    #[error("`{text}` is no {field}: expected 1 to {max} visible ASCII characters, without blanks")]
    Name {
        /// What it was to be.
        field: &'static str,
        /// The longest allowed, in bytes.
        max: usize,
        /// What was given, at most 80 characters of it.
        text: String,
    },
    /// Not a key.
    #[error("`{text}` is no {field}: expected at most 1,024 bytes of text without NUL")]
    Key {
        /// What it was to be.
        field: &'static str,
        /// What was given, at most 80 characters of it.
        text: String,
    },
    /// Too many bytes.
    #[error("the {field} has {found} bytes: expected at most {max}")]
    Size {
        /// What is too large.
        field: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// Too large a number.
    #[error("the {field} is {value}: expected less than 2^63")]
    Number {
        /// What is too large.
        field: &'static str,
        /// The number given.
        value: u64,
    },
    /// A file name that SQLite cannot take.
    #[error("`{}` is not UTF-8: SQLite takes no other file names, so choose another", path.display())]
    Path {
        /// The path given.
        path: PathBuf,
    },
    /// A claim that ends before it begins.
    #[error(
        "claim `{name}` would expire at {expires} and it is {now} already: claim it for longer"
    )]
    ClaimExpired {
        /// Which claim.
        name: String,
        /// The expiry asked for.
        expires: Timestamp,
        /// When it was asked.
        now: Timestamp,
    },

    /// A commit writes one record twice.
    #[error("a commit writes `{id}` twice: put what becomes of it into one write")]
    WrittenTwice {
        /// Which record.
        id: String,
    },
}

impl Outcome for Invalid {
    fn code(&self) -> &'static str {
        match self {
            Self::AggregateId { .. } => "LedgerInvalidRecordName",
            Self::Name { .. } => "LedgerInvalidName",
            Self::Key { .. } => "LedgerInvalidKey",
            Self::Size { .. } => "LedgerTooLarge",
            Self::Number { .. } => "LedgerInvalidNumber",
            Self::Path { .. } => "LedgerInvalidPath",
            Self::ClaimExpired { .. } => "LedgerClaimExpired",
            Self::WrittenTwice { .. } => "LedgerWrittenTwice",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::BadInput
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}
