//! The seam between the software vault and whoever keeps its state.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_base::{OutcomeKind, Timestamp};
use strongroom_crypto::SecretBytes;

use crate::key::Key;
use crate::vault::Vault;
use crate::{
    Caller, KeyName, KeyOperation, KeyPermission, KeyVersion, MaterialRef, Standing, VaultError,
    VaultName,
};

/// Whatever made the state unreachable: to a caller it is always that the vault did not answer.
pub type StateError = Box<dyn core::error::Error + Send + Sync>;

/// Where the software vault's state is.
#[async_trait]
pub trait VaultState: fmt::Debug + Send + Sync {
    /// All that a call is judged by, as it stood at one moment after the call began.
    ///
    /// # Errors
    /// [`StateError`] if it cannot be read. That something is absent is no error.
    async fn snapshot(
        &self,
        caller: &Caller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, StateError>;

    /// The private half of a version that a snapshot names: PKCS#8 DER.
    ///
    /// # Errors
    /// [`StateError`] if it cannot be read, or is not there.
    async fn material(&self, material: MaterialRef) -> Result<SecretBytes, StateError>;

    /// Records an operation, durably, before it is answered (R18).
    ///
    /// # Errors
    /// [`StateError`] if it cannot be recorded: the operation is then not answered.
    async fn record(&self, operation: Operation<'_>) -> Result<(), StateError>;
}

#[async_trait]
impl<S: VaultState + ?Sized> VaultState for Arc<S> {
    async fn snapshot(
        &self,
        caller: &Caller,
        vault: &VaultName,
        key: Option<&KeyName>,
    ) -> Result<Snapshot, StateError> {
        (**self).snapshot(caller, vault, key).await
    }

    async fn material(&self, material: MaterialRef) -> Result<SecretBytes, StateError> {
        (**self).material(material).await
    }

    async fn record(&self, operation: Operation<'_>) -> Result<(), StateError> {
        (**self).record(operation).await
    }
}

/// All that a call is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever keeps the state makes it from these parts"
)]
pub struct Snapshot {
    /// The state of the vault's machine.
    pub vault: Option<Vault>,
    /// The state of the key's machine; `None` also where no key was asked for.
    pub key: Option<Key>,
    /// What the directory of the caller's tenant says of the caller.
    pub standing: Standing,
    /// What the caller's role assignments at the vault permit.
    pub roles: BTreeSet<KeyPermission>,
}

/// One operation, as it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever keeps records must take each part (R18)"
)]
pub struct Operation<'a> {
    /// When it was asked.
    pub at: Timestamp,
    /// Who asked, from where, and as part of what.
    pub caller: &'a Caller,
    /// Of which vault.
    pub vault: &'a VaultName,
    /// Of which key.
    pub key: &'a KeyName,
    /// Of which version: that which was used or, where none was, the one that was named.
    pub version: Option<KeyVersion>,
    /// What was asked.
    pub what: Use,
    /// What came of it.
    pub answer: Answer,
}

/// What is asked of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each has its own name in the audit"
)]
pub enum Use {
    /// Its properties.
    Get,
    /// A cryptographic operation.
    Operation(KeyOperation),
}

impl Use {
    /// The permission that it takes.
    #[must_use]
    pub const fn permission(self) -> KeyPermission {
        match self {
            Self::Get => KeyPermission::Get,
            Self::Operation(operation) => operation.permission(),
        }
    }

    /// Azure's name for it in the audit.
    #[must_use]
    pub const fn audit_name(self) -> &'static str {
        match self {
            Self::Get => "KeyGet",
            Self::Operation(KeyOperation::Encrypt) => "KeyEncrypt",
            Self::Operation(KeyOperation::Decrypt) => "KeyDecrypt",
            Self::Operation(KeyOperation::Sign) => "KeySign",
            Self::Operation(KeyOperation::Verify) => "KeyVerify",
            Self::Operation(KeyOperation::WrapKey) => "KeyWrap",
            Self::Operation(KeyOperation::UnwrapKey) => "KeyUnwrap",
        }
    }
}

/// What came of an operation: its kind and code, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it worked or not")]
pub enum Answer {
    /// It worked.
    Success,
    /// It did not.
    Failure {
        /// Of which kind.
        kind: OutcomeKind,
        /// By which code.
        code: &'static str,
    },
}

impl Answer {
    pub(super) fn of<T>(outcome: &Result<T, VaultError>) -> Self {
        use strongroom_base::Outcome;

        match outcome {
            Ok(_) => Self::Success,
            Err(error) => Self::Failure {
                kind: error.kind(),
                code: error.code(),
            },
        }
    }
}
