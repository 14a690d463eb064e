//! Vaults outside the installation: whatever is asked of one is recorded before it is sent, and again
//! with its outcome, as one record (R18).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_base::{Outcome as _, RecordId};
use strongroom_crypto::{ResourceKey, SecretBytes, WrapAlgorithm};
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_ledger::{Commit, Phase};
use strongroom_vault::software::Use;
use strongroom_vault::{
    Caller as VaultCaller, KeyId, KeyOperation, KeyProperties, KeyVault, Unavailable,
    VaultDirectory, VaultError, Wrapped,
};

use super::state::source;
use crate::Error;
use crate::audit::{AuditResult, Caller, Happened, Operation};
use crate::core::Core;

/// A provider of vaults that the installation does not keep itself.
pub trait OutsideVault: KeyVault + VaultDirectory {}

impl<V: KeyVault + VaultDirectory> OutsideVault for V {}

/// An outside vault, its every key operation on record.
#[derive(Debug)]
pub(crate) struct Recorded<'c> {
    pub(crate) records: &'c Core,
    /// How long it may take to answer.
    pub(crate) deadline: Duration,
    pub(crate) vault: &'c Arc<dyn OutsideVault>,
}

impl Recorded<'_> {
    /// Whatever cuts this off after the intent is on record leaves an outcome that reads unknown.
    async fn ask<T>(
        &self,
        caller: &VaultCaller,
        key: &KeyId,
        what: Use,
        version_of: impl Fn(&T) -> Option<String> + Send,
        call: impl Future<Output = Result<T, VaultError>> + Send,
    ) -> Result<T, VaultError> {
        let unrecorded = |error: Error| VaultError::Unavailable {
            unavailable: Unavailable::State,
            source: Some(Box::new(error)),
        };
        let record = self.records.random_id().map_err(unrecorded)?;
        let record = RecordId::from_bytes(record);
        let target = KeyId {
            version: None,
            ..key.clone()
        };
        let mut happened = Happened::new(Operation::of_key(what), target.to_string());
        if key.version.is_some() {
            happened = happened.with_key(key.to_string());
        }
        let caller = Caller {
            tenant: caller.tenant,
            principal: caller.principal,
            source: source(caller.origin),
            correlation: caller.correlation,
        };
        let intent = happened.clone().with_result(AuditResult::Unknown);
        self.enter(intent, record, Phase::Intent, &caller)
            .await
            .map_err(unrecorded)?;
        let answer = in_time(&self.records.runtime, self.deadline, call).await;
        let outcome = match &answer {
            Ok(value) => match version_of(value) {
                Some(version) => happened.with_key(version),
                None => happened,
            },
            Err(error) => happened.failed(error.code()),
        };
        self.enter(outcome, record, Phase::Outcome, &caller)
            .await
            .map_err(unrecorded)?;
        answer
    }

    async fn enter(
        &self,
        happened: Happened,
        record: RecordId,
        phase: Phase,
        caller: &Caller,
    ) -> Result<(), Error> {
        let now = self.records.now();
        let entry = happened.entry(record, phase, caller, now)?;
        self.records
            .ledger
            .commit(Commit::audit(vec![entry]), now)
            .await?;
        Ok(())
    }
}

/// What somebody else's vault answers, if it does so in time.
pub(super) async fn in_time<T>(
    runtime: &OwnRuntime,
    deadline: Duration,
    answer: impl Future<Output = Result<T, VaultError>> + Send,
) -> Result<T, VaultError> {
    let late = |_| VaultError::Unavailable {
        unavailable: Unavailable::Timeout,
        source: None,
    };
    // With our timer and our connections: others use what a vault's client keeps open.
    runtime
        .within_held(async { tokio::time::timeout(deadline, answer).await })
        .await
        .map_err(late)
        .flatten()
}

#[async_trait]
impl KeyVault for Recorded<'_> {
    async fn key(&self, caller: &VaultCaller, key: &KeyId) -> Result<KeyProperties, VaultError> {
        let version = |answer: &KeyProperties| Some(answer.id.to_string());
        let call = self.vault.key(caller, key);
        self.ask(caller, key, Use::Get, version, call).await
    }

    async fn wrap(
        &self,
        caller: &VaultCaller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        resource_key: &ResourceKey,
    ) -> Result<Wrapped, VaultError> {
        let what = Use::Operation(KeyOperation::WrapKey);
        let version = |answer: &Wrapped| Some(answer.id.to_string());
        let call = self.vault.wrap(caller, key, algorithm, resource_key);
        self.ask(caller, key, what, version, call).await
    }

    async fn unwrap(
        &self,
        caller: &VaultCaller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        let what = Use::Operation(KeyOperation::UnwrapKey);
        let call = self.vault.unwrap(caller, key, algorithm, wrapped);
        self.ask(caller, key, what, |_| None, call).await
    }

    async fn encrypt(
        &self,
        caller: &VaultCaller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, VaultError> {
        let what = Use::Operation(KeyOperation::Encrypt);
        let version = |answer: &Wrapped| Some(answer.id.to_string());
        let call = self.vault.encrypt(caller, key, algorithm, plaintext);
        self.ask(caller, key, what, version, call).await
    }

    async fn decrypt(
        &self,
        caller: &VaultCaller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        let what = Use::Operation(KeyOperation::Decrypt);
        let call = self.vault.decrypt(caller, key, algorithm, ciphertext);
        self.ask(caller, key, what, |_| None, call).await
    }
}
