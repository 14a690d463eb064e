//! What every part of the facade shares.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{Clock, RecordId, ResourceUid, Timestamp};
use strongroom_crypto::{Provider, RootKeys};
use strongroom_ledger::checkpoint::CheckpointSink;
use strongroom_ledger::key_file::KeyFile;
use strongroom_ledger::{AggregateId, AuditEntry, Change, Commit, Ledger, Version};

use crate::Error;
use crate::audit::{Caller, Happened};
use crate::audit_chain::AuditChainKey;
use crate::lease::LeaseSource;

/// The parts of an open installation.
pub(crate) struct Core {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) service_keys: Arc<dyn KeyFile>,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) provider: Provider,
    pub(crate) root: RootKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chain_key: Arc<AuditChainKey>,
    pub(crate) heads: Arc<dyn CheckpointSink>,
    /// Names this open installation as the owner of claims.
    pub(crate) owner: String,
    /// The lease sources that are in use in this process.
    pub(crate) leases: Mutex<HashMap<ResourceUid, Arc<LeaseSource>>>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("ledger", &self.ledger)
            .field("objects", &self.objects)
            .field("provider", &self.provider.name)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// A state and the version it was read at.
#[derive(Debug)]
pub(crate) struct Loaded<S> {
    pub(crate) state: Option<S>,
    pub(crate) version: Version,
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 16 random bytes: an id that nobody else draws.
    pub(crate) fn random_id(&self) -> Result<[u8; 16], Error> {
        random_id(&self.provider)
    }

    pub(crate) async fn load<S: DeserializeOwned>(
        &self,
        id: &AggregateId,
    ) -> Result<Loaded<S>, Error> {
        match self.ledger.load(id).await? {
            None => Ok(Loaded {
                state: None,
                version: Version::ABSENT,
            }),
            Some(stored) => {
                let state = serde_json::from_slice(&stored.state).map_err(|source| {
                    Error::DamagedState {
                        id: id.clone(),
                        source,
                    }
                })?;
                Ok(Loaded {
                    state: Some(state),
                    version: stored.version,
                })
            }
        }
    }

    /// The audit entries of one request.
    pub(crate) fn entries(
        &self,
        happened: Vec<Happened>,
        caller: &Caller,
        at: Timestamp,
    ) -> Result<Vec<AuditEntry>, Error> {
        happened
            .into_iter()
            .map(|one| one.entry(RecordId::from_bytes(self.random_id()?), caller, at))
            .collect()
    }

    /// Commits audit entries alone.
    pub(crate) async fn record(
        &self,
        happened: Vec<Happened>,
        caller: &Caller,
    ) -> Result<(), Error> {
        let now = self.now();
        let audit = self.entries(happened, caller, now)?;
        self.ledger.commit(Commit::audit(audit), now).await?;
        Ok(())
    }

    /// Closes the databases.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.ledger.close().await?;
        self.service_keys.close().await?;
        Ok(())
    }

    /// The one lease source of a resource in this process.
    pub(crate) fn leases(self: &Arc<Self>, uid: ResourceUid, caller: &Caller) -> Arc<LeaseSource> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        let source = leases.entry(uid).or_insert_with(|| {
            Arc::new(LeaseSource::new(Arc::downgrade(self), uid, caller.clone()))
        });
        Arc::clone(source)
    }

    /// Ends what was leased of a resource: whoever reads or writes it must prove it anew.
    pub(crate) fn end_leases(&self, uid: ResourceUid) {
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = leases.get(&uid) {
            source.end();
        }
    }

    /// Ends what was leased of a resource that is gone, for good.
    pub(crate) fn forget_leases(&self, uid: ResourceUid) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = leases.remove(&uid) {
            source.end();
        }
    }
}

/// A state as it is stored.
pub(crate) fn encode(state: &impl Serialize) -> Result<bytes::Bytes, Error> {
    Ok(serde_json::to_vec(state).map_err(Error::Encoding)?.into())
}

/// A state without index rows, as a change.
pub(crate) fn put(state: &impl Serialize) -> Result<Change, Error> {
    Ok(Change::Put {
        state: encode(state)?,
        index: Vec::new(),
    })
}

/// 16 random bytes: an id that nobody else draws.
pub(crate) fn random_id(provider: &Provider) -> Result<[u8; 16], Error> {
    let mut id = [0; 16];
    provider.random.fill(&mut id)?;
    Ok(id)
}
