//! Leases: a resource's keys in memory, with what allows their use.

mod settings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use strongroom_base::{ResourceUid, Timestamp};
use strongroom_crypto::object::GenerationKeys;

use crate::Error;
use crate::audit::Caller;
use crate::core::Core;

pub use self::settings::{InvalidLease, LeaseSettings, LeaseTerm, LeaseTooShort, VaultBudget};

/// How long a proof that the keys may be used holds.
const LEASE: Duration = Duration::from_mins(1);

/// The keys of all generations of one resource key, and whether they may still be used.
pub(crate) struct Lease {
    keys: GenerationKeys,
    proved: Timestamp,
    /// How long others may use it after `proved`.
    holds_for: Duration,
    ending: Ending,
}

/// Set once, for every lease whose proof was asked for before.
type Ending = Arc<AtomicBool>;

impl Lease {
    fn new(proof: Proof, ending: Ending) -> Self {
        let Proof {
            keys,
            asked,
            customer_managed,
        } = proof;
        Self {
            keys,
            proved: asked,
            // Every operation asks the customer's key: what its owner revokes is out of reach at once.
            holds_for: if customer_managed {
                Duration::ZERO
            } else {
                LEASE
            },
            ending,
        }
    }

    /// The keys, for an operation that has just been allowed.
    pub(crate) fn keys(&self) -> &GenerationKeys {
        &self.keys
    }

    /// Fails once the resource must not be used under this lease any more.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.ending.load(Ordering::Acquire) {
            Err(Error::LeaseEnded)
        } else {
            Ok(())
        }
    }

    fn holds_at(&self, now: Timestamp) -> bool {
        // A wall clock that went back proves nothing.
        now >= self.proved
            && now.saturating_since(self.proved) < self.holds_for
            && self.check().is_ok()
    }
}

/// Keys that were just unwrapped, and when that was asked for.
pub(crate) struct Proof {
    pub(crate) keys: GenerationKeys,
    pub(crate) asked: Timestamp,
    /// Whether a customer's key wraps them.
    pub(crate) customer_managed: bool,
}

/// Where the data path takes its lease from: kept while it holds, proved anew by one of those who
/// wait for it.
pub(crate) struct LeaseSource {
    core: Weak<Core>,
    uid: ResourceUid,
    caller: Caller,
    state: RwLock<State>,
    proving: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Lease>>,
    /// What ends the leases that are out, old ones with running streams too.
    ending: Ending,
}

impl LeaseSource {
    pub(crate) fn new(core: Weak<Core>, uid: ResourceUid, caller: Caller) -> Self {
        let (state, proving) = Default::default();
        Self {
            core,
            uid,
            caller,
            state,
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
        // Taken before the proof is asked for: what ends the resource meanwhile ends this lease.
        let ending = Arc::clone(
            &self
                .state
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .ending,
        );
        let proof = core.prove(self.uid, &self.caller).await?;
        let lease = Arc::new(Lease::new(proof, ending));
        lease.check()?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.current = Some(Arc::clone(&lease));
        Ok(lease)
    }

    /// Ends every lease that is out, and every proof under way.
    pub(crate) fn end(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { current: _, ending } = std::mem::take(&mut *state);
        ending.store(true, Ordering::Release);
    }

    fn current(&self, now: Timestamp) -> Option<Arc<Lease>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let current = state.current.as_ref();
        current.filter(|lease| lease.holds_at(now)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use futures::StreamExt as _;
    use object_store::ObjectStoreExt as _;
    use object_store::path::Path;
    use strongroom_base::Clock;

    use crate::{InitOptions, NewResource, Options, Strongroom};

    use super::*;

    #[derive(Debug)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn r17_a_deletion_stops_streams_of_older_leases_too() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let hand = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
        let clock: Arc<dyn Clock> = hand.clone();
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock);
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.store().await.unwrap();
        let path = Path::from("large");
        store.put(&path, vec![7; 5 << 20].into()).await.unwrap();

        let mut running = store.get(&path).await.unwrap().into_stream();
        assert!(running.next().await.unwrap().is_ok());
        hand.0.fetch_add(61_000, Ordering::SeqCst);
        store.head(&path).await.unwrap();
        assert!(running.next().await.unwrap().is_ok());

        resource.delete().await.unwrap();
        assert!(running.next().await.unwrap().is_err());
        assert!(store.get(&path).await.is_err());
        room.close().await.unwrap();
    }
}
