//! What an audit record says (R18): who, what, on which key, when, from where, with what result.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use strongroom_base::{CorrelationId, PrincipalId, RecordId, TenantId, Timestamp};
use strongroom_ledger::{AuditEntry, Phase};
use strongroom_vault::KeyOperation;
use strongroom_vault::software::Use;

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

impl Caller {
    /// The session, as records of what was done for it name it.
    pub(crate) fn session(&self) -> OnBehalfOf {
        OnBehalfOf {
            tenant: self.tenant,
            principal: self.principal,
            correlation: self.correlation,
        }
    }
}

/// The session that something was done for by another principal: the service, or the identity of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OnBehalfOf {
    /// The tenant whose directory vouches for its principal.
    pub tenant: TenantId,
    /// Its principal.
    pub principal: PrincipalId,
    /// Joins its records.
    pub correlation: CorrelationId,
}

tokio::task_local! {
    /// For whom the work under way is done, if its records name another principal: between the two lie the
    /// vaults, which know one caller alone.
    static ON_BEHALF_OF: OnBehalfOf;
}

/// Does `work`, whose records then say for which session it was; if it is nobody's, they do not.
pub(crate) async fn on_behalf_of<T>(
    session: Option<OnBehalfOf>,
    work: impl Future<Output = T>,
) -> T {
    match session {
        Some(session) => ON_BEHALF_OF.scope(session, work).await,
        None => work.await,
    }
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
    /// A resource group was created.
    GroupCreate,
    /// A resource group was moved to another subscription, with all that it holds.
    GroupMove,
    /// The managed identity of a resource was given up.
    IdentityDisable,
    /// The managed identity of a resource was made.
    IdentityEnable,
    /// The installation was made, with its first tenant, subscription, group and administrator.
    InstallationCreate,
    /// It was said anew where the root key or the audit heads of the installation are.
    InstallationRelocate,
    /// A resource went over to another key-encryption key or generation.
    KeyChange,
    /// Such a change began, or was refused.
    KeyChangeBegin,
    /// Such a change was given up, and is as if it had never begun.
    KeyChangeUndo,
    /// A key, or a version of one, was created in a vault.
    KeyCreate,
    /// A key of a vault decrypted.
    KeyDecrypt,
    /// A key was deleted; it can be recovered.
    KeyDelete,
    /// A key of a vault encrypted.
    KeyEncrypt,
    /// The properties of a key were read.
    KeyGet,
    /// A key, or a version of one, was imported into a vault.
    KeyImport,
    /// The keys of a vault, or the versions of one, were listed.
    KeyList,
    /// A deleted key was destroyed for good.
    KeyPurge,
    /// A deleted key was recovered.
    KeyRecover,
    /// A version like the latest one was added to a key.
    KeyRotate,
    /// The rotation policy of a key was read.
    KeyRotationPolicyGet,
    /// The rotation policy of a key was set.
    KeyRotationPolicySet,
    /// A key of a vault signed.
    KeySign,
    /// A key of a vault unwrapped a resource key.
    KeyUnwrap,
    /// Attributes of a key version changed.
    KeyUpdate,
    /// A key of a vault verified a signature.
    KeyVerify,
    /// A key of a vault wrapped a resource key.
    KeyWrap,
    /// A principal was registered.
    PrincipalCreate,
    /// A principal was deleted for good.
    PrincipalDelete,
    /// A principal was disabled.
    PrincipalDisable,
    /// A principal was enabled.
    PrincipalEnable,
    /// The data of a resource went out of reach; the record of the unwrap before it says why.
    ResourceAccessLose,
    /// They came back.
    ResourceAccessRegain,
    /// A resource was created.
    ResourceCreate,
    /// A resource was deleted; it can be recovered.
    ResourceDelete,
    /// A resource was moved to another group.
    ResourceMove,
    /// A resource was destroyed for good.
    ResourcePurge,
    /// A deleted resource was recovered.
    ResourceRecover,
    /// Properties of a resource changed.
    ResourceUpdate,
    /// A role was assigned.
    RoleAssign,
    /// A role assignment was removed.
    RoleRemove,
    /// A service-managed key was created.
    ServiceKeyCreate,
    /// A service-managed key was destroyed.
    ServiceKeyDestroy,
    /// A subscription was created.
    SubscriptionCreate,
    /// A subscription was disabled.
    SubscriptionDisable,
    /// A subscription was enabled.
    SubscriptionEnable,
    /// A subscription was moved to another tenant, with all that it holds.
    SubscriptionMove,
    /// A subscription was renamed.
    SubscriptionRename,
    /// A tenant was created.
    TenantCreate,
    /// A service-managed key unwrapped a resource key.
    UnwrapKey,
    /// An access policy of a vault changed.
    VaultAccessPolicySet,
    /// A vault was created.
    VaultCreate,
    /// A vault was deleted; it can be recovered.
    VaultDelete,
    /// A vault was moved to another group.
    VaultMove,
    /// A deleted vault was destroyed for good.
    VaultPurge,
    /// A deleted vault was recovered.
    VaultRecover,
    /// Properties of a vault changed.
    VaultUpdate,
    /// A service-managed key wrapped a resource key.
    WrapKey,
}

impl Operation {
    /// What is asked of a key of a vault.
    pub(crate) const fn of_key(what: Use) -> Self {
        match what {
            Use::Get => Self::KeyGet,
            Use::Operation(KeyOperation::Encrypt) => Self::KeyEncrypt,
            Use::Operation(KeyOperation::Decrypt) => Self::KeyDecrypt,
            Use::Operation(KeyOperation::Sign) => Self::KeySign,
            Use::Operation(KeyOperation::Verify) => Self::KeyVerify,
            Use::Operation(KeyOperation::WrapKey) => Self::KeyWrap,
            Use::Operation(KeyOperation::UnwrapKey) => Self::KeyUnwrap,
        }
    }
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
    /// It was asked of somebody outside, and what came of it is not known: not yet, or never.
    Unknown,
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
    /// For whom, if somebody else's session was the cause of it. Records of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<OnBehalfOf>,
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
    /// In whose audit it stands; in the caller's, if this says nothing.
    pub(crate) tenant: Option<TenantId>,
}

impl Happened {
    pub(crate) fn new(operation: Operation, target: impl Into<String>) -> Self {
        Self {
            operation,
            target: target.into(),
            key: None,
            result: AuditResult::Ok,
            tenant: None,
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

    pub(crate) fn with_result(mut self, result: AuditResult) -> Self {
        self.result = result;
        self
    }

    /// The chain entry of this record, or of this part of it.
    pub(crate) fn entry(
        self,
        record: RecordId,
        phase: Phase,
        caller: &Caller,
        at: Timestamp,
    ) -> Result<AuditEntry, Error> {
        let Self {
            operation,
            target,
            key,
            result,
            tenant: chain,
        } = self;
        let Caller {
            tenant,
            principal,
            source,
            correlation,
        } = caller.clone();
        let chain = chain.unwrap_or(tenant).to_string();
        let record_body = AuditRecord {
            v: 1,
            at,
            tenant,
            principal,
            source,
            correlation,
            on_behalf_of: ON_BEHALF_OF.try_with(Clone::clone).ok(),
            operation,
            target,
            key,
            result,
        };
        let body = Bytes::from(serde_json::to_vec(&record_body).map_err(Error::Encoding)?);
        Ok(AuditEntry {
            chain,
            record,
            phase,
            at,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was written before records named a session.
    const BEFORE: &str = r#"{"v":1,"at":1764496800000,"tenant":"00000000-0000-0000-0000-000000000001",
        "principal":"00000000-0000-0000-0000-000000000002","source":"cli",
        "correlation":"00000000-0000-0000-0000-000000000003","operation":"UnwrapKey","target":"notes",
        "result":"Ok"}"#;

    #[tokio::test]
    async fn r18_records_of_before_are_read_and_new_ones_name_the_session() {
        let before: AuditRecord = serde_json::from_str(BEFORE).unwrap();
        assert_eq!(before.on_behalf_of, None);
        let again = serde_json::to_string(&before).unwrap();
        assert!(!again.contains("on_behalf_of"), "{again}");

        let caller = Caller {
            tenant: before.tenant,
            principal: before.principal,
            source: before.source,
            correlation: before.correlation,
        };
        let entry = async || {
            let happened = Happened::new(Operation::UnwrapKey, "notes");
            let record = RecordId::from_bytes([1; 16]);
            let entry = happened.entry(record, Phase::Whole, &caller, before.at);
            serde_json::from_slice::<AuditRecord>(&entry.unwrap().body).unwrap()
        };
        let session = caller.session();
        let named = on_behalf_of(Some(session.clone()), entry()).await;
        assert_eq!(named.on_behalf_of, Some(session));
        assert_eq!(on_behalf_of(None, entry()).await.on_behalf_of, None);
    }
}
