//! What is known of vaults outside the installation beside their keys (R7): their region, what protects what is
//! deleted there, and which permissions they list.
//!
//! Another service answers for it than for the keys, which allows far fewer calls and may be down by itself. So
//! it is kept, and has a budget of its own. Whoever sets a key asks anew, and rests on what is kept only where
//! nobody answers and it is young enough. Whoever uses data waits for none of it: what was found false stops the
//! data until it is found true, and what is not known, or is old, is asked for beside.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_base::{Clock, Outcome as _, OutcomeKind, PrincipalId, TenantId};
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_vault::{Caller as VaultCaller, VaultAddress, VaultError, VaultProperties};

use super::budget::{Budgets, VaultBudget};
use super::outside::{OutsideVault, in_time};
use crate::clock::Moment;

/// How long after a try that failed it is not tried again on behalf of data.
const TRIED_EVERY: Duration = Duration::from_mins(1);

/// How vaults outside the installation are asked for what is not a key's: what it is to be taken for, and how
/// often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `default` gives the defaults"
)]
pub struct FactSettings {
    /// How old it may be where a key is set and nobody answers; an hour. Half of it is how old it gets while
    /// data is used.
    pub age: Duration,
    /// How much is asked of one vault's management.
    pub budget: VaultBudget,
}

/// Below what Azure Resource Manager lets one principal read of one subscription: 250 at once, and 25 a second.
impl Default for FactSettings {
    fn default() -> Self {
        Self {
            age: Duration::from_hours(1),
            budget: VaultBudget::of(20, 200, 8),
        }
    }
}

/// What is known, by whom it was asked for.
pub(crate) struct Facts {
    known: Mutex<HashMap<Asked, Known>>,
    budgets: Budgets,
    age: Duration,
    /// How long an answer may take.
    deadline: Duration,
    runtime: OwnRuntime,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}

/// Of which vault, and by whom: what it permits is the caller's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    vault: VaultAddress,
    tenant: TenantId,
    principal: PrincipalId,
}

impl Asked {
    fn new(vault: &VaultAddress, caller: &VaultCaller) -> Self {
        Self {
            vault: vault.clone(),
            tenant: caller.tenant,
            principal: caller.principal,
        }
    }
}

#[derive(Default)]
struct Known {
    properties: Option<(VaultProperties, Moment)>,
    /// When it was last asked for on behalf of data.
    tried: Option<Moment>,
}

impl Facts {
    pub(super) fn new(
        settings: FactSettings,
        deadline: Duration,
        runtime: OwnRuntime,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            known: Mutex::default(),
            budgets: Budgets::new(settings.budget, deadline, runtime.clone()),
            age: settings.age,
            deadline,
            runtime,
            clock,
        }
    }

    /// For whoever sets a key: as the vault is now or, where nobody answers, as it was at most so long ago.
    pub(super) async fn now(
        &self,
        vault: &dyn OutsideVault,
        caller: &VaultCaller,
        address: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        let failed = match self.ask(vault, caller, address).await {
            Err(error) if is_outage(&error) => error,
            answered => return answered,
        };
        let now = Moment::now(&*self.clock);
        let known = self.lock();
        let known = known.get(&Asked::new(address, caller));
        match known.and_then(|known| known.properties.as_ref()) {
            Some((properties, at)) if is_within(now, *at, self.age) => Ok(properties.clone()),
            Some(_) | None => Err(failed),
        }
    }

    /// For whoever uses data: what was found last, if anything was. What is old is asked for beside.
    pub(super) fn last(
        self: &Arc<Self>,
        vault: &Arc<dyn OutsideVault>,
        caller: &VaultCaller,
        address: &VaultAddress,
    ) -> Option<VaultProperties> {
        let now = Moment::now(&*self.clock);
        let mut all = self.lock();
        let known = all.entry(Asked::new(address, caller)).or_default();
        let found = known.properties.as_ref();
        let is_young = found.is_some_and(|(_, at)| is_within(now, *at, self.age / 2));
        let was_tried = known
            .tried
            .is_some_and(|at| is_within(now, at, TRIED_EVERY));
        if !is_young && !was_tried {
            known.tried = Some(now);
            let (facts, vault) = (Arc::clone(self), Arc::clone(vault));
            let (caller, address) = (caller.clone(), address.clone());
            self.runtime.spawn(async move {
                if let Err(error) = facts.ask(&*vault, &caller, &address).await {
                    tracing::warn!(
                        vault = %address, %error, code = error.code(),
                        "the properties of a vault could not be read; its data go on"
                    );
                }
            });
        }
        known.properties.as_ref().map(|(found, _)| found.clone())
    }

    async fn ask(
        &self,
        vault: &dyn OutsideVault,
        caller: &VaultCaller,
        address: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        let _turn = self.budgets.enter(address).await?;
        let sent = Moment::now(&*self.clock);
        let answer = vault.vault(caller, address);
        let properties = in_time(&self.runtime, self.deadline, answer).await?;
        let mut all = self.lock();
        // A resource's identity changes: what nobody asks for any more is forgotten. What was found false and
        // is asked for still is not.
        let forgotten = self.age.saturating_mul(2);
        all.retain(|_, known| {
            let found = known.properties.as_ref().map(|(_, at)| *at);
            let mut asked = [found, known.tried].into_iter().flatten();
            asked.any(|at| is_within(sent, at, forgotten))
        });
        let known = all.entry(Asked::new(address, caller)).or_default();
        known.properties = Some((properties.clone(), sent));
        Ok(properties)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asked, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_within(now: Moment, at: Moment, age: Duration) -> bool {
    now.since(at).is_some_and(|since| since <= age)
}

fn is_outage(error: &VaultError) -> bool {
    matches!(
        error.kind(),
        OutcomeKind::Unavailable | OutcomeKind::Throttled
    )
}
