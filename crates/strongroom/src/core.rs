//! What every part of the facade shares.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{Clock, PrincipalId, RecordId, TenantId, Timestamp};
use strongroom_crypto::{Provider, RootKeys};
use strongroom_ledger::checkpoint::CheckpointSink;
use strongroom_ledger::key_file::KeyFile;
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_ledger::{AggregateId, AuditEntry, Commit, Ledger, Phase, Stored, Version};

use crate::Error;
use crate::audit::{Caller, Happened};
use crate::audit_chain::AuditChainKey;
use crate::busy::Busy;
use crate::clock::ForwardClock;
use crate::lease::{Budgets, Leases, Moment};
use crate::local_folder::LocalFolder;
use crate::store::Blocks;
use crate::vaults::Vaults;

/// The parts of an open installation.
pub(crate) struct Core {
    /// Where that is done which several callers wait for, and what nobody waits for.
    pub(crate) runtime: OwnRuntime,
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Whether it cannot be written: nothing is begun then that would have to be.
    pub(crate) read_only: bool,
    /// Service-managed keys, sealed.
    pub(crate) service_keys: Arc<dyn KeyFile>,
    /// Private halves of the keys in the installation's own vaults, sealed.
    pub(crate) vault_keys: Arc<dyn KeyFile>,
    pub(crate) vaults: Vaults,
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The same, if it is the folder that comes with the installation.
    pub(crate) folder: Option<Arc<LocalFolder>>,
    /// Buffers that the data path uses again.
    pub(crate) blocks: Arc<Blocks>,
    pub(crate) provider: Provider,
    pub(crate) root: RootKeys,
    pub(crate) clock: Arc<dyn Clock>,
    /// The same, where it can be set forward.
    pub(crate) ahead: Option<Arc<ForwardClock>>,
    pub(crate) chain_key: Arc<AuditChainKey>,
    pub(crate) heads: Arc<dyn CheckpointSink>,
    /// Names this open installation as the owner of claims.
    pub(crate) owner: String,
    /// What is being settled in this process.
    pub(crate) busy: Busy,
    /// Strongroom itself, as the audit names it.
    pub(crate) own_principal: PrincipalId,
    /// The tenant that the installation was made with.
    pub(crate) first_tenant: TenantId,
    /// Whether a resource may follow a key without a version (R16).
    pub(crate) follows_allowed: bool,
    /// What this process may use of customer data.
    pub(crate) leases: Leases,
    /// How much is asked of each vault.
    pub(crate) budgets: Budgets,
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

    /// The same moment on both clocks by which leases run out.
    pub(crate) fn moment(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    /// 16 random bytes: an id that nobody else draws.
    pub(crate) fn random_id(&self) -> Result<[u8; 16], Error> {
        random_id(&self.provider)
    }

    pub(crate) async fn load<S: DeserializeOwned>(
        &self,
        id: &AggregateId,
    ) -> Result<Loaded<S>, Error> {
        decode(id, self.ledger.load(id).await?)
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
            .map(|one| {
                let record = RecordId::from_bytes(self.random_id()?);
                one.entry(record, Phase::Whole, caller, at)
            })
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
        self.vault_keys.close().await?;
        Ok(())
    }
}

/// A state as the ledger is given it. The ledger authenticates it (F36).
pub(crate) fn encode(state: &impl Serialize) -> Result<Bytes, Error> {
    Ok(serde_json::to_vec(state).map_err(Error::Encoding)?.into())
}

/// What the ledger has of a state.
pub(crate) fn decode<S: DeserializeOwned>(
    id: &AggregateId,
    stored: Option<Stored>,
) -> Result<Loaded<S>, Error> {
    let Some(Stored { version, state }) = stored else {
        return Ok(Loaded {
            state: None,
            version: Version::ABSENT,
        });
    };
    match serde_json::from_slice(&state) {
        Ok(state) => Ok(Loaded {
            state: Some(state),
            version,
        }),
        Err(source) => Err(Error::DamagedState {
            id: id.clone(),
            source,
        }),
    }
}

/// 16 random bytes: an id that nobody else draws.
pub(crate) fn random_id(provider: &Provider) -> Result<[u8; 16], Error> {
    let mut id = [0; 16];
    provider.random.fill(&mut id)?;
    Ok(id)
}
