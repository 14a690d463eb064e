//! What is asked of the ledger in one transaction.

use core::time::Duration;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use strongroom_base::{RecordId, Timestamp};

use crate::invalid::Invalid;
use crate::{AggregateId, REVISIONS, Version, text};

/// One transaction: the records that it writes, and only if every guard and claim holds.
///
/// Everything in it happens, or nothing does (I8): a refused commit leaves no audit entry either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers build it; a new part must be decided on"
)]
pub struct Commit {
    /// The records to write, each once. What counts is the state after all of them: one may give up an
    /// index row that another takes.
    pub writes: Vec<Write>,
    /// What else must still be as it was read.
    pub guards: Vec<Guard>,
    /// The claims under which this is done: each must be held by its owner, and not expired.
    pub holding: Vec<Claim>,
    /// What else it rests on, which the ledger does not know: asked once no other commit can come between.
    pub only_while: Option<Condition>,
    /// What to add to the audit, in this order.
    pub audit: Vec<AuditEntry>,
}

/// Something that must hold when a commit is carried out, however long it had to wait for that.
#[derive(Clone)]
pub struct Condition(Arc<dyn Fn() -> bool + Send + Sync>);

impl Condition {
    /// What `holds` answers. It is asked while the database is locked: it must not wait.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Whether it holds now.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

/// The same one.
impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Condition {}

impl Commit {
    /// A commit that writes `state`, without index rows, guards, claims or audit.
    #[must_use]
    pub fn put(id: &AggregateId, expected: Version, state: impl Into<Bytes>) -> Self {
        let change = Change::Put {
            state: state.into(),
            index: Vec::new(),
        };
        Self::write(Write {
            id: id.clone(),
            expected,
            change,
        })
    }

    /// A commit that removes a record and its index rows.
    #[must_use]
    pub fn remove(id: &AggregateId, expected: Version) -> Self {
        Self::write(Write {
            id: id.clone(),
            expected,
            change: Change::Remove,
        })
    }

    /// A commit that writes one record.
    #[must_use]
    pub fn write(write: Write) -> Self {
        Self {
            writes: vec![write],
            ..Self::default()
        }
    }

    /// A commit that adds to the audit and does nothing else.
    #[must_use]
    pub fn audit(entries: Vec<AuditEntry>) -> Self {
        Self {
            audit: entries,
            ..Self::default()
        }
    }

    /// The same commit, asserting one more version.
    #[must_use]
    pub fn guarded(mut self, id: &AggregateId, version: Version) -> Self {
        self.guards.push(Guard {
            id: id.clone(),
            version,
        });
        self
    }

    /// Checks everything that can be checked without the database.
    ///
    /// # Errors
    /// What is malformed, and what would be right.
    pub fn validate(&self) -> Result<(), Invalid> {
        let Self {
            writes,
            guards,
            holding,
            only_while: _,
            audit,
        } = self;
        let mut written = BTreeSet::new();
        for Write {
            id,
            expected,
            change,
        } in writes
        {
            if !written.insert(id) {
                return Err(Invalid::WrittenTwice { id: id.to_string() });
            }
            text::number("expected version", expected.as_u64())?;
            if let Change::Put { state, index } = change {
                text::size("state", state)?;
                index.iter().try_for_each(IndexRow::validate)?;
            }
        }
        for Guard { id: _, version } in guards {
            text::number("guarded version", version.as_u64())?;
        }
        holding.iter().try_for_each(Claim::validate)?;
        audit.iter().try_for_each(AuditEntry::validate)
    }
}

/// One record's change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Write {
    /// Which record.
    pub id: AggregateId,
    /// The version that the change was decided from; [`Version::ABSENT`] to create.
    pub expected: Version,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every ledger must carry out each")]
pub enum Change {
    /// It has this state now.
    Put {
        /// At most 16 MiB.
        state: Bytes,
        /// Its index rows: they replace all it had. A row given twice counts once, as unique if
        /// either is.
        index: Vec<IndexRow>,
    },
    /// It is gone, with its index rows. Removing what is absent changes nothing.
    Remove,
}

/// The version that a record must still have when the commit is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Guard {
    /// Which record.
    pub id: AggregateId,
    /// Its version; [`Version::ABSENT`] asserts that it does not exist.
    pub version: Version,
}

/// One way to find a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct IndexRow {
    /// Which index: 1 to 64 visible ASCII characters.
    pub index: String,
    /// The key in it: up to 1,024 bytes of any text without NUL, ordered by its UTF-8 bytes.
    pub key: String,
    /// No other record may hold this key in this index, in whichever way.
    pub unique: bool,
}

impl IndexRow {
    /// A row that any number of records may hold.
    pub fn shared(index: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            key: key.into(),
            unique: false,
        }
    }

    /// A row that one record holds alone.
    pub fn unique(index: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            key: key.into(),
            unique: true,
        }
    }

    fn validate(&self) -> Result<(), Invalid> {
        text::name("index", &self.index, 64)?;
        text::key("index key", &self.key)
    }
}

/// The right of one owner to do one thing, for a time: what keeps two processes from running the
/// same effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Claim {
    /// What is claimed: 1 to 255 visible ASCII characters.
    pub name: String,
    /// Who claims it, different for every process and run: 1 to 255 visible ASCII characters.
    pub owner: String,
    /// From when on anybody may take it. In [`Commit::holding`] and in a release this is not looked
    /// at: what the ledger holds counts.
    pub expires: Timestamp,
}

impl Claim {
    /// The longest that a claim lasts, whatever it says: one that ends later from now was made by a clock
    /// that stood ahead.
    pub const LONGEST: Duration = Duration::from_mins(1);

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        text::name("claim name", &self.name, 255)?;
        text::name("claim owner", &self.owner, 255)?;
        text::number("claim expiry", self.expires.as_unix_millis()).map(drop)
    }

    pub(crate) fn validate_at(&self, now: Timestamp) -> Result<(), Invalid> {
        self.validate()?;
        if self.expires > now {
            return Ok(());
        }
        Err(Invalid::ClaimExpired {
            name: self.name.clone(),
            expires: self.expires,
            now,
        })
    }
}

/// One entry of an audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct AuditEntry {
    /// Which chain, one a tenant: 1 to 255 visible ASCII characters.
    pub chain: String,
    /// Which record it belongs to.
    pub record: RecordId,
    /// Which part of that record.
    pub phase: Phase,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, at most 16 MiB; the ledger does not look inside.
    pub body: Bytes,
}

impl AuditEntry {
    /// The entry that says what became of a record where nothing else does.
    pub(crate) fn of_revision(at: Timestamp) -> Self {
        Self {
            chain: REVISIONS.to_owned(),
            record: RecordId::from_bytes([0; 16]),
            phase: Phase::Revision,
            at,
            body: Bytes::new(),
        }
    }

    fn validate(&self) -> Result<(), Invalid> {
        text::name("chain", &self.chain, 255)?;
        text::number("audit time", self.at.as_unix_millis())?;
        text::size("audit body", &self.body)
    }
}

/// Which part of a record an audit entry is (R18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an entry is one of these and nothing else"
)]
pub enum Phase {
    /// All of it: what was asked and what came of it.
    Whole,
    /// What will be asked of a remote party, written before it is sent.
    Intent,
    /// What came of an intent of the same record, in the same chain.
    Outcome,
    /// No part of a record: what became of a record of the ledger, where the commit brought no entry that
    /// could say so. The ledger adds it by itself.
    Revision,
}

impl Phase {
    /// The number under which it is stored and enters the chain: 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Whole => 1,
            Self::Intent => 2,
            Self::Outcome => 3,
            Self::Revision => 4,
        }
    }

    /// The phase of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Whole),
            2 => Some(Self::Intent),
            3 => Some(Self::Outcome),
            4 => Some(Self::Revision),
            _ => None,
        }
    }
}

/// What a commit did. It is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The versions that the written records have now, in the order of [`Commit::writes`]:
    /// [`Version::ABSENT`] of one that was removed.
    pub versions: Vec<Version>,
}

impl Committed {
    /// For whoever implements a ledger.
    #[must_use]
    pub const fn new(versions: Vec<Version>) -> Self {
        Self { versions }
    }

    /// The version of the first record that was written; `None` if none was.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.versions.first().copied()
    }
}
