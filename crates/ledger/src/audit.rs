//! Verifying audit chains (R18).
//!
//! An entry's tag covers the entry, its number and the tag before it, so whoever changes, removes,
//! inserts or moves an entry breaks the chain there, and cannot mend it without the key. Cutting
//! the tail off, with the head put back to match, leaves a sound chain that is too short: only a
//! [`Checkpoint`] kept elsewhere shows that.
//!
//! The chains also say what each commit made of a record, so [`verify_whole`] finds a record that is not as
//! its last commit left it: an older state that was put back, also when commits came on top of it.

mod error;
mod revisions;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use strongroom_base::RecordId;

pub use self::error::VerifyError;
use self::revisions::Book;
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

/// A ledger that holds together: its chains, and its records with them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Whole {
    /// Each chain, in the order of their names.
    pub chains: Vec<Verified>,
    /// How many records are as the chains say, removed ones included.
    pub records: u64,
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
    let known = heads(ledger).await?.remove(chain);
    let mut walk = Walk::new(key, chain, known, checkpoints)?;
    walk.on(ledger, |_| Ok(())).await?;
    let verified = walk.end()?;
    reaches(&verified, heads(ledger).await?.get(chain))?;
    Ok(verified)
}

/// Verifies every chain that the ledger or a checkpoint knows of, and that each record is as they say: its
/// revisions rise by one from the first, none is made twice, and the last is the one that is stored. What
/// is committed meanwhile does no harm.
///
/// It holds one line for each record, and for a record whose commits stand in several chains the numbers
/// that do not follow upon each other in the order in which the chains are read.
///
/// # Errors
/// The first place where something does not hold together.
pub async fn verify_whole(
    ledger: &dyn Ledger,
    key: &dyn ChainKey,
    checkpoints: &[Checkpoint],
) -> Result<Whole, VerifyError> {
    let mut book = Book::new(ledger.newest().await?);
    let mut known = heads(ledger).await?;
    let mut walks = BTreeMap::new();
    for chain in chains(&known, checkpoints) {
        let mut walk = Walk::new(key, &chain, known.remove(&chain), checkpoints)?;
        walk.on(ledger, |row| book.enter(row)).await?;
        walk.end()?;
        walks.insert(chain, walk);
    }
    book.counted(ledger.newest().await?)?;
    let mut after = None;
    loop {
        let page = ledger.revisions(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for stored in page {
            book.meet(stored)?;
        }
    }
    if book.close()? {
        // Some records were changed meanwhile: by now the chains say how.
        for chain in heads(ledger).await?.into_keys() {
            if !walks.contains_key(&chain) {
                walks.insert(chain.clone(), Walk::new(key, &chain, None, checkpoints)?);
            }
        }
        for walk in walks.values_mut() {
            walk.on(ledger, |row| book.enter(row)).await?;
        }
        book.counted(ledger.newest().await?)?;
        book.meet_changed()?;
    }
    let heads = heads(ledger).await?;
    let mut chains = Vec::with_capacity(walks.len());
    for walk in walks.into_values() {
        let verified = walk.end()?;
        reaches(&verified, heads.get(&verified.chain))?;
        chains.push(verified);
    }
    Ok(Whole {
        chains,
        records: book.records(),
    })
}

fn chains(heads: &BTreeMap<String, Head>, checkpoints: &[Checkpoint]) -> BTreeSet<String> {
    let seen = checkpoints.iter().map(|one| &one.head.chain);
    heads.keys().chain(seen).cloned().collect()
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

/// On the way through one chain.
struct Walk<'a> {
    key: &'a dyn ChainKey,
    /// Where the chain's head was when the walk began.
    known: Option<Head>,
    marks: Marks,
    last: Head,
    records: u64,
    open: HashSet<RecordId>,
}

impl<'a> Walk<'a> {
    fn new(
        key: &'a dyn ChainKey,
        chain: &str,
        known: Option<Head>,
        checkpoints: &[Checkpoint],
    ) -> Result<Self, VerifyError> {
        let last = Head {
            chain: chain.to_owned(),
            sequence: 0,
            tag: Tag::ZERO,
        };
        Ok(Self {
            key,
            known,
            marks: marks(key, chain, checkpoints)?,
            last,
            records: 0,
            open: HashSet::new(),
        })
    }

    /// Goes on to the chain's end, as it is now.
    async fn on(
        &mut self,
        ledger: &dyn Ledger,
        mut each: impl FnMut(&AuditRow) -> Result<(), VerifyError>,
    ) -> Result<(), VerifyError> {
        loop {
            let (chain, after) = (&self.last.chain, self.last.sequence);
            let rows = ledger.audit(chain, after, PAGE).await?;
            for row in &rows {
                self.step(row)?;
                each(row)?;
            }
            if rows.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn step(&mut self, row: &AuditRow) -> Result<(), VerifyError> {
        let AuditRow {
            sequence,
            entry,
            revised,
            tag,
        } = row;
        let chain = || self.last.chain.clone();
        let expected = self.last.sequence.saturating_add(1);
        if *sequence != expected {
            return Err(VerifyError::Removed {
                chain: chain(),
                sequence: expected,
            });
        }
        let written = Tag::of_entry(self.key, self.last.tag, *sequence, entry, revised.as_ref());
        if written != *tag {
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
            .as_ref()
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
            Phase::Revision => {}
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

    /// What was verified, if that is all that there was to be.
    fn end(&self) -> Result<Verified, VerifyError> {
        let Self {
            key: _,
            known,
            marks,
            last,
            records,
            open,
        } = self;
        let marked = marks.last_key_value().map_or(0, |(sequence, _)| *sequence);
        let reached = known.as_ref().map_or(0, |head| head.sequence).max(marked);
        let (chain, found) = (last.chain.clone(), last.sequence);
        if reached > found {
            return Err(VerifyError::Cut {
                chain,
                found,
                reached,
            });
        }
        Ok(Verified {
            chain,
            records: *records,
            entries: found,
            unknown: open.len() as u64,
            head: (found > 0).then(|| last.clone()),
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
