//! Drives the machines: load a state, gather facts, decide, commit; if anything that the decision
//! rests on moved meanwhile, read and decide again.
//!
//! A decision reads from one snapshot of the ledger. The [`Reader`] keeps the version of everything that
//! was read for it, and the commit asserts them all: no fact can be forgotten.

mod claims;
mod due;
pub(crate) mod kept;
mod reader;

use std::future::Future;

use strongroom_base::{Machine, Outcome, Timestamp};
use strongroom_ledger::{
    AggregateId, Change, Claim, Commit, Condition, Guard, IndexRow, LedgerError, Version, Write,
};

use crate::Error;
use crate::audit::{Caller, Happened};
use crate::core::{Core, Loaded, encode};

pub(crate) use self::claims::EFFECTS_CLAIMED_FOR;
pub(crate) use self::due::{has_come, is_due, log};
pub(crate) use self::kept::Kept;
pub(crate) use self::reader::Reader;

/// How often a decision is taken anew because what it was based on has changed.
const DECIDE_RETRIES: usize = 64;

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
}

/// What a commit asserts beside the versions that the reader kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assertions {
    pub(crate) guards: Vec<Guard>,
    pub(crate) holding: Vec<Claim>,
    pub(crate) only_while: Option<Condition>,
    /// At which version a lease has read the state whose mark is written: so it must be still, and what rests
    /// on it goes on.
    pub(crate) mark_at: Option<Version>,
}

impl Assertions {
    pub(crate) fn holding(claim: &Claim) -> Self {
        Self {
            holding: vec![claim.clone()],
            ..Self::default()
        }
    }

    pub(crate) fn mark_at(version: Version) -> Self {
        Self {
            mark_at: Some(version),
            ..Self::default()
        }
    }

    /// Whether a commit failed for nothing but that something moved, or took a name, since it was read.
    /// What the caller itself asserted is not read again, so it does not count.
    fn allow_another_try(&self, error: &LedgerError) -> bool {
        match error {
            LedgerError::Conflict { id, .. } => !self.guards.iter().any(|guard| guard.id == *id),
            LedgerError::Taken { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn guarded(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }
}

/// A decision, its facts, and the state that it was taken on.
struct Judged<R: Request> {
    before: Option<<R::Machine as Kept>::Stored>,
    version: Version,
    gathered: R::Gathered,
    guards: Vec<Guard>,
    decision: Decision<R>,
}

type Decision<R> = Result<
    Vec<<<R as Request>::Machine as Machine>::Event>,
    <<R as Request>::Machine as Machine>::Refusal,
>;

impl Core {
    /// Decides `request`, commits what follows, and records it; a refusal is recorded too. Returns the
    /// new state; none, if it is gone.
    pub(crate) async fn drive<R: Request>(
        &self,
        request: &R,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Option<<R::Machine as Kept>::Stored>, Error>
    where
        Error: From<<R::Machine as Machine>::Refusal>,
    {
        let driven = self.drive_to_version(request, assertions, caller).await?;
        Ok(driven.state)
    }

    /// The same, with the version of the new state.
    pub(crate) async fn drive_to_version<R: Request>(
        &self,
        request: &R,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Loaded<<R::Machine as Kept>::Stored>, Error>
    where
        Error: From<<R::Machine as Machine>::Refusal>,
    {
        let id = request.id()?;
        for _ in 0..DECIDE_RETRIES {
            let Judged {
                before,
                version,
                gathered,
                mut guards,
                decision,
            } = self.judge(request, &id).await?;
            if let Some(expected) = assertions.mark_at.filter(|at| *at != version) {
                let conflict = LedgerError::Conflict {
                    id,
                    expected,
                    found: version,
                };
                return Err(conflict.into());
            }
            let events = match decision {
                Ok(events) => events,
                Err(refusal) => {
                    if let Some(refused) = request.attempted(&gathered, before.as_ref()) {
                        self.record(vec![refused.failed(refusal.code())], caller)
                            .await?;
                    }
                    return Err(refusal.into());
                }
            };
            let now = self.now();
            let mut after = before.clone();
            for event in &events {
                R::Machine::evolve(&mut after, event);
            }
            let happened = match after.as_ref().or(before.as_ref()) {
                Some(subject) => events
                    .iter()
                    .flat_map(|event| request.happened(event, &gathered, subject))
                    .collect(),
                None => Vec::new(),
            };
            let write = Write {
                id: id.clone(),
                expected: version,
                change: Self::change::<R::Machine>(&id, after.clone(), now)?,
            };
            guards.extend(assertions.guards.iter().cloned());
            let commit = Commit {
                writes: vec![write],
                guards,
                holding: assertions.holding.clone(),
                only_while: assertions.only_while.clone(),
                audit: self.entries(happened, caller, now)?,
            };
            let committed = self.ledger.commit(commit, now).await;
            match (&committed, assertions.mark_at) {
                (Ok(done), Some(from)) => self.observer.marked(&id, from, done.version()),
                // In doubt, it may have happened.
                (Ok(_) | Err(LedgerError::InDoubt { .. }), _) => {
                    self.observer.changed(&id, None, self.moment());
                }
                (Err(_), _) => {}
            }
            match committed {
                Ok(done) => {
                    return Ok(Loaded {
                        state: after,
                        version: done.version().unwrap_or(Version::ABSENT),
                    });
                }
                Err(error) if assertions.allow_another_try(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended { id })
    }

    /// What [`drive`](Self::drive) would decide, with nothing done and nothing recorded: the state, the
    /// facts' states and the decision go to `explain`.
    pub(crate) async fn explain<R: Request, T>(
        &self,
        request: &R,
        explain: impl FnOnce(Option<&<R::Machine as Kept>::Stored>, &R::Gathered, &Decision<R>) -> T,
    ) -> Result<T, Error> {
        let id = request.id()?;
        let judged = self.judge(request, &id).await?;
        Ok(explain(
            judged.before.as_ref(),
            &judged.gathered,
            &judged.decision,
        ))
    }

    async fn judge<R: Request>(&self, request: &R, id: &AggregateId) -> Result<Judged<R>, Error> {
        let mut reader = Reader::new(self);
        let state = reader.load::<R::Machine>(id).await?;
        let gathered = request.gather(&mut reader, state.as_ref()).await?;
        let mut guards = reader.guards();
        // The commit that writes it asserts its version.
        guards.retain(|guard| guard.id != *id);
        let decision = R::Machine::decide(&state, request.command(), &request.facts(&gathered));
        Ok(Judged {
            version: reader.version(id),
            before: state,
            gathered,
            guards,
            decision,
        })
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
}
