//! Reads states for a decision, all from one snapshot, and remembers at which versions.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_ledger::{AggregateId, Find, Found, Guard, Page, Snapshot, Version};

use super::Kept;
use super::due::PAGE;
use crate::Error;
use crate::core::{Core, Loaded, decode};

/// Reads on behalf of one decision, each state once. Whatever it has read, absent things too, is asserted by
/// the commit.
///
/// It has a snapshot from its first read on. Whoever goes on to wait for something else
/// [releases](Self::release) it, or drops the reader: what a snapshot shows cannot be cleared away.
#[derive(Debug)]
pub(crate) struct Reader<'c> {
    core: &'c Core,
    snapshot: Option<Box<dyn Snapshot>>,
    /// The newest version that the first snapshot showed.
    newest: Option<Version>,
    seen: BTreeMap<AggregateId, Version>,
    states: BTreeMap<AggregateId, Arc<dyn Any + Send + Sync>>,
    /// What could not be read.
    unread: Option<AggregateId>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(core: &'c Core) -> Self {
        Self {
            core,
            snapshot: None,
            newest: None,
            seen: BTreeMap::new(),
            states: BTreeMap::new(),
            unread: None,
        }
    }

    pub(crate) fn core(&self) -> &'c Core {
        self.core
    }

    /// A state as the snapshot shows it.
    pub(crate) async fn load<M: Kept>(
        &mut self,
        id: &AggregateId,
    ) -> Result<Option<M::Stored>, Error> {
        if self.seen.contains_key(id) {
            let state = self.states.get(id).and_then(|state| state.downcast_ref());
            return Ok(state.cloned());
        }
        self.unread = Some(id.clone());
        let Loaded { state, version } = self.load_unasserted::<M>(id).await?;
        self.unread = None;
        self.keep(id, state.clone(), version);
        Ok(state)
    }

    /// A state that no decision rests on: it is neither remembered nor asserted.
    pub(crate) async fn load_unasserted<M: Kept>(
        &mut self,
        id: &AggregateId,
    ) -> Result<Loaded<M::Stored>, Error> {
        let stored = self.snapshot().await?.load(id).await?;
        decode(id, stored)
    }

    /// Whether somebody holds `key` of a unique index, other than `own`. It is no fact to be asserted:
    /// the index itself lets no second one in.
    pub(crate) async fn is_taken(
        &mut self,
        index: &str,
        key: &str,
        own: Option<&AggregateId>,
    ) -> Result<bool, Error> {
        let query = Find::exact(index, key);
        let found = self.snapshot().await?.find(&query, Page::first(2)).await?;
        Ok(found.iter().any(|found| Some(&found.id) != own))
    }

    /// All rows that a query finds, in the order of their keys, as the snapshot shows them. The index is only
    /// a way to the states, which alone are authenticated.
    pub(crate) async fn find_all(&mut self, find: &Find) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let found = self.snapshot().await?.find(find, page).await?;
            let Some(last) = found.last() else {
                return Ok(all);
            };
            page = Page::after(last, PAGE);
            all.extend(found);
        }
    }

    /// Lets go of the snapshot. What is read from here on, and was not read before, is of a later state.
    pub(crate) fn release(&mut self) {
        self.snapshot = None;
    }

    /// Whether something that was read has changed since, by whichever process.
    pub(crate) async fn has_moved(&mut self) -> Result<bool, Error> {
        self.release();
        let Some(mut behind) = self.newest else {
            return Ok(false);
        };
        loop {
            let changes = self.core.ledger.changes(behind, PAGE).await?;
            let Some(last) = changes.last() else {
                return Ok(false);
            };
            behind = last.at;
            let moved = |id, version| self.seen.get(id).is_some_and(|seen| *seen != version);
            if changes
                .iter()
                .any(|change| moved(&change.id, change.version))
            {
                return Ok(true);
            }
        }
    }

    /// A state that was read has been changed on our own account, by a commit that asserted the version that
    /// was read.
    pub(crate) fn has_become<S>(&mut self, id: &AggregateId, state: S, version: Version)
    where
        S: Any + Send + Sync,
    {
        self.keep(id, Some(state), version);
    }

    /// A decision that this reads for has made `state` of what was read: the decisions after it, of the same
    /// commit, are taken from that. What is asserted is what was read.
    pub(super) fn shows_from_here<S>(&mut self, id: &AggregateId, state: Option<S>)
    where
        S: Any + Send + Sync,
    {
        self.keep(id, state, self.version(id));
    }

    /// Everything that was read, to be asserted by a commit that rests on it.
    pub(crate) fn guards(&self) -> Vec<Guard> {
        let seen = self.seen.iter();
        seen.map(|(id, version)| Guard {
            id: id.clone(),
            version: *version,
        })
        .collect()
    }

    /// At which version each state was read.
    pub(crate) fn seen(&self) -> &BTreeMap<AggregateId, Version> {
        &self.seen
    }

    /// The version at which a state was read; [`Version::ABSENT`] if it was not, or was not there.
    pub(crate) fn version(&self, id: &AggregateId) -> Version {
        self.seen.get(id).copied().unwrap_or(Version::ABSENT)
    }

    /// The state that could not be read, if the last one could not.
    pub(crate) fn unread(&self) -> Option<&AggregateId> {
        self.unread.as_ref()
    }

    async fn snapshot(&mut self) -> Result<&dyn Snapshot, Error> {
        let taken = match self.snapshot.take() {
            Some(taken) => taken,
            None => self.core.ledger.snapshot().await?,
        };
        if self.newest.is_none() {
            self.newest = Some(taken.newest().await?);
        }
        Ok(&**self.snapshot.insert(taken))
    }

    fn keep<S>(&mut self, id: &AggregateId, state: Option<S>, version: Version)
    where
        S: Any + Send + Sync,
    {
        self.seen.insert(id.clone(), version);
        match state {
            Some(state) => self.states.insert(id.clone(), Arc::new(state)),
            None => self.states.remove(id),
        };
    }
}
