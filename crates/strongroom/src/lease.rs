//! Leases: a resource's keys in memory, with what allows their use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use strongroom_base::{ResourceUid, Timestamp};
use strongroom_crypto::object::GenerationKeys;

use crate::Error;
use crate::audit::Caller;
use crate::core::Core;

/// How long a proof that the keys may be used holds.
const LEASE: Duration = Duration::from_mins(1);

/// The keys of all generations of one resource key, and whether they may still be used.
pub(crate) struct Lease {
    keys: GenerationKeys,
    proved: Timestamp,
    ended: AtomicBool,
}

impl Lease {
    /// A lease whose proof was asked for at `proved`.
    pub(crate) fn new(keys: GenerationKeys, proved: Timestamp) -> Self {
        Self {
            keys,
            proved,
            ended: AtomicBool::new(false),
        }
    }

    /// The keys, for an operation that has just been allowed.
    pub(crate) fn keys(&self) -> &GenerationKeys {
        &self.keys
    }

    /// Fails once the resource must not be used under this lease any more.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.ended.load(Ordering::Acquire) {
            Err(Error::LeaseEnded)
        } else {
            Ok(())
        }
    }

    fn holds_at(&self, now: Timestamp) -> bool {
        // A wall clock that went back proves nothing.
        now >= self.proved && now.saturating_since(self.proved) < LEASE && self.check().is_ok()
    }
}

/// Where the data path takes its lease from: kept while it holds, proved anew by one of those who
/// wait for it.
pub(crate) struct LeaseSource {
    core: Weak<Core>,
    uid: ResourceUid,
    caller: Caller,
    current: RwLock<Option<Arc<Lease>>>,
    proving: tokio::sync::Mutex<()>,
}

impl LeaseSource {
    pub(crate) fn new(core: Weak<Core>, uid: ResourceUid, caller: Caller) -> Self {
        let (current, proving) = Default::default();
        Self {
            core,
            uid,
            caller,
            current,
            proving,
        }
    }

    /// A lease that holds now.
    pub(crate) async fn lease(&self) -> Result<Arc<Lease>, Error> {
        let core = self.core.upgrade().ok_or(Error::Closed)?;
        if let Some(lease) = self.current(core.now()) {
            return Ok(lease);
        }
        let _one_at_a_time = self.proving.lock().await;
        if let Some(lease) = self.current(core.now()) {
            return Ok(lease);
        }
        let lease = Arc::new(core.prove(self.uid, &self.caller).await?);
        self.replace(Some(Arc::clone(&lease)));
        Ok(lease)
    }

    /// Ends the lease that is out, for those who hold it too.
    pub(crate) fn end(&self) {
        self.replace(None);
    }

    fn current(&self, now: Timestamp) -> Option<Arc<Lease>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|lease| lease.holds_at(now))
            .cloned()
    }

    fn replace(&self, lease: Option<Arc<Lease>>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *current, lease) {
            // A lease that merely grew old is replaced without stopping its streams.
            if current.is_none() {
                old.ended.store(true, Ordering::Release);
            }
        }
    }
}
