//! One task of this process at a time settles what an aggregate owes. Claims keep processes apart, and
//! a process's tasks share its claims.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_ledger::AggregateId;
use strongroom_ledger::runtime::OwnRuntime;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The aggregates that a task is at work on.
#[derive(Debug, Default)]
pub(crate) struct Busy(Mutex<HashMap<AggregateId, Arc<AsyncMutex<()>>>>);

impl Busy {
    /// Whether a task is at work on `id`, or waits to be.
    pub(crate) fn is_entered(&self, id: &AggregateId) -> bool {
        let locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks
            .get(id)
            .is_some_and(|lock| Arc::strong_count(lock) > 1)
    }

    /// Waits until no other task is at work on `id`; none, if it is not over in time. The other may be one that
    /// nobody drives on.
    pub(crate) async fn enter(
        &self,
        id: &AggregateId,
        patience: Duration,
        runtime: &OwnRuntime,
    ) -> Option<OwnedMutexGuard<()>> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody holds or waits for.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(id.clone()).or_default())
        };
        let entered = async { tokio::time::timeout(patience, lock.lock_owned()).await };
        runtime.within(entered).await.ok()
    }
}
