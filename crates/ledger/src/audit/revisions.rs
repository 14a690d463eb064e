//! What the chains say of each record, and whether its row says the same.
//!
//! Chains and rows are read one after the other while others may commit. What was drawn by the time at which
//! the reading began is in the chains by then, so a row that has not been changed since must be what they
//! say. A row that was changed since is met once the chains have been read on: they say it by then.

use std::collections::{BTreeSet, HashMap};

use super::error::VerifyError;
use crate::{AggregateId, AuditRow, Damage, LedgerError, Revised, Version};

/// One record, as far as the chains were read.
struct Line {
    /// All revisions up to this one were made.
    reached: u64,
    /// What was made behind a gap.
    beyond: BTreeSet<u64>,
    /// The last one.
    last: Revised,
}

impl Line {
    /// Whether nobody has made this revision before.
    fn makes(&mut self, revision: u64) -> bool {
        if revision <= self.reached || !self.beyond.insert(revision) {
            return false;
        }
        while self.beyond.remove(&(self.reached + 1)) {
            self.reached += 1;
        }
        true
    }
}

pub(super) struct Book {
    /// The newest version when the reading began.
    newest: Version,
    /// The newest that an entry says.
    said: Version,
    /// Records whose row was not met yet.
    lines: HashMap<AggregateId, Line>,
    /// What was made since the reading began.
    late: HashMap<AggregateId, Vec<Revised>>,
    /// Rows that were changed since, each with the last revision made before.
    changed: Vec<(Revised, u64)>,
    records: u64,
}

impl Book {
    pub(super) fn new(newest: Version) -> Self {
        Self {
            newest,
            said: Version::ABSENT,
            lines: HashMap::new(),
            late: HashMap::new(),
            changed: Vec::new(),
            records: 0,
        }
    }

    /// How many records were met.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// After entries were read: they draw their versions from the counter, so it cannot stand before them.
    /// Whoever set it back would have all of them taken for changes since the reading began.
    pub(super) fn counted(&self, newest: Version) -> Result<(), VerifyError> {
        if self.said <= newest {
            return Ok(());
        }
        let (damage, cause) = (Damage::Counter, None);
        Err(LedgerError::Damaged { damage, cause }.into())
    }

    /// An entry of a chain, its tag verified.
    pub(super) fn enter(&mut self, row: &AuditRow) -> Result<(), VerifyError> {
        let Some(revised) = &row.revised else {
            return Ok(());
        };
        self.said = self.said.max(revised.version);
        if revised.version > self.newest {
            let late = self.late.entry(revised.id.clone()).or_default();
            late.push(revised.clone());
            return Ok(());
        }
        let line = self
            .lines
            .entry(revised.id.clone())
            .or_insert_with(|| Line {
                reached: 0,
                beyond: BTreeSet::new(),
                last: revised.clone(),
            });
        if !line.makes(revised.revision) {
            return Err(VerifyError::RevisionRepeated {
                chain: row.entry.chain.clone(),
                sequence: row.sequence,
                id: revised.id.clone(),
                revision: revised.revision,
            });
        }
        if line.last.revision < revised.revision {
            line.last = revised.clone();
        }
        Ok(())
    }

    /// What is stored of a record, after the chains were read.
    pub(super) fn meet(&mut self, stored: Revised) -> Result<(), VerifyError> {
        self.records += 1;
        let line = self.lines.remove(&stored.id);
        let reached = line.as_ref().map_or(0, |line| line.reached);
        if line.as_ref().is_some_and(|line| !line.beyond.is_empty()) {
            let (id, revision) = (stored.id, reached + 1);
            return Err(VerifyError::RevisionMissing { id, revision });
        }
        if stored.version > self.newest {
            self.changed.push((stored, reached));
            return Ok(());
        }
        match line {
            Some(line) if line.last == stored => Ok(()),
            Some(line) => Err(VerifyError::PutBack {
                id: stored.id,
                found: stored.revision,
                last: line.last.revision,
            }),
            None => Err(VerifyError::Unmade {
                id: stored.id,
                revision: stored.revision,
            }),
        }
    }

    /// After the last row: whether the chains must be read on.
    pub(super) fn close(&mut self) -> Result<bool, VerifyError> {
        let missing = self
            .lines
            .drain()
            .map(|(id, line)| (id, line.last.revision));
        match missing.min() {
            Some((id, last)) => Err(VerifyError::TakenAway { id, last }),
            None => Ok(!self.changed.is_empty()),
        }
    }

    /// The rows that were changed since the reading began, after the chains were read on.
    pub(super) fn meet_changed(&mut self) -> Result<(), VerifyError> {
        for (stored, reached) in self.changed.drain(..) {
            let mut made = self.late.remove(&stored.id).unwrap_or_default();
            made.sort_by_key(|one| one.revision);
            let (id, revision) = (stored.id.clone(), stored.revision);
            if !made.contains(&stored) {
                return Err(VerifyError::Unmade { id, revision });
            }
            let numbers = made.iter().map(|one| one.revision);
            let until = numbers.take_while(|number| *number <= revision);
            if !until.eq(reached + 1..=revision) {
                return Err(VerifyError::PutBack {
                    id,
                    found: revision,
                    last: reached,
                });
            }
        }
        Ok(())
    }
}
