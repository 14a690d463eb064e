//! Drives the machines: load a state, gather facts, decide, commit; if anything that the decision
//! rests on moved meanwhile, read and decide again. What follows for other aggregates, as long as all of it
//! lies in the ledger, is decided and committed together with it.
//!
//! A decision reads from one snapshot of the ledger. The [`Reader`] keeps the version of everything that
//! was read for it, and the commit asserts them all: no fact can be forgotten.

mod batch;
mod claims;
mod due;
pub(crate) mod kept;
mod reader;

use strongroom_base::Machine;
use strongroom_ledger::{Claim, Commit, Condition, Guard, LedgerError, Version};

use crate::Error;
use crate::audit::Caller;
use crate::core::{Core, Loaded};

use self::batch::{NotDone, Parts};

pub(crate) use self::batch::{Batch, Request};
pub(crate) use self::claims::EFFECTS_CLAIMED_FOR;
pub(crate) use self::due::{has_come, log};
pub(crate) use self::kept::Kept;
pub(crate) use self::reader::Reader;

/// How often a decision is taken anew because what it was based on has changed.
const DECIDE_RETRIES: usize = 64;

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
            let mut batch = Batch::new(self);
            let added = batch.add(request, |_| false).await;
            if let (Some(expected), Some(found)) = (assertions.mark_at, batch.seen(&id))
                && expected != found
            {
                let conflict = LedgerError::Conflict {
                    id,
                    expected,
                    found,
                };
                return Err(conflict.into());
            }
            let Parts {
                writes,
                mut guards,
                happened,
            } = batch.into_parts();
            let after = match added {
                Ok(after) => after,
                Err(NotDone { error, attempted }) => {
                    if let Some(refused) = attempted {
                        self.record(vec![refused], caller).await?;
                    }
                    return Err(error);
                }
            };
            let now = self.now();
            let written: Vec<_> = writes.iter().map(|write| write.id.clone()).collect();
            guards.extend(assertions.guards.iter().cloned());
            let commit = Commit {
                writes,
                guards,
                holding: assertions.holding.clone(),
                only_while: assertions.only_while.clone(),
                audit: self.entries(happened, caller, now)?,
            };
            let committed = self.ledger.commit(commit, now).await;
            // In doubt, it may have happened.
            if matches!(committed, Ok(_) | Err(LedgerError::InDoubt { .. })) {
                for written in &written {
                    match (&committed, assertions.mark_at) {
                        (Ok(done), Some(from)) if *written == id => {
                            self.observer.marked(&id, from, done.version());
                        }
                        _ => self.observer.changed(written, None, self.moment()),
                    }
                }
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
        let mut reader = Reader::new(self);
        let state = reader.load::<R::Machine>(&request.id()?).await?;
        let gathered = request.gather(&mut reader, state.as_ref()).await?;
        let decision = R::Machine::decide(&state, request.command(), &request.facts(&gathered));
        Ok(explain(state.as_ref(), &gathered, &decision))
    }
}
