//! What time has made due, and what was cut off, over all kinds of aggregates.

use std::collections::HashSet;

use strongroom_base::{Outcome as _, OutcomeKind, Timestamp};
use strongroom_ledger::{AggregateId, Find, Found, LedgerError, Page};

use super::Kept;
use super::kept::index;
use crate::Error;
use crate::core::Core;

/// The index of states that time will change, by when.
pub(super) const WAKE_INDEX: &str = "wake";
/// The index of states that still owe something.
pub(super) const OWING_INDEX: &str = "owing";
/// How many index rows are read at once.
pub(crate) const PAGE: u32 = 1_000;

/// Whether time has changed a state.
pub(crate) fn has_come<M: Kept>(state: &M::State, now: Timestamp) -> bool {
    M::wake_at(state).is_some_and(|at| at <= now)
}

impl Core {
    /// Whether something is due of a state that somebody is about to rest on, and is for whoever comes by to
    /// do: nobody in this process is at it, and something can be written.
    pub(crate) fn is_behind<M: Kept>(&self, id: &AggregateId, state: &M::State) -> bool {
        let now = self.now();
        let is_due = has_come::<M>(state, now) || !M::effects(state, now).is_empty();
        is_due && !self.read_only && !self.busy.is_entered(id)
    }

    /// The first `at_most` aggregates whose time has come, oldest first, and as many that owe something: one
    /// of these after one of those.
    pub(crate) async fn due(&self, at_most: usize) -> Result<Vec<AggregateId>, Error> {
        let until = wake_key(self.now());
        let woken = Find::prefix(WAKE_INDEX, "");
        let woken = self
            .find_sound(&woken, None, at_most, |key| *key <= *until)
            .await?;
        let owing = Find::prefix(OWING_INDEX, "");
        let owing = self.find_sound(&owing, None, at_most, |_| true).await?;
        let (mut woken, mut owing) = (woken.into_iter(), owing.into_iter());
        let (mut due, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let (first, second) = (woken.next(), owing.next());
            if first.is_none() && second.is_none() {
                return Ok(due);
            }
            for (_, id) in [first, second].into_iter().flatten() {
                if seen.insert(id.clone()) {
                    due.push(id);
                }
            }
        }
    }

    /// The rows that a query finds, in order, as long as their keys pass `wanted`.
    pub(crate) async fn find_all(
        &self,
        find: &Find,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, AggregateId)>, Error> {
        let find = |page| self.ledger.find(find, page);
        all(wanted, None, usize::MAX, find).await
    }

    /// The first `at_most` of them behind `after`, without those that name no record: they keep nothing else
    /// waiting.
    pub(crate) async fn find_sound(
        &self,
        find: &Find,
        after: Option<(String, AggregateId)>,
        at_most: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, AggregateId)>, Error> {
        let find = |page| self.ledger.find_sound(find, page);
        all(wanted, after, at_most, find).await
    }

    /// Whether each row of what says what is due names a record.
    ///
    /// # Errors
    /// `Damaged`, naming the index, if one does not.
    pub(crate) async fn check_due(&self) -> Result<(), Error> {
        for index in [WAKE_INDEX, OWING_INDEX, index::ANNOUNCED, index::FOLLOWER] {
            self.find_all(&Find::prefix(index, ""), |_| true).await?;
        }
        Ok(())
    }
}

/// The first rows of a query that is asked page by page.
async fn all<F: Future<Output = Result<Vec<Found>, LedgerError>>>(
    wanted: impl Fn(&str) -> bool,
    after: Option<(String, AggregateId)>,
    at_most: usize,
    find: impl Fn(Page) -> F,
) -> Result<Vec<(String, AggregateId)>, Error> {
    let mut all = Vec::new();
    let page_len = PAGE.min(u32::try_from(at_most).unwrap_or(PAGE).saturating_add(1));
    let mut page = Page {
        after,
        limit: page_len,
    };
    loop {
        let found = find(page).await?;
        let Some(last) = found.last() else {
            return Ok(all);
        };
        page = Page::after(last, page_len);
        for row in found {
            if all.len() == at_most || !wanted(&row.key) {
                return Ok(all);
            }
            all.push((row.key, row.id));
        }
    }
}

/// Sorts as the time does.
pub(super) fn wake_key(at: Timestamp) -> String {
    format!("{:020}", at.as_unix_millis())
}

/// What could not be done for one aggregate stays due, and keeps nothing else waiting. How it failed, if it
/// did.
pub(crate) fn log(id: &AggregateId, done: Result<(), Error>) -> Option<OutcomeKind> {
    match done {
        Ok(()) | Err(Error::HeldElsewhere { .. }) => None,
        // Another process was faster, or it was undone meanwhile.
        Err(error) if error.kind() == OutcomeKind::Refused => None,
        Err(error) => {
            tracing::error!(%id, %error, code = error.code(), "something is due still");
            Some(error.kind())
        }
    }
}
