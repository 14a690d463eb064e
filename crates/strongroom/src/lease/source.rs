//! Where the data path takes its lease from: the one that is kept, or one that is asked for now.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;

use strongroom_base::{Clock, CorrelationId, Outcome as _, OutcomeKind, ResourceUid, Retry};
use strongroom_crypto::Provider;
use strongroom_vault::{Unavailable, VaultError};

use super::desk::{Desk, Outcome, Proved, Telling, Told};
use super::findings::Watching;
use super::key_source::{KeySource, Proof, Watched};
use super::keys::{Lease, LeasedKeys};
use super::machine::{Answer, Attempt, Terms};
use super::settings::{LeaseSettings, LeaseTerm};
use crate::Error;
use crate::audit::{OnBehalfOf, on_behalf_of};
use crate::clock::Moment;
use crate::core::random_id;
use crate::driver::kept::resource_id;
use crate::vaults::PATIENCE;

/// How often an operation asks anew because what was found was void by the time it was told.
const ASKED_AGAIN: usize = 16;

/// How long to wait before asking again, where nobody said.
const SOON: Duration = Duration::from_secs(1);

/// How long a lease lasts that nobody outside the service can take away.
const SERVICE_MANAGED: Duration = Duration::from_mins(1);

/// What all leases of a process have in common.
#[derive(Clone)]
pub(super) struct LeaseBasis {
    pub(super) settings: LeaseSettings,
    /// Whether an operation that has begun is asked whether it may go on.
    pub(super) is_checked: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) provider: Provider,
}

/// The leases of one resource in this process.
pub(crate) struct LeaseSource {
    /// Gone once the installation is closed, which an open store does not put off.
    keys: Weak<dyn KeySource>,
    uid: ResourceUid,
    basis: LeaseBasis,
    /// How long an attempt may take: to wait for a turn at the vault, and for its answer.
    longest: Duration,
    desk: Desk<LeasedKeys, Failure>,
}

/// Why there is no lease. What it rests on is watched for as long as it is remembered.
#[derive(Debug)]
pub(super) struct Failure {
    error: Arc<Error>,
    _watching: Option<Watching>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error: Arc::new(error),
            _watching: None,
        }
    }
}

impl LeaseSource {
    pub(super) fn new(basis: LeaseBasis, keys: Weak<dyn KeySource>, uid: ResourceUid) -> Self {
        let longest = basis.settings.deadline().saturating_add(PATIENCE);
        Self {
            keys,
            uid,
            basis,
            longest,
            desk: Desk::new(longest),
        }
    }

    pub(super) fn desk(&self) -> &Desk<LeasedKeys, Failure> {
        &self.desk
    }

    /// Whether an operation that has begun is asked whether it may go on.
    pub(super) fn is_checked(&self) -> bool {
        self.basis.is_checked
    }

    fn keys(&self) -> Result<Arc<dyn KeySource>, Error> {
        self.keys.upgrade().ok_or(Error::Closed)
    }

    /// Now, for somebody who is about to use a lease. Nothing is written that other readers read, as the
    /// count of those who use the key source would be.
    pub(super) fn moment(&self) -> Result<Moment, Error> {
        if self.keys.strong_count() == 0 {
            return Err(Error::Closed);
        }
        Ok(Moment::now(&*self.basis.clock))
    }

    /// A lease that holds now, if there is one. Once it is due, the next is asked for ahead.
    pub(super) fn held(self: &Arc<Self>) -> Result<Option<Arc<Lease>>, Error> {
        let now = self.moment()?;
        let Some(lease) = self.desk.current(now) else {
            return Ok(None);
        };
        if lease.is_due(now) {
            let keys = self.keys()?;
            let (_, attempt) = self.desk.ask(now);
            self.carry_out(keys, attempt, None);
        }
        Ok(Some(lease))
    }

    /// A lease that holds now, for `user`: if there is none, it is asked for on its behalf.
    ///
    /// # Cancel safety
    /// Whoever stops waiting takes nothing from those who go on: the asking is not theirs.
    pub(super) async fn lease(self: &Arc<Self>, user: &OnBehalfOf) -> Result<Arc<Lease>, Error> {
        for _ in 0..ASKED_AGAIN {
            if let Some(lease) = self.held()? {
                return Ok(lease);
            }
            let keys = self.keys()?;
            let (telling, attempt) = self.desk.ask(self.moment()?);
            let runtime = keys.runtime().clone();
            self.carry_out(keys, attempt, Some(user));
            let told = match telling {
                Telling::Now(told) => told,
                Telling::Later(told) => {
                    let told = runtime.wait(told).await;
                    told.ok().and_then(Result::ok).unwrap_or(Told::Again)
                }
            };
            match told {
                Told::Go(lease) => return Ok(lease),
                Told::Fail(failure) => return Err(Error::Proof(Arc::clone(&failure.error))),
                Told::Again => {}
            }
        }
        Err(self.contended()?)
    }

    /// What the resource's use rests on changed each time that it was asked for.
    pub(super) fn contended(&self) -> Result<Error, Error> {
        let id = resource_id(self.uid)?;
        Ok(Error::Contended { id })
    }

    /// What is asked for ahead is asked for on nobody's behalf: everybody has a lease.
    fn carry_out(
        self: &Arc<Self>,
        keys: Arc<dyn KeySource>,
        attempt: Option<Attempt>,
        user: Option<&OnBehalfOf>,
    ) {
        let Some(attempt) = attempt else { return };
        let open = OpenAttempt {
            source: Arc::clone(self),
            attempt,
        };
        let user = user.cloned();
        // The caller's own runtime may stand still as soon as the caller has what it wants.
        keys.runtime().clone().spawn(async move {
            let proving = open.source.prove(&*keys, attempt, user);
            let proving = AssertUnwindSafe(proving).catch_unwind();
            let outcome = match tokio::time::timeout(open.source.longest, proving).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) | Err(_) => Err(overdue()),
            };
            let now = Moment::now(&*open.source.basis.clock);
            open.answer(outcome, now);
        });
    }

    async fn prove(
        &self,
        keys: &dyn KeySource,
        attempt: Attempt,
        user: Option<OnBehalfOf>,
    ) -> Outcome<LeasedKeys, Failure> {
        let found = match &user {
            Some(user) => Ok(user.correlation),
            None => random_id(&self.basis.provider).map(CorrelationId::from_bytes),
        };
        let found = match found {
            Ok(correlation) => {
                let refused = || self.desk.refused(attempt, Moment::now(&*self.basis.clock));
                let proving = keys.prove(self.uid, correlation, &refused);
                on_behalf_of(user, proving).await
            }
            Err(error) => Err(error.into()),
        };
        let proved = match found {
            Ok(Watched { what, watching }) => self.proved(what, watching).map_err(Watched::from),
            Err(failed) => Err(failed),
        };
        proved.map_err(|Watched { what, watching }| {
            let failure = Failure {
                error: Arc::new(what),
                _watching: watching,
            };
            (self.answer(&failure.error), Arc::new(failure))
        })
    }

    fn proved(
        &self,
        proof: Proof,
        watching: Option<Watching>,
    ) -> Result<Proved<LeasedKeys>, Error> {
        let settings = self.basis.settings;
        let terms = |lease| Terms {
            lease,
            grace: settings.outage_grace,
        };
        let Proof {
            keys,
            sent,
            customer_managed,
        } = proof;
        let (terms, kept) = match (settings.term.duration(), customer_managed) {
            (Some(lease), _) => (terms(lease), true),
            (None, false) => (terms(SERVICE_MANAGED), true),
            // What goes on for longer proves it again every second.
            (None, true) => (terms(LeaseTerm::SHORTEST), false),
        };
        if kept && !terms.hold(sent, Moment::now(&*self.basis.clock), false) {
            return Err(Error::VaultCall(VaultError::Unavailable {
                unavailable: Unavailable::Timeout,
                source: None,
            }));
        }
        let mut spread = [0];
        self.basis.provider.random.fill(&mut spread)?;
        let [spread] = spread;
        Ok(Proved {
            keys: LeasedKeys::new(keys, watching),
            sent,
            terms,
            spread,
            kept,
        })
    }

    /// Which of the answers an error is. What revokes was found out where it was proved.
    fn answer(&self, error: &Error) -> Answer {
        let wait = match error.retry() {
            Retry::After(wait) => wait,
            Retry::Never | Retry::AfterRepair => SOON,
        };
        match error {
            Error::OutOfReach(_) => Answer::Denied {
                wait: self.basis.settings.denied_for,
            },
            other => match other.kind() {
                OutcomeKind::Unavailable | OutcomeKind::Throttled => Answer::Outage { wait },
                OutcomeKind::Damaged => {
                    tracing::error!(%error, code = error.code(), "a resource's keys are damaged");
                    Answer::Damaged
                }
                OutcomeKind::BadInput
                | OutcomeKind::Refused
                | OutcomeKind::Denied
                | OutcomeKind::Internal => Answer::Other,
            },
        }
    }
}

/// An attempt that has not come to its end in time, or never will.
pub(super) fn overdue() -> (Answer, Arc<Failure>) {
    let failure = Failure::from(Error::ProofOverdue);
    (Answer::Outage { wait: SOON }, Arc::new(failure))
}

/// An attempt that is answered whatever becomes of the task that carries it out: nobody waits for good.
struct OpenAttempt {
    source: Arc<LeaseSource>,
    attempt: Attempt,
}

impl OpenAttempt {
    fn answer(&self, outcome: Outcome<LeasedKeys, Failure>, now: Moment) {
        self.source.desk.answer(self.attempt, outcome, now);
    }
}

impl Drop for OpenAttempt {
    /// Does nothing if it was answered.
    fn drop(&mut self) {
        let now = Moment::now(&*self.source.basis.clock);
        self.source.desk.cut_off(self.attempt, now);
    }
}
