//! What an audit that does not verify is told with.

use strongroom_base::{Outcome, OutcomeKind, Retry};

use crate::{AggregateId, LedgerError};

/// Where a chain does not hold together, or a record is not as the chains say.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It could not be read; damage to a single entry is found so, too.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An entry is not there, and a later one is.
    #[error("audit chain `{chain}`: entry {sequence} is missing")]
    Removed {
        /// Which chain.
        chain: String,
        /// Which entry.
        sequence: u64,
    },
    /// An entry is not the one that was written there: changed, moved, or put in.
    #[error("audit chain `{chain}`: entry {sequence} is not the one that was written there")]
    Changed {
        /// Which chain.
        chain: String,
        /// Which entry.
        sequence: u64,
    },
    /// The chain ends too early.
    #[error(
        "audit chain `{chain}` ends at entry {found}, and had reached {reached}: its tail is gone"
    )]
    Cut {
        /// Which chain.
        chain: String,
        /// Its last entry; 0 if the whole chain is gone.
        found: u64,
        /// The entry that the head or a checkpoint names.
        reached: u64,
    },
    /// The chain's head is not its last entry.
    #[error("audit chain `{chain}`: its head names entry {head}, and its entries say otherwise")]
    WrongHead {
        /// Which chain.
        chain: String,
        /// The entry that the head names; 0 if there is no head.
        head: u64,
    },
    /// The chain holds together, but is not the one that a checkpoint has seen.
    #[error(
        "audit chain `{chain}`: entry {sequence} differs from its checkpoint: history was rewritten"
    )]
    Rewritten {
        /// Which chain.
        chain: String,
        /// The checkpoint's entry.
        sequence: u64,
    },
    /// A checkpoint was not made with this key.
    #[error(
        "the checkpoint of audit chain `{chain}` at entry {sequence} was not made with this key"
    )]
    ForgedCheckpoint {
        /// Which chain.
        chain: String,
        /// The checkpoint's entry.
        sequence: u64,
    },
    /// Two commits have made the same revision of a record: what the first had made was put back before the
    /// second.
    #[error(
        "audit chain `{chain}`: entry {sequence} makes revision {revision} of `{id}`, which another \
         entry had made: an older state of it was put back, and was changed"
    )]
    RevisionRepeated {
        /// Which chain.
        chain: String,
        /// Which entry.
        sequence: u64,
        /// Which record.
        id: AggregateId,
        /// Its revision.
        revision: u64,
    },
    /// No entry has made a revision of a record, and one has made a later one.
    #[error("no audit entry has made revision {revision} of `{id}`, and one has made a later one")]
    RevisionMissing {
        /// Which record.
        id: AggregateId,
        /// Its revision.
        revision: u64,
    },
    /// What is stored of a record is not what its last commit left.
    #[error(
        "`{id}` at revision {found} is not what its last commit left, which the audit names as revision \
         {last}: an older state, or one that was removed, was put back"
    )]
    PutBack {
        /// Which record.
        id: AggregateId,
        /// The revision found.
        found: u64,
        /// The revision that the chains name last.
        last: u64,
    },
    /// A record is there that no entry has made.
    #[error("no audit entry has made revision {revision} of `{id}`, at which it is")]
    Unmade {
        /// Which record.
        id: AggregateId,
        /// Its revision.
        revision: u64,
    },
    /// Nothing is stored of a record, not even that it was removed.
    #[error("`{id}` was taken away: by the audit it is at revision {last}")]
    TakenAway {
        /// Which record.
        id: AggregateId,
        /// The revision that the chains name last.
        last: u64,
    },
    /// An entry does not fit its record: a fault of whoever wrote it, who had the key.
    #[error("audit chain `{chain}`: entry {sequence} is an outcome without an intent")]
    StrayOutcome {
        /// Which chain.
        chain: String,
        /// Which entry.
        sequence: u64,
    },
}

impl Outcome for VerifyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Removed { .. } => "AuditEntryRemoved",
            Self::Changed { .. } => "AuditEntryChanged",
            Self::Cut { .. } => "AuditTailCut",
            Self::WrongHead { .. } => "AuditHeadWrong",
            Self::Rewritten { .. } => "AuditRewritten",
            Self::ForgedCheckpoint { .. } => "AuditCheckpointForged",
            Self::RevisionRepeated { .. } => "RevisionRepeated",
            Self::RevisionMissing { .. } => "RevisionMissing",
            Self::PutBack { .. } => "StatePutBack",
            Self::Unmade { .. } => "StateUnmade",
            Self::TakenAway { .. } => "StateTakenAway",
            Self::StrayOutcome { .. } => "AuditOutcomeStray",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Ledger(error) => error.kind(),
            _ => OutcomeKind::Damaged,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Ledger(error) => error.retry(),
            _ => Retry::AfterRepair,
        }
    }
}
