//! One process at a time carries out what a state owes.

use std::time::Duration;

use strongroom_ledger::{AggregateId, Claim, ClaimOutcome};

use crate::Error;
use crate::core::Core;

/// How long one process may take to carry out what a state owes before another takes over.
pub(crate) const EFFECTS_CLAIMED_FOR: Duration = Claim::LONGEST;

impl Core {
    /// Claims the effects of `id`, or extends the claim.
    ///
    /// # Errors
    /// [`Error::HeldElsewhere`] if another process is at them, or was until it was cut off.
    pub(crate) async fn claim_effects(&self, id: &AggregateId) -> Result<Claim, Error> {
        let now = self.now();
        let claim = Claim {
            name: format!("effects/{id}"),
            owner: self.owner.clone(),
            expires: now.saturating_add(EFFECTS_CLAIMED_FOR),
        };
        match self.ledger.claim(&claim, now).await? {
            ClaimOutcome::Held { .. } => Ok(claim),
            ClaimOutcome::HeldBy { expires, .. } => Err(Error::HeldElsewhere {
                id: id.clone(),
                wait: expires.saturating_since(now),
            }),
        }
    }

    /// Does `work` while nobody else carries out what `id` owes. Released whatever came of it: who tries
    /// again need not wait.
    pub(crate) async fn under_claim<T>(
        &self,
        id: &AggregateId,
        work: impl AsyncFnOnce(Claim) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let patience = EFFECTS_CLAIMED_FOR;
        let entered = self.busy.enter(id, patience, &self.runtime).await;
        let _in_this_process = entered.ok_or_else(|| Error::HeldElsewhere {
            id: id.clone(),
            wait: Duration::ZERO,
        })?;
        let claim = self.claim_effects(id).await?;
        let done = work(claim.clone()).await;
        let released = self.ledger.release(&claim).await;
        done.and_then(|value| released.map(|()| value).map_err(Error::from))
    }
}
