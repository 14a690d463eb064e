//! What every layer of the facade stands on.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{Clock, CorrelationId, PrincipalId, RecordId, TenantId, Timestamp};
use strongroom_crypto::Provider;
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_ledger::{AggregateId, AuditEntry, Commit, Ledger, Phase, Stored, Version};

use crate::Error;
use crate::audit::{Caller, Happened};
use crate::busy::Busy;
use crate::clock::Moment;

/// What every layer above stands on: the ledger, the time, and who is at work.
pub(crate) struct Core {
    /// Where that is done which several callers wait for, and what nobody waits for.
    pub(crate) runtime: OwnRuntime,
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Whether it cannot be written: nothing is begun then that would have to be.
    pub(crate) read_only: bool,
    pub(crate) provider: Provider,
    pub(crate) clock: Arc<dyn Clock>,
    /// Names this open installation as the owner of claims.
    pub(crate) owner: String,
    /// What is being settled in this process.
    pub(crate) busy: Busy,
    /// Strongroom itself, as the audit names it.
    pub(crate) own_principal: PrincipalId,
    /// The tenant that the installation was made with.
    pub(crate) first_tenant: TenantId,
    /// Who is told what this process commits.
    pub(crate) observer: Arc<dyn Observer>,
}

/// Whoever has to know at once what this process has committed.
pub(crate) trait Observer: fmt::Debug + Send + Sync {
    /// A state has changed, or may have: to this version, if it is known.
    fn changed(&self, id: &AggregateId, to: Option<Version>, now: Moment);

    /// What was found of a resource at the version `from` was written down in its state, and nothing else was.
    fn marked(&self, id: &AggregateId, from: Version, to: Option<Version>);
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("ledger", &self.ledger)
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

    /// Strongroom itself as a caller, on the audit of `tenant`.
    pub(crate) fn own_caller(&self, tenant: TenantId) -> Result<Caller, Error> {
        let correlation = CorrelationId::from_bytes(self.random_id()?);
        Ok(self.own_caller_within(correlation, tenant))
    }

    /// The same, whose records are joined with those of `correlation`.
    pub(crate) fn own_caller_within(&self, correlation: CorrelationId, tenant: TenantId) -> Caller {
        Caller {
            tenant,
            principal: self.own_principal,
            source: "strongroom".to_owned(),
            correlation,
        }
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
