//! Everything that a ledger can answer other than what was asked.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;

use strongroom_base::{Outcome, OutcomeKind, RecordId, Retry, Timestamp};

use crate::{AggregateId, Invalid, Phase, Version};

/// What a database driver or the operating system said, shared by all that it befell.
pub type Cause = Arc<dyn core::error::Error + Send + Sync>;

/// Why the ledger did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The request is malformed; nothing was looked at.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A record is not at the version from which this was decided. Read again and decide again.
    #[error(
        "`{id}` was expected at version {expected} and is at {found}: read it and decide again"
    )]
    Conflict {
        /// Which record.
        id: AggregateId,
        /// The version given.
        expected: Version,
        /// The version found.
        found: Version,
    },
    /// Another record holds this key, and one of the two wants it alone.
    #[error("key `{key}` of index `{index}` is held by `{holder}`: choose another key")]
    Taken {
        /// Which index.
        index: String,
        /// Which key.
        key: String,
        /// Who holds it.
        holder: AggregateId,
    },
    /// A claim under which this should be done is not, or no longer, its owner's.
    #[error("claim `{name}` is not held by `{owner}`: claim it and look again at what is owing")]
    NotHeld {
        /// Which claim.
        name: String,
        /// Who was said to hold it.
        owner: String,
        /// Who was last given it, and until when.
        holder: Option<(String, Timestamp)>,
    },
    /// What the commit rested on no longer held when its turn came. Nothing has changed.
    #[error("what this rested on had run out when its turn came: prove it again, and ask again")]
    Lapsed,
    /// An audit entry does not fit what the chain has of its record: an outcome follows one intent,
    /// once; anything else begins a record (I7).
    #[error(
        "{phase:?} of record {record} does not fit chain `{chain}`: \
         a record is one whole entry, or an intent and then an outcome"
    )]
    RecordOrder {
        /// Which chain.
        chain: String,
        /// Which record.
        record: RecordId,
        /// The part that does not fit.
        phase: Phase,
    },
    /// There is no ledger at this path, and none was to be created.
    #[error("there is no database at `{}`: create one, or name the right folder", path.display())]
    Missing {
        /// Where it was sought.
        path: PathBuf,
    },
    /// The file is a database of something else.
    #[error("`{}` is another kind of database: name the right file", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A newer Strongroom has written this ledger.
    #[error(
        "the database has schema {found} and this program knows up to {known}: use a newer one"
    )]
    NewerSchema {
        /// The schema found.
        found: u64,
        /// The newest schema known.
        known: u64,
    },
    /// Stored bytes are not what was written: restore from a backup.
    #[error("the database is damaged: {damage}; restore it from a backup")]
    Damaged {
        /// What is damaged.
        damage: Damage,
        /// What the database said.
        #[source]
        cause: Option<Cause>,
    },
    /// The database could not do it now. Nothing has changed.
    #[error("the database is unavailable: {hindrance}")]
    Unavailable {
        /// What is in the way.
        hindrance: Hindrance,
        /// What the database said.
        #[source]
        cause: Option<Cause>,
    },
    /// The commit may or may not have happened, and does not change any more: read again to know.
    #[error("it is not known whether the commit happened: read again before asking again")]
    InDoubt {
        /// What the database said.
        #[source]
        cause: Option<Cause>,
    },
    /// The ledger was closed. Nothing has changed.
    #[error("the database was closed: open it again")]
    Closed,
    /// The database answered what it never should: a fault of Strongroom.
    #[error("the database gave an answer that the ledger does not expect")]
    Unexpected {
        /// What the database said.
        #[source]
        cause: Cause,
    },
}

impl Outcome for LedgerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(invalid) => invalid.code(),
            Self::Conflict { .. } => "LedgerVersionConflict",
            Self::Taken { .. } => "LedgerKeyTaken",
            Self::NotHeld { .. } => "LedgerClaimNotHeld",
            Self::Lapsed => "LedgerCommitLapsed",
            Self::RecordOrder { .. } => "LedgerAuditRecordOrder",
            Self::Missing { .. } => "LedgerMissing",
            Self::Foreign { .. } => "LedgerForeign",
            Self::NewerSchema { .. } => "LedgerSchemaNewer",
            Self::Damaged { .. } => "LedgerDamaged",
            Self::Unavailable { .. } => "LedgerUnavailable",
            Self::InDoubt { .. } => "LedgerInDoubt",
            Self::Closed => "LedgerClosed",
            Self::Unexpected { .. } => "LedgerUnexpected",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Invalid(_) | Self::Missing { .. } | Self::Foreign { .. } => OutcomeKind::BadInput,
            Self::Conflict { .. }
            | Self::Taken { .. }
            | Self::NotHeld { .. }
            | Self::Lapsed
            | Self::NewerSchema { .. } => OutcomeKind::Refused,
            Self::Damaged { .. } => OutcomeKind::Damaged,
            Self::Unavailable { .. } | Self::InDoubt { .. } | Self::Closed => {
                OutcomeKind::Unavailable
            }
            Self::RecordOrder { .. } | Self::Unexpected { .. } => OutcomeKind::Internal,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Invalid(_)
            | Self::Conflict { .. }
            | Self::Taken { .. }
            | Self::NotHeld { .. }
            | Self::Lapsed
            | Self::RecordOrder { .. }
            | Self::InDoubt { .. }
            | Self::Closed
            | Self::Unexpected { .. } => Retry::Never,
            Self::Missing { .. }
            | Self::Foreign { .. }
            | Self::NewerSchema { .. }
            | Self::Damaged { .. } => Retry::AfterRepair,
            Self::Unavailable { hindrance, .. } => hindrance.retry(),
        }
    }
}

/// What is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The database's own structure.
    #[error("the database file does not hold together")]
    Database,
    /// What the database holds beside rows, or what its header says: something was added, changed or
    /// taken away, and SQLite would obey it.
    #[error("its {0} is not as Strongroom lays it out")]
    Layout(String),
    /// A journal that names another file, which SQLite would delete.
    #[error(
        "`{}` would make SQLite delete another file, and Strongroom writes no such journal: \
         find out who has, and put it aside", .0.display()
    )]
    Journal(PathBuf),
    /// A link, a pipe, or a file that has a second name, where a part of the database is to be.
    #[error("`{}` is a link or no regular file of its own: find out who put it there", .0.display())]
    NoFile(PathBuf),
    /// The counter from which versions are drawn.
    #[error("the version counter is not a number that it can be")]
    Counter,
    /// One record.
    #[error("record `{0}` is not as it was written")]
    Record(AggregateId),
    /// The state of a record, or that it was removed, does not match its tag.
    #[error("what is stored of record `{0}` was not written with this key")]
    Forged(AggregateId),
    /// The whole file is of the form before records had revisions, and it was not to be.
    #[error("it has the form that it had before it was moved to this one")]
    OldForm,
    /// A row of an index.
    #[error("a row of index `{0}` is not as it was written")]
    IndexRow(String),
    /// A claim.
    #[error("claim `{0}` is not as it was written")]
    Claim(String),
    /// The head of a chain.
    #[error("the head of an audit chain is not as it was written")]
    Head,
    /// An entry of a chain.
    #[error("the entry behind number {after} of audit chain `{chain}` is not as it was written")]
    Entry {
        /// Which chain.
        chain: String,
        /// The number of the entry before.
        after: u64,
    },
    /// A key in the key file.
    #[error("a key in the key file is not as it was written")]
    Key,
}

/// What is in the database's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hindrance {
    /// Others kept it locked for longer than the time allowed.
    #[error("others kept it locked for too long; try again")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; free some space")]
    Full,
    /// The file cannot be opened or written: its permissions, or its folder's.
    #[error("the file cannot be opened for writing; check that it and its folder may be written")]
    Permission,
    /// The file was opened for reading alone, since it cannot be written.
    #[error(
        "its folder cannot be written (it is mounted read-only, or its permissions forbid it), and \
         this has to be written, if only to the audit; open it where it can be"
    )]
    ReadOnly,
    /// The disk, or what stands for it, failed.
    #[error("reading or writing failed; check the disk and the memory")]
    Device,
}

impl Hindrance {
    pub(crate) fn retry(self) -> Retry {
        match self {
            Self::Busy => Retry::After(Duration::from_millis(100)),
            Self::Full | Self::Permission | Self::ReadOnly | Self::Device => Retry::AfterRepair,
        }
    }
}
