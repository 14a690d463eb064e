//! How much is asked of one vault: so much a second, in turn, and so much at once.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_vault::{VaultAddress, VaultError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How long somebody waits for its turn before it is told to come back.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How much is asked of one vault, over all the resources that have their keys there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `default` gives the defaults"
)]
pub struct VaultBudget {
    /// Unwraps a second, in the long run.
    pub per_second: NonZeroU32,
    /// How many of them at once.
    pub burst: NonZeroU32,
    /// How many that are not answered yet.
    pub in_flight: NonZeroU32,
}

impl VaultBudget {
    /// Each at least one.
    pub(crate) const fn of(per_second: u32, burst: u32, in_flight: u32) -> Self {
        const fn number(number: u32) -> NonZeroU32 {
            NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
        }
        Self {
            per_second: number(per_second),
            burst: number(burst),
            in_flight: number(in_flight),
        }
    }
}

/// Below what Key Vault allows an RSA 2048 key that is kept in software, 4,000 in ten seconds.
impl Default for VaultBudget {
    fn default() -> Self {
        Self::of(380, 100, 32)
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Times>>;
type Times = <MonotonicClock as governor::clock::Clock>::Instant;

/// What the clock of a limiter counts by.
pub(crate) const fn quota(budget: &VaultBudget) -> Quota {
    Quota::per_second(budget.per_second).allow_burst(budget.burst)
}

/// The budgets of all vaults that are in use.
pub(crate) struct Budgets {
    budget: VaultBudget,
    /// How long a turn lasts, also of somebody whom nobody drives on.
    turn: Duration,
    /// Where whose turn it is is found out.
    runtime: OwnRuntime,
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
    _answered: oneshot::Sender<()>,
}

impl Budgets {
    /// Each answer may take as long as `deadline`.
    pub(super) fn new(budget: VaultBudget, deadline: Duration, runtime: OwnRuntime) -> Self {
        Self {
            budget,
            // A vault is asked for its properties, then for an unwrap.
            turn: deadline.saturating_mul(2).saturating_add(PATIENCE),
            runtime,
            gates: Mutex::default(),
        }
    }

    /// Waits for the turn to ask `vault` something.
    ///
    /// # Errors
    /// [`VaultError::Throttled`], by ourselves, if it does not come in time.
    pub(crate) async fn enter(&self, vault: &VaultAddress) -> Result<Turn, VaultError> {
        let gate = self.gate(vault);
        let (lasts, (give, given)) = (self.turn, oneshot::channel());
        self.runtime.spawn(gate.give_turn(give, lasts));
        let given = self.runtime.wait(given).await;
        given
            .ok()
            .and_then(Result::ok)
            .ok_or(VaultError::Throttled {
                retry_after: Some(Duration::from_secs(1)),
            })
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

    /// Waits for a turn, gives it to whoever still wants it, and takes it back.
    async fn give_turn(self: Arc<Self>, mut give: oneshot::Sender<Turn>, lasts: Duration) {
        let in_flight = tokio::select! {
            () = give.closed() => return,
            entered = tokio::time::timeout(PATIENCE, self.enter()) => entered,
        };
        let Ok(Some(_in_flight)) = in_flight else {
            return;
        };
        let (answered, answer) = oneshot::channel();
        let turn = Turn {
            _answered: answered,
        };
        if give.send(turn).is_ok() {
            // It is over when it is dropped.
            let _ = tokio::time::timeout(lasts, answer).await;
        }
    }

    /// None, if the gate was closed, which it never is.
    async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok()?;
        let _turn = self.turn.lock().await;
        while let Err(early) = self.limiter.check() {
            let wait = early.wait_time_from(MonotonicClock.now());
            tokio::time::sleep(wait).await;
        }
        Some(in_flight)
    }
}
