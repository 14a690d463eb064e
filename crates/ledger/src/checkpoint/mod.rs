//! Checkpoints: where the audit chains stood at a time, kept outside the database (R18).

mod file;

use std::collections::BTreeMap;

use async_trait::async_trait;
use strongroom_base::{Outcome, OutcomeKind, Retry, Timestamp};

pub use self::file::FileCheckpoints;
use crate::error::Hindrance;
use crate::{Cause, ChainKey, Head, Ledger, LedgerError, Tag};

/// That a chain had reached an entry by a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "sinks build it")]
pub struct Checkpoint {
    /// The chain, its last entry and that entry's tag.
    pub head: Head,
    /// When it was made.
    pub at: Timestamp,
    /// The MAC over the above, under the chains' key.
    pub mac: Tag,
}

impl Checkpoint {
    /// The checkpoint of `head` at `at`.
    #[must_use]
    pub fn new(key: &dyn ChainKey, head: Head, at: Timestamp) -> Self {
        let mac = Tag::of_checkpoint(key, &head, at);
        Self { head, at, mac }
    }

    /// Whether it was made with this key and has not been changed.
    #[must_use]
    pub fn is_genuine(&self, key: &dyn ChainKey) -> bool {
        Tag::of_checkpoint(key, &self.head, self.at) == self.mac
    }
}

/// Where checkpoints are kept: somewhere that whoever can write the database cannot.
#[async_trait]
pub trait CheckpointSink: core::fmt::Debug + Send + Sync {
    /// Adds checkpoints behind those that are there. They are durable when this returns.
    ///
    /// # Errors
    /// [`CheckpointError::Unavailable`].
    async fn append(&self, checkpoints: &[Checkpoint]) -> Result<(), CheckpointError>;

    /// All checkpoints, in the order in which they were added.
    ///
    /// # Errors
    /// [`CheckpointError::BadLine`], [`CheckpointError::Unavailable`].
    async fn read_all(&self) -> Result<Vec<Checkpoint>, CheckpointError>;

    /// The last `many` checkpoints at least, in order; fewer only if there are no more. What stands
    /// before them is not looked at.
    ///
    /// # Errors
    /// As [`read_all`](Self::read_all).
    async fn read_newest(&self, many: usize) -> Result<Vec<Checkpoint>, CheckpointError>;
}

/// Why there is no checkpoint.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The ledger could not say where its chains stand.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A line of the sink is not a checkpoint, or not one of this key.
    #[error("line {line} of the checkpoints {fault}: somebody has changed it")]
    BadLine {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// The sink cannot be read or written.
    #[error("the checkpoints are unavailable: {hindrance}")]
    Unavailable {
        /// What is in the way.
        hindrance: Hindrance,
        /// What the operating system said.
        #[source]
        cause: Cause,
    },
}

/// What is wrong with a line of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// It does not have the form of a checkpoint.
    #[error("is not a checkpoint")]
    Form,
    /// Its MAC is another than this key gives.
    #[error("was not made with this key")]
    Mac,
}

impl Outcome for CheckpointError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::BadLine { .. } => "CheckpointBadLine",
            Self::Unavailable { .. } => "CheckpointsUnavailable",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Ledger(error) => error.kind(),
            Self::BadLine { .. } => OutcomeKind::Damaged,
            Self::Unavailable { .. } => OutcomeKind::Unavailable,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Ledger(error) => error.retry(),
            Self::BadLine { .. } => Retry::AfterRepair,
            Self::Unavailable { hindrance, .. } => hindrance.retry(),
        }
    }
}

/// What one round of checkpoints found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Round {
    /// How many chains had moved and were added.
    pub appended: usize,
    /// Chains that ended before their last checkpoint, or differ from it there: an alarm.
    /// `audit::verify` says more.
    pub went_back: Vec<String>,
}

/// How many checkpoints are read to go on behind them.
const READ_AT_LEAST: usize = 128;
/// So many times the number of chains, so that chains that do not move add little to those that do.
const READ_PER_CHAIN: usize = 4;

/// Makes checkpoints, remembering the last of each chain between its rounds.
#[derive(Debug, Default)]
pub struct Checkpointer {
    last: BTreeMap<String, (u64, Tag)>,
}

impl Checkpointer {
    /// Goes on behind the checkpoints of `ledger` that `sink` has. Other writers of the same sink do no
    /// harm.
    ///
    /// Only the newest are read: how many depends on how many chains there are, not on how long this has
    /// gone on. A chain that none of them is of gets one more in the next round, moved or not.
    ///
    /// # Errors
    /// As [`CheckpointSink::read_newest`] and [`Ledger::heads`].
    pub async fn resume(
        ledger: &dyn Ledger,
        sink: &dyn CheckpointSink,
    ) -> Result<Self, CheckpointError> {
        let chains = ledger.heads().await?.len();
        let many = chains.saturating_mul(READ_PER_CHAIN).max(READ_AT_LEAST);
        let mut last = BTreeMap::new();
        for Checkpoint {
            head:
                Head {
                    chain,
                    sequence,
                    tag,
                },
            at: _,
            mac: _,
        } in sink.read_newest(many).await?
        {
            let newest = last.entry(chain).or_insert((sequence, tag));
            if newest.0 < sequence {
                *newest = (sequence, tag);
            }
        }
        Ok(Self { last })
    }

    /// Adds to `sink` a checkpoint of every chain that has moved since its last one.
    ///
    /// # Errors
    /// The ledger or the sink is unavailable; the next round tries again.
    pub async fn round(
        &mut self,
        ledger: &dyn Ledger,
        key: &dyn ChainKey,
        sink: &dyn CheckpointSink,
        now: Timestamp,
    ) -> Result<Round, CheckpointError> {
        let mut heads: BTreeMap<String, Head> = BTreeMap::new();
        for head in ledger.heads().await? {
            heads.insert(head.chain.clone(), head);
        }
        let went_back = self.last.iter().filter(|(chain, (sequence, tag))| {
            heads.get(*chain).is_none_or(|head| {
                head.sequence < *sequence || (head.sequence == *sequence && head.tag != *tag)
            })
        });
        let went_back: Vec<String> = went_back.map(|(chain, _)| chain.clone()).collect();
        let moved: Vec<Checkpoint> = heads
            .into_values()
            .filter(|head| {
                self.last
                    .get(&head.chain)
                    .is_none_or(|(sequence, _)| *sequence < head.sequence)
            })
            .map(|head| Checkpoint::new(key, head, now))
            .collect();
        if !moved.is_empty() {
            sink.append(&moved).await?;
        }
        let appended = moved.len();
        self.last.extend(moved.into_iter().map(|checkpoint| {
            let Head {
                chain,
                sequence,
                tag,
            } = checkpoint.head;
            (chain, (sequence, tag))
        }));
        Ok(Round {
            appended,
            went_back,
        })
    }
}

/// One round behind what `sink` has: for the last one, at shutdown. A [`Checkpointer`] saves the
/// reading.
///
/// # Errors
/// As [`Checkpointer::resume`] and [`Checkpointer::round`].
pub async fn checkpoint(
    ledger: &dyn Ledger,
    key: &dyn ChainKey,
    sink: &dyn CheckpointSink,
    now: Timestamp,
) -> Result<Round, CheckpointError> {
    Checkpointer::resume(ledger, sink)
        .await?
        .round(ledger, key, sink, now)
        .await
}
