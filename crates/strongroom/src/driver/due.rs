//! What time has made due, and what was cut off, over all kinds of aggregates.

use strongroom_base::{Outcome as _, OutcomeKind, Timestamp};
use strongroom_ledger::{AggregateId, Find, Found, LedgerError, Page};

use super::kept::index;
use crate::Error;
use crate::core::Core;

/// The index of states that time will change, by when.
pub(super) const WAKE_INDEX: &str = "wake";
/// The index of states that still owe something.
pub(super) const OWING_INDEX: &str = "owing";
/// How many index rows are read at once.
pub(crate) const PAGE: u32 = 1_000;

/// Aggregates to look at.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Their time has come.
    pub(crate) woken: Vec<AggregateId>,
    /// They owe something.
    pub(crate) owing: Vec<AggregateId>,
}

impl Core {
    pub(crate) async fn due(&self) -> Result<Due, Error> {
        let until = wake_key(self.now());
        let woken = Find::prefix(WAKE_INDEX, "");
        let woken = self.find_sound(&woken, |key| *key <= *until).await?;
        let owing = Find::prefix(OWING_INDEX, "");
        let owing = self.find_sound(&owing, |_| true).await?;
        let ids = |found: Vec<(String, AggregateId)>| found.into_iter().map(|(_, id)| id).collect();
        Ok(Due {
            woken: ids(woken),
            owing: ids(owing),
        })
    }

    /// The rows that a query finds, in order, as long as their keys pass `wanted`.
    pub(crate) async fn find_all(
        &self,
        find: &Find,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, AggregateId)>, Error> {
        all(wanted, |page| self.ledger.find(find, page)).await
    }

    /// The same, without those that name no record: they keep nothing else waiting.
    pub(crate) async fn find_sound(
        &self,
        find: &Find,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, AggregateId)>, Error> {
        all(wanted, |page| self.ledger.find_sound(find, page)).await
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

/// All rows of a query that is asked page by page.
async fn all<F: Future<Output = Result<Vec<Found>, LedgerError>>>(
    wanted: impl Fn(&str) -> bool,
    find: impl Fn(Page) -> F,
) -> Result<Vec<(String, AggregateId)>, Error> {
    let mut all = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let found = find(page).await?;
        let Some(last) = found.last() else {
            return Ok(all);
        };
        page = Page::after(last, PAGE);
        for row in found {
            if !wanted(&row.key) {
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

/// What could not be done for one aggregate stays due, and keeps nothing else waiting.
pub(crate) fn log(id: &AggregateId, done: Result<(), Error>) {
    match done {
        Ok(()) | Err(Error::HeldElsewhere { .. }) => {}
        // Another process was faster, or it was undone meanwhile.
        Err(error) if error.kind() == OutcomeKind::Refused => {}
        Err(error) => tracing::error!(%id, %error, "something is still owed"),
    }
}
