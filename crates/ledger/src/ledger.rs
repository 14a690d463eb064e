//! The seam: what every ledger does, whatever database is under it.

use core::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_base::Timestamp;

use crate::{
    AggregateId, AuditRow, Claim, Commit, Committed, Find, Found, Head, LedgerError, Page, Revised,
    Version,
};

/// Durable, versioned, indexed, audited records.
///
/// Commits of one ledger, from all processes that share it, happen as if one after the other.
/// Reads see what is committed, each call on its own. What must be read from one state is read from a
/// [`Snapshot`]; what must still hold at a commit is asserted by [`Commit::guards`].
///
/// # Cancel safety
/// Dropping the future of a call that changes something never leaves half of it. It has happened
/// whole, happens whole soon, or does not happen: read again to know.
#[async_trait]
pub trait Ledger: Debug + Send + Sync {
    /// The record's state and version, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`Damage::Forged`](crate::Damage::Forged) if the state was not written with the ledger's key.
    /// [`LedgerError::Damaged`], [`LedgerError::Unavailable`], [`LedgerError::Closed`]: every call
    /// can end so.
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError>;

    /// One state of the ledger to read from, which holds everything that was committed before the call.
    /// Nobody waits for long: however many snapshots others hold, there is one more.
    ///
    /// # Errors
    /// As every call.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, LedgerError>;

    /// Carries out `commit` whole or not at all; claims are judged at `now`. It is durable when this
    /// returns.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] if a version is not the expected one, [`LedgerError::Taken`] if
    /// another record holds a unique index row, [`LedgerError::NotHeld`] if a claim in
    /// [`Commit::holding`] is not its owner's, [`LedgerError::Lapsed`] if [`Commit::only_while`] does
    /// not hold any more, [`LedgerError::RecordOrder`] if an audit entry does not
    /// fit its record, [`LedgerError::Invalid`] if something in it is malformed,
    /// [`LedgerError::InDoubt`] if it may or may not have happened.
    async fn commit(&self, commit: Commit, now: Timestamp) -> Result<Committed, LedgerError>;

    /// The index rows that match, ordered by key and then by id.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] if the query is malformed.
    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError>;

    /// The same, without the rows that name no record: each is logged. For work that one of them must
    /// not keep from all the others; where a row that is not found counts for anything,
    /// [`find`](Self::find) is to be asked.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] if the query is malformed.
    async fn find_sound(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError>;

    /// Takes a claim that nobody holds at `now`, or extends it for the owner that holds it (it is
    /// never shortened). It lasts for [`Claim::LONGEST`] at most; one that would last longer, because a
    /// clock stood ahead, holds nobody off.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] if it is malformed or has expired by `now` itself.
    async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<ClaimOutcome, LedgerError>;

    /// Gives a claim up, if `claim.owner` holds it; otherwise nothing changes.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] if it is malformed.
    async fn release(&self, claim: &Claim) -> Result<(), LedgerError>;

    /// Where each audit chain ends, ordered by chain.
    ///
    /// # Errors
    /// As every call.
    async fn heads(&self) -> Result<Vec<Head>, LedgerError>;

    /// Up to `limit` entries of `chain` behind `after_sequence` (0 for all), in order. They are not
    /// verified: that is [`audit::verify`](crate::audit::verify).
    ///
    /// # Errors
    /// As every call.
    async fn audit(
        &self,
        chain: &str,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, LedgerError>;

    /// What each record is at, in the order of their ids, removed ones too: at most `limit` behind `after`.
    /// Whether the chains say the same is the question of [`audit::verify_whole`](crate::audit::verify_whole).
    ///
    /// # Errors
    /// As every call; [`Damage::Forged`](crate::Damage::Forged) names a record that does not match its tag.
    async fn revisions(
        &self,
        after: Option<&AggregateId>,
        limit: u32,
    ) -> Result<Vec<Revised>, LedgerError>;

    /// A cheap mark that differs from an earlier one of this value if anything was committed
    /// between the two, by whichever process. It may also differ when nothing was.
    ///
    /// # Errors
    /// As every call.
    async fn changed(&self) -> Result<ChangeMark, LedgerError>;

    /// The last version that was drawn: where [`changes`](Self::changes) goes on from for whoever wants
    /// to know what comes next.
    ///
    /// # Errors
    /// As every call.
    async fn newest(&self) -> Result<Version, LedgerError>;

    /// The records that were put or removed behind `after`, at most `limit`, in order of their last
    /// change: a record that changed twice is there once.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] if `after` can be no version.
    async fn changes(&self, after: Version, limit: u32) -> Result<Vec<Changed>, LedgerError>;

    /// Carries out what was asked, then lets go of the database. Whatever is asked later, also of a
    /// snapshot, ends in [`LedgerError::Closed`]; closing again does nothing.
    ///
    /// # Errors
    /// As every call. It is closed all the same.
    async fn close(&self) -> Result<(), LedgerError>;
}

/// One state of a ledger, whatever is committed meanwhile.
///
/// It holds a connection, and the database keeps what it shows: take it for the reads of one decision, and
/// drop it before you wait for anything else.
///
/// # Cancel safety
/// Reads can be dropped and asked again.
#[async_trait]
pub trait Snapshot: Debug + Send + Sync {
    /// The record's state and version, or `None` if it does not exist.
    ///
    /// # Errors
    /// As [`Ledger::load`]; [`LedgerError::Closed`] once the ledger is closed.
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError>;

    /// The index rows that match, ordered by key and then by id.
    ///
    /// # Errors
    /// As [`Ledger::find`]; [`LedgerError::Closed`] once the ledger is closed.
    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError>;

    /// The last version that was drawn in this state: [`Ledger::changes`] behind it is what the snapshot
    /// does not show.
    ///
    /// # Errors
    /// As every call; [`LedgerError::Closed`] once the ledger is closed.
    async fn newest(&self) -> Result<Version, LedgerError>;
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct Stored {
    /// Which state it is.
    pub version: Version,
    /// What was put.
    pub state: Bytes,
}

/// A record that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct Changed {
    /// Which.
    pub id: AggregateId,
    /// Its place among the changes of the ledger.
    pub at: Version,
    /// Its version: the same, or [`Version::ABSENT`] if it was removed.
    pub version: Version,
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum ClaimOutcome {
    /// It is the caller's.
    Held {
        /// Until then.
        expires: Timestamp,
    },
    /// It is another's.
    HeldBy {
        /// Whose.
        owner: String,
        /// Until then.
        expires: Timestamp,
    },
}

/// See [`Ledger::changed`]: compared for equality with other marks of the same ledger value only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeMark([u64; 2]);

impl ChangeMark {
    /// For whoever implements a ledger: any two numbers that change.
    #[must_use]
    pub const fn new(first: u64, second: u64) -> Self {
        Self([first, second])
    }
}
