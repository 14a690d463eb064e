//! Reads states for a decision, and remembers at which versions.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use strongroom_ledger::{AggregateId, Find, Guard, Page, Version};

use super::Kept;
use crate::Error;
use crate::core::{Core, Loaded};

/// Reads on behalf of one decision. Whatever it has read, absent things too, is asserted by the commit.
#[derive(Debug)]
pub(crate) struct Reader<'c> {
    core: &'c Core,
    seen: BTreeMap<AggregateId, Version>,
    /// What could not be read.
    unread: Option<AggregateId>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(core: &'c Core) -> Self {
        Self {
            core,
            seen: BTreeMap::new(),
            unread: None,
        }
    }

    pub(crate) fn core(&self) -> &'c Core {
        self.core
    }

    /// A state as it is now.
    ///
    /// # Errors
    /// [`Error::Torn`] if it was read before in this decision and has moved since.
    pub(crate) async fn load<M: Kept>(
        &mut self,
        id: &AggregateId,
    ) -> Result<Option<M::Stored>, Error> {
        self.unread = Some(id.clone());
        let Loaded { state, version } = self.core.load::<M::Stored>(id).await?;
        self.unread = None;
        match self.seen.insert(id.clone(), version) {
            Some(before) if before != version => Err(Error::Torn),
            Some(_) | None => Ok(state),
        }
    }

    /// Whether somebody holds `key` of a unique index, other than `own`. It is no fact to be asserted:
    /// the index itself lets no second one in.
    pub(crate) async fn is_taken(
        &self,
        index: &str,
        key: &str,
        own: Option<&AggregateId>,
    ) -> Result<bool, Error> {
        let found = self
            .core
            .ledger
            .find(&Find::exact(index, key), Page::first(2))
            .await?;
        Ok(found.iter().any(|found| Some(&found.id) != own))
    }

    /// Whether everything that was read is as it was: then all of it held at one moment, between the
    /// last read and this question.
    pub(crate) async fn holds_still(&self) -> Result<bool, Error> {
        for (id, version) in &self.seen {
            let now = self.core.ledger.load(id).await?;
            if now.map_or(Version::ABSENT, |stored| stored.version) != *version {
                return Ok(false);
            }
        }
        Ok(true)
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

    /// The state that could not be read, if the last one could not.
    pub(crate) fn unread(&self) -> Option<&AggregateId> {
        self.unread.as_ref()
    }

    /// A state that was read has been changed on our own account, and is as it was meant to be: that is
    /// no move.
    ///
    /// # Errors
    /// [`Error::Torn`] if it has moved otherwise.
    pub(crate) async fn has_become<S>(&mut self, id: &AggregateId, meant: &S) -> Result<(), Error>
    where
        S: DeserializeOwned + PartialEq,
    {
        let Loaded { state, version } = self.core.load::<S>(id).await?;
        if state.as_ref() != Some(meant) {
            return Err(Error::Torn);
        }
        self.seen.insert(id.clone(), version);
        Ok(())
    }

    /// What the commit asserts beside the version of `own`, which it writes.
    pub(super) fn into_guards(self, own: &AggregateId) -> Vec<Guard> {
        let others = self.seen.into_iter().filter(|(id, _)| id != own);
        others.map(|(id, version)| Guard { id, version }).collect()
    }
}
