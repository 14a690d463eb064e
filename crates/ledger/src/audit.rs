//! Verifying audit chains (R18).
//!
//! An entry's tag covers the entry, its number and the tag before it, so whoever changes, removes,
//! inserts or moves an entry breaks the chain there, and cannot mend it without the key. Cutting
//! the tail off, with the head put back to match, leaves a sound chain that is too short: only a
//! [`Checkpoint`] kept elsewhere shows that.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use strongroom_base::{Outcome, OutcomeKind, RecordId, Retry};

use crate::checkpoint::Checkpoint;
use crate::{AuditRow, ChainKey, Head, Ledger, LedgerError, Phase, Tag};

/// How many entries are read at a time.
const PAGE: u32 = 500;

/// A chain that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Which chain.
    pub chain: String,
    /// How many records it has: a whole entry is one, an intent with its outcome is one.
    pub records: u64,
    /// How many entries it has.
    pub entries: u64,
    /// How many records have an intent and no outcome: what came of them is unknown.
    pub unknown: u64,
    /// The last entry verified; `None` if the chain has none.
    pub head: Option<Head>,
}

/// Where a chain does not hold together.
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

/// Verifies one chain from its first entry to its last, and that it reaches every checkpoint of
/// `checkpoints` that is its own. Entries added meanwhile are verified or not; they do no harm.
///
/// # Errors
/// The first place where it does not hold together.
pub async fn verify(
    ledger: &dyn Ledger,
    key: &dyn ChainKey,
    chain: &str,
    checkpoints: &[Checkpoint],
) -> Result<Verified, VerifyError> {
    let before = heads(ledger).await?;
    let verified = walk(ledger, key, chain, before.get(chain), checkpoints).await?;
    reaches(&verified, heads(ledger).await?.get(chain))?;
    Ok(verified)
}

/// Verifies every chain that the ledger or a checkpoint knows of, in the order of their names.
///
/// # Errors
/// The ledger's heads could not be read. What is wrong with a chain stands beside its name.
pub async fn verify_all(
    ledger: &dyn Ledger,
    key: &dyn ChainKey,
    checkpoints: &[Checkpoint],
) -> Result<Vec<(String, Result<Verified, VerifyError>)>, LedgerError> {
    let before = heads(ledger).await?;
    let mut chains: BTreeSet<&String> = before.keys().collect();
    chains.extend(checkpoints.iter().map(|checkpoint| &checkpoint.head.chain));
    let mut walked = Vec::with_capacity(chains.len());
    for chain in chains {
        let verified = walk(ledger, key, chain, before.get(chain), checkpoints).await;
        walked.push((chain.clone(), verified));
    }
    let after = heads(ledger).await?;
    let judged = walked.into_iter().map(|(chain, verified)| {
        let verified =
            verified.and_then(|verified| reaches(&verified, after.get(&chain)).map(|()| verified));
        (chain, verified)
    });
    Ok(judged.collect())
}

async fn heads(ledger: &dyn Ledger) -> Result<BTreeMap<String, Head>, LedgerError> {
    let heads = ledger.heads().await?;
    Ok(heads
        .into_iter()
        .map(|head| (head.chain.clone(), head))
        .collect())
}

/// What must be met on the way: tags by their entry's number.
type Marks = BTreeMap<u64, Tag>;

async fn walk(
    ledger: &dyn Ledger,
    key: &dyn ChainKey,
    chain: &str,
    known: Option<&Head>,
    checkpoints: &[Checkpoint],
) -> Result<Verified, VerifyError> {
    let marks = marks(key, chain, checkpoints)?;
    let mut walk = Walk::new(key, chain, known, &marks);
    loop {
        let rows = ledger.audit(chain, walk.last.sequence, PAGE).await?;
        for row in &rows {
            walk.step(row)?;
        }
        if rows.len() < PAGE as usize {
            return walk.end();
        }
    }
}

/// The checkpoints of one chain, if all are genuine.
fn marks(
    key: &dyn ChainKey,
    chain: &str,
    checkpoints: &[Checkpoint],
) -> Result<Marks, VerifyError> {
    let mut marks = Marks::new();
    for checkpoint in checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.head.chain == chain)
    {
        let Head {
            chain,
            sequence,
            tag,
        } = checkpoint.head.clone();
        if !checkpoint.is_genuine(key) {
            return Err(VerifyError::ForgedCheckpoint { chain, sequence });
        }
        if marks
            .insert(sequence, tag)
            .is_some_and(|other| other != tag)
        {
            return Err(VerifyError::Rewritten { chain, sequence });
        }
    }
    Ok(marks)
}

struct Walk<'a> {
    key: &'a dyn ChainKey,
    chain: &'a str,
    known: Option<&'a Head>,
    marks: &'a Marks,
    last: Head,
    records: u64,
    open: HashSet<RecordId>,
}

impl<'a> Walk<'a> {
    fn new(
        key: &'a dyn ChainKey,
        chain: &'a str,
        known: Option<&'a Head>,
        marks: &'a Marks,
    ) -> Self {
        let last = Head {
            chain: chain.to_owned(),
            sequence: 0,
            tag: Tag::ZERO,
        };
        Self {
            key,
            chain,
            known,
            marks,
            last,
            records: 0,
            open: HashSet::new(),
        }
    }

    fn step(&mut self, row: &AuditRow) -> Result<(), VerifyError> {
        let AuditRow {
            sequence,
            entry,
            tag,
        } = row;
        let chain = || self.chain.to_owned();
        let expected = self.last.sequence.saturating_add(1);
        if *sequence != expected {
            return Err(VerifyError::Removed {
                chain: chain(),
                sequence: expected,
            });
        }
        if Tag::of_entry(self.key, self.last.tag, *sequence, entry) != *tag {
            return Err(VerifyError::Changed {
                chain: chain(),
                sequence: *sequence,
            });
        }
        if self.marks.get(sequence).is_some_and(|mark| mark != tag) {
            return Err(VerifyError::Rewritten {
                chain: chain(),
                sequence: *sequence,
            });
        }
        if self
            .known
            .is_some_and(|head| head.sequence == *sequence && head.tag != *tag)
        {
            return Err(VerifyError::WrongHead {
                chain: chain(),
                head: *sequence,
            });
        }
        match entry.phase {
            Phase::Whole => self.records += 1,
            Phase::Intent => {
                self.records += 1;
                self.open.insert(entry.record);
            }
            Phase::Outcome => {
                if !self.open.remove(&entry.record) {
                    return Err(VerifyError::StrayOutcome {
                        chain: chain(),
                        sequence: *sequence,
                    });
                }
            }
        }
        self.last.sequence = *sequence;
        self.last.tag = *tag;
        Ok(())
    }

    fn end(self) -> Result<Verified, VerifyError> {
        let Self {
            key: _,
            chain,
            known,
            marks,
            last,
            records,
            open,
        } = self;
        let marked = marks.last_key_value().map_or(0, |(sequence, _)| *sequence);
        let reached = known.map_or(0, |head| head.sequence).max(marked);
        if reached > last.sequence {
            let (chain, found) = (chain.to_owned(), last.sequence);
            return Err(VerifyError::Cut {
                chain,
                found,
                reached,
            });
        }
        Ok(Verified {
            chain: chain.to_owned(),
            records,
            entries: last.sequence,
            unknown: open.len() as u64,
            head: (last.sequence > 0).then_some(last),
        })
    }
}

/// That the head read after the entries is no earlier than they are.
fn reaches(verified: &Verified, head: Option<&Head>) -> Result<(), VerifyError> {
    let head = head.map_or(0, |head| head.sequence);
    if head >= verified.entries {
        return Ok(());
    }
    Err(VerifyError::WrongHead {
        chain: verified.chain.clone(),
        head,
    })
}
