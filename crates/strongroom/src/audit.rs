//! What an audit record says (R18): who, what, on which key, when, from where, with what result.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use strongroom_base::{CorrelationId, PrincipalId, RecordId, TenantId, Timestamp};
use strongroom_ledger::{AuditEntry, Phase};

use crate::Error;

/// On whose behalf a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by whoever authenticates")]
pub struct Caller {
    /// The tenant whose directory vouches for the principal.
    pub tenant: TenantId,
    /// Who asks.
    pub principal: PrincipalId,
    /// Where the request came from: an address, or the name of a program.
    pub source: String,
    /// Joins the records of one request.
    pub correlation: CorrelationId,
}

/// What was done, by a name that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// A resource's keys were given out in clear, on an installation for trying things.
    ExportKey,
    /// A generation of a resource key came into being.
    GenerationCreate,
    /// A generation of a resource key was destroyed.
    GenerationDestroy,
    /// The installation was made, with its first tenant, subscription, group and administrator.
    InstallationCreate,
    /// A resource was created.
    ResourceCreate,
    /// A resource was deleted; it can be recovered.
    ResourceDelete,
    /// A resource was destroyed for good.
    ResourcePurge,
    /// A deleted resource was recovered.
    ResourceRecover,
    /// A service-managed key was created.
    ServiceKeyCreate,
    /// A service-managed key was destroyed.
    ServiceKeyDestroy,
    /// A key unwrapped a resource key.
    UnwrapKey,
    /// A key wrapped a resource key.
    WrapKey,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A variant's name is the operation's name.
        fmt::Debug::fmt(self, f)
    }
}

/// How it ended: `Ok`, or the stable code of the refusal or error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuditResult {
    /// It was done.
    Ok,
    /// It was not done: the outcome's code.
    Failed(String),
}

/// One audit record's content, as it is stored and exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The version of this schema.
    pub v: u8,
    /// When it was done, in milliseconds since the Unix epoch.
    pub at: Timestamp,
    /// The caller's tenant.
    pub tenant: TenantId,
    /// The caller.
    pub principal: PrincipalId,
    /// Where the request came from.
    pub source: String,
    /// Joins the records of one request.
    pub correlation: CorrelationId,
    /// What was done.
    pub operation: Operation,
    /// What it was done to.
    pub target: String,
    /// The key, where one was used, made or destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How it ended.
    pub result: AuditResult,
}

/// What happened, before it is known who asked and when.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) operation: Operation,
    pub(crate) target: String,
    pub(crate) key: Option<String>,
    pub(crate) result: AuditResult,
}

impl Happened {
    pub(crate) fn new(operation: Operation, target: impl Into<String>) -> Self {
        Self {
            operation,
            target: target.into(),
            key: None,
            result: AuditResult::Ok,
        }
    }

    pub(crate) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(crate) fn failed(mut self, code: &str) -> Self {
        self.result = AuditResult::Failed(code.to_owned());
        self
    }

    /// The chain entry of this record; the chain is the caller's tenant's.
    pub(crate) fn entry(
        self,
        record: RecordId,
        caller: &Caller,
        at: Timestamp,
    ) -> Result<AuditEntry, Error> {
        let Self {
            operation,
            target,
            key,
            result,
        } = self;
        let Caller {
            tenant,
            principal,
            source,
            correlation,
        } = caller.clone();
        let chain = tenant.to_string();
        let record_body = AuditRecord {
            v: 1,
            at,
            tenant,
            principal,
            source,
            correlation,
            operation,
            target,
            key,
            result,
        };
        let body = Bytes::from(serde_json::to_vec(&record_body).map_err(Error::Encoding)?);
        Ok(AuditEntry {
            chain,
            record,
            phase: Phase::Whole,
            at,
            body,
        })
    }
}
