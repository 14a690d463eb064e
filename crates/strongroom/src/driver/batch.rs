//! One commit in the making: what is asked of one aggregate, and what follows from it for others.

use strongroom_base::{Machine, Outcome, OutcomeKind, Timestamp};
use strongroom_ledger::{AggregateId, Change, Guard, IndexRow, Version, Write};

use super::due;
use super::kept::Kept;
use super::reader::Reader;
use crate::Error;
use crate::audit::Happened;
use crate::core::{Core, encode};

/// One thing asked of one aggregate.
pub(crate) trait Request: Send + Sync {
    type Machine: Kept;
    /// The states that the facts are views of.
    type Gathered: Send + Sync;

    /// Which aggregate.
    fn id(&self) -> Result<AggregateId, Error>;

    fn command(&self) -> &<Self::Machine as Machine>::Command;

    /// Reads whatever the decision rests on.
    fn gather(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&<Self::Machine as Kept>::Stored>,
    ) -> impl Future<Output = Result<Self::Gathered, Error>> + Send;

    fn facts<'a>(&'a self, gathered: &'a Self::Gathered) -> <Self::Machine as Machine>::Facts<'a>;

    /// The records of what an event did; `subject` is the state after it, or the last one.
    fn happened(
        &self,
        event: &<Self::Machine as Machine>::Event,
        gathered: &Self::Gathered,
        subject: &<Self::Machine as Kept>::Stored,
    ) -> Vec<Happened>;

    /// The record of a refusal; what Strongroom asks of itself leaves none.
    fn attempted(
        &self,
        gathered: &Self::Gathered,
        state: Option<&<Self::Machine as Kept>::Stored>,
    ) -> Option<Happened>;

    /// Asks of other aggregates what follows from the change, in the same commit.
    fn follow_up(
        &self,
        _batch: &mut Batch<'_>,
        _before: Option<&<Self::Machine as Kept>::Stored>,
        _after: Option<&<Self::Machine as Kept>::Stored>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Requests that one commit carries out. All are decided from one snapshot, each by what those before it have
/// made of their states.
pub(crate) struct Batch<'c> {
    pub(super) reader: Reader<'c>,
    writes: Vec<Write>,
    happened: Vec<Happened>,
}

/// Why a request is not part of a batch, and with it none of the batch.
pub(super) struct NotDone {
    pub(super) error: Error,
    /// The record of the refusal, if it was one and leaves one.
    pub(super) attempted: Option<Happened>,
}

impl From<Error> for NotDone {
    fn from(error: Error) -> Self {
        Self {
            error,
            attempted: None,
        }
    }
}

impl NotDone {
    /// A request is refused, by its own machine or by that of something that follows from it.
    fn refused(error: Error, attempted: Option<Happened>) -> Self {
        let attempted = attempted.map(|attempted| attempted.failed(error.code()));
        Self { error, attempted }
    }
}

/// What a batch writes and records.
pub(super) struct Parts {
    pub(super) writes: Vec<Write>,
    /// Everything that was read and is not written.
    pub(super) guards: Vec<Guard>,
    pub(super) happened: Vec<Happened>,
}

impl<'c> Batch<'c> {
    pub(super) fn new(core: &'c Core) -> Self {
        Self {
            reader: Reader::new(core),
            writes: Vec::new(),
            happened: Vec::new(),
        }
    }

    /// Asks for something more in the same commit. What is refused because there is `nothing_to_do` is left
    /// out.
    pub(crate) async fn also<R: Request>(
        &mut self,
        request: &R,
        nothing_to_do: impl Fn(&<R::Machine as Machine>::Refusal) -> bool + Send,
    ) -> Result<(), Error>
    where
        Error: From<<R::Machine as Machine>::Refusal>,
    {
        match self.add(request, nothing_to_do).await {
            Ok(_) => Ok(()),
            // Whatever it follows from is what was asked, and is what leaves the record.
            Err(NotDone { error, .. }) => Err(error),
        }
    }

    /// Decides `request` and takes what follows into the batch; returns the new state.
    pub(super) async fn add<R: Request>(
        &mut self,
        request: &R,
        nothing_to_do: impl Fn(&<R::Machine as Machine>::Refusal) -> bool + Send,
    ) -> Result<Option<<R::Machine as Kept>::Stored>, NotDone>
    where
        Error: From<<R::Machine as Machine>::Refusal>,
    {
        let id = request.id()?;
        let before = self.reader.load::<R::Machine>(&id).await?;
        let gathered = request.gather(&mut self.reader, before.as_ref()).await?;
        let events = match R::Machine::decide(&before, request.command(), &request.facts(&gathered))
        {
            Ok(events) => events,
            Err(refusal) if nothing_to_do(&refusal) => return Ok(before),
            Err(refusal) => {
                let attempted = request.attempted(&gathered, before.as_ref());
                return Err(NotDone::refused(refusal.into(), attempted));
            }
        };
        let mut after = before.clone();
        for event in &events {
            R::Machine::evolve(&mut after, event);
        }
        if let Some(subject) = after.as_ref().or(before.as_ref()) {
            let happened = events
                .iter()
                .flat_map(|event| request.happened(event, &gathered, subject));
            self.happened.extend(happened);
        }
        self.writes.push(Write {
            expected: self.reader.version(&id),
            change: change::<R::Machine>(&id, after.clone(), self.reader.core().now())?,
            id: id.clone(),
        });
        self.reader.shows_from_here(&id, after.clone());
        let follows = request.follow_up(self, before.as_ref(), after.as_ref());
        if let Err(error) = follows.await {
            let attempted = is_refusal(&error)
                .then(|| request.attempted(&gathered, before.as_ref()))
                .flatten();
            return Err(NotDone::refused(error, attempted));
        }
        Ok(after)
    }

    pub(super) fn into_parts(self) -> Parts {
        let mut guards = self.reader.guards();
        // The commit that writes a state asserts its version.
        guards.retain(|guard| !self.writes.iter().any(|write| write.id == guard.id));
        Parts {
            writes: self.writes,
            guards,
            happened: self.happened,
        }
    }

    /// At which version the batch has read a state, if it has.
    pub(super) fn seen(&self, id: &AggregateId) -> Option<Version> {
        self.reader.seen().get(id).copied()
    }
}

/// Whether somebody says no, rather than that something is out of order.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        OutcomeKind::Refused | OutcomeKind::Denied | OutcomeKind::BadInput
    )
}

fn change<M: Kept>(
    id: &AggregateId,
    after: Option<M::Stored>,
    now: Timestamp,
) -> Result<Change, Error> {
    let Some(stored) = after else {
        return Ok(Change::Remove);
    };
    let mut index = M::index(&stored);
    let encoded = encode(&stored)?;
    let state = Some(stored);
    if let Some(at) = M::wake_at(&state) {
        index.push(IndexRow::shared(due::WAKE_INDEX, due::wake_key(at)));
    }
    if !M::effects(&state, now).is_empty() {
        index.push(IndexRow::shared(due::OWING_INDEX, id.as_str()));
    }
    Ok(Change::Put {
        state: encoded,
        index,
    })
}
