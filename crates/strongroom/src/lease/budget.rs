//! How much is asked of one vault: so much a second, in turn, and so much at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use strongroom_vault::{VaultAddress, VaultError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::VaultBudget;

/// How long somebody waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(30);

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Times>>;
type Times = <MonotonicClock as governor::clock::Clock>::Instant;

/// What the clock of a limiter counts by.
pub(crate) const fn quota(budget: &VaultBudget) -> Quota {
    Quota::per_second(budget.per_second).allow_burst(budget.burst)
}

/// The budgets of all vaults that are in use.
pub(crate) struct Budgets {
    budget: VaultBudget,
    gates: Mutex<HashMap<VaultAddress, Arc<Gate>>>,
}

/// One vault's.
struct Gate {
    limiter: Limiter,
    /// Whose turn it is: first come, first served, and a resource stands in it once.
    turn: tokio::sync::Mutex<()>,
    in_flight: Arc<Semaphore>,
}

/// Leave to ask a vault once. It is given back with the answer.
#[derive(Debug)]
pub(crate) struct Turn {
    _in_flight: OwnedSemaphorePermit,
}

impl Budgets {
    pub(crate) fn new(budget: VaultBudget) -> Self {
        Self {
            budget,
            gates: Mutex::default(),
        }
    }

    /// Waits for the turn to ask `vault` something.
    ///
    /// # Errors
    /// [`VaultError::Throttled`], by ourselves, if it does not come in time.
    pub(crate) async fn enter(&self, vault: &VaultAddress) -> Result<Turn, VaultError> {
        let gate = self.gate(vault);
        let throttled = VaultError::Throttled {
            retry_after: Some(Duration::from_secs(1)),
        };
        match tokio::time::timeout(PATIENCE, gate.enter()).await {
            Ok(Some(turn)) => Ok(turn),
            Ok(None) | Err(_) => Err(throttled),
        }
    }

    fn gate(&self, vault: &VaultAddress) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates
            .entry(vault.clone())
            .or_insert_with(|| Arc::new(Gate::new(&self.budget)));
        Arc::clone(gate)
    }
}

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budgets")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

impl Gate {
    fn new(budget: &VaultBudget) -> Self {
        let in_flight = usize::try_from(budget.in_flight.get()).unwrap_or(usize::MAX);
        Self {
            limiter: RateLimiter::direct_with_clock(quota(budget), MonotonicClock),
            turn: tokio::sync::Mutex::default(),
            in_flight: Arc::new(Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// None, if the gate was closed, which it never is.
    async fn enter(&self) -> Option<Turn> {
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok()?;
        let _turn = self.turn.lock().await;
        while let Err(early) = self.limiter.check() {
            let wait = early.wait_time_from(MonotonicClock.now());
            tokio::time::sleep(wait).await;
        }
        Some(Turn {
            _in_flight: in_flight,
        })
    }
}
