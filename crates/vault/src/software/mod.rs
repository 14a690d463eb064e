//! The vault that an installation keeps itself: [`KeyVault`] over a seam to its state and a provider
//! of RSA.

mod memory;
mod seam;
mod verdict;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_base::{Clock, Timestamp};
use strongroom_crypto::{Provider, ResourceKey, SecretBytes, WrapAlgorithm};

pub use memory::{MemoryError, MemoryState, Recorded};
pub use seam::{Answer, Operation, Snapshot, StateError, Use, VaultState};

use self::verdict::{Cause, verdict};
use crate::key::{KeyView, Version};
use crate::vault::Vault;
use crate::{
    Asker, Caller, KeyId, KeyOperation, KeyProperties, KeyVault, KeyVersion, KeyVersionId,
    PublicKey, VaultAddress, VaultDirectory, VaultError, VaultProperties, VaultSuffix, VaultView,
    Wrapped,
};

/// The software vault.
///
/// Each call takes one snapshot of the state, judges it, computes, and has the operation recorded
/// before it answers (R18). A denial is recorded too. What could not be recorded is not answered.
/// An RSA operation takes from a quarter of a millisecond to some milliseconds on the calling task.
#[derive(Clone, Debug)]
pub struct SoftwareVault<S> {
    state: S,
    provider: Provider,
    clock: Arc<dyn Clock>,
    suffix: VaultSuffix,
}

impl<S: VaultState> SoftwareVault<S> {
    /// A vault over `state` that answers under [`EMBEDDED_SUFFIX`](crate::EMBEDDED_SUFFIX).
    #[must_use]
    pub fn new(state: S, provider: Provider, clock: Arc<dyn Clock>) -> Self {
        Self {
            state,
            provider,
            clock,
            suffix: VaultSuffix::embedded(),
        }
    }

    /// The same, under another suffix.
    #[must_use]
    pub fn with_suffix(self, suffix: VaultSuffix) -> Self {
        Self { suffix, ..self }
    }

    /// The seam to its state.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    fn answers_for(&self, vault: &VaultAddress) -> Result<(), VaultError> {
        if *vault.suffix() == self.suffix {
            Ok(())
        } else {
            Err(VaultError::ForeignVault {
                suffix: vault.suffix().to_string(),
            })
        }
    }

    /// One operation: judged, done, recorded, and only then answered.
    async fn operate<T>(
        &self,
        caller: &Caller,
        key: &KeyId,
        what: Use,
        work: impl AsyncFnOnce(&Vault, &Version, KeyVersionId) -> Result<T, Cause> + Send,
    ) -> Result<T, VaultError>
    where
        T: Send,
    {
        self.answers_for(&key.vault)?;
        let at = self.clock.now();
        let snapshot = self
            .state
            .snapshot(caller, key.vault.name(), Some(&key.name))
            .await
            .map_err(|error| verdict(Cause::State(error)))?;
        let mut version = key.version;
        let outcome = match judge(&snapshot, caller, key, what, at, &mut version) {
            Ok((vault, found)) => {
                let name = snapshot.key.as_ref().map_or(&key.name, |key| &key.name);
                let id = KeyVersionId {
                    vault: key.vault.clone(),
                    name: name.clone(),
                    version: found.id,
                };
                work(vault, found, id).await
            }
            Err(cause) => Err(cause),
        };
        let outcome = outcome.map_err(verdict);
        let record = Operation {
            at,
            caller,
            vault: key.vault.name(),
            key: &key.name,
            version,
            what,
            answer: Answer::of(&outcome),
        };
        self.state
            .record(record)
            .await
            .map_err(|error| verdict(Cause::State(error)))?;
        outcome
    }

    async fn seal(
        &self,
        caller: &Caller,
        key: &KeyId,
        operation: KeyOperation,
        algorithm: WrapAlgorithm,
        plaintext: &[u8],
    ) -> Result<Wrapped, VaultError> {
        self.operate(
            caller,
            key,
            Use::Operation(operation),
            async |_, version, id| {
                let PublicKey::Rsa { size, n, e } = &version.public else {
                    return Err(Cause::Type(version.public.spec().key_type()));
                };
                let max = algorithm.max_plaintext(*size);
                if plaintext.len() > max {
                    return Err(Cause::TooLong {
                        len: plaintext.len(),
                        max,
                    });
                }
                let public = self
                    .provider
                    .key_transport
                    .public_key(n, e)
                    .map_err(Cause::Stored)?;
                let bytes = public.wrap(algorithm, plaintext).map_err(Cause::Crypto)?;
                Ok(Wrapped {
                    id,
                    algorithm,
                    bytes,
                })
            },
        )
        .await
    }

    async fn open(
        &self,
        caller: &Caller,
        key: &KeyId,
        operation: KeyOperation,
        algorithm: WrapAlgorithm,
        bytes: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.operate(
            caller,
            key,
            Use::Operation(operation),
            async |_, version, _| {
                if !matches!(version.public, PublicKey::Rsa { .. }) {
                    return Err(Cause::Type(version.public.spec().key_type()));
                }
                let pkcs8 = self
                    .state
                    .material(version.material)
                    .await
                    .map_err(Cause::State)?;
                let private = self
                    .provider
                    .key_transport
                    .private_key(pkcs8.expose())
                    .map_err(Cause::Stored)?;
                private.unwrap(algorithm, bytes).map_err(Cause::Crypto)
            },
        )
        .await
    }
}

/// Whether the call may go on, and with which version. The order: the caller, the vault, its
/// firewall, the permission, the key, its version, type, and state. `version` becomes the one that
/// was found, so that a refused call is recorded with it.
fn judge<'a>(
    snapshot: &'a Snapshot,
    caller: &Caller,
    key: &KeyId,
    what: Use,
    at: Timestamp,
    version: &mut Option<KeyVersion>,
) -> Result<(&'a Vault, &'a Version), Cause> {
    let asker = Asker::Principal {
        caller,
        standing: snapshot.standing,
        roles: &snapshot.roles,
    };
    let vault = VaultView::of(snapshot.vault.as_ref())
        .admit(&asker, what.permission())
        .map_err(Cause::Denied)?;
    let found = KeyView::of(snapshot.key.as_ref())
        .live(key.version)
        .map_err(Cause::Denied)?;
    *version = Some(found.id);
    match what {
        Use::Get => {}
        // Before `key_ops`, which hold nothing that the type cannot do: a type is no decision of
        // the key's owner, and so no denial.
        Use::Operation(operation) if !found.public.spec().operations().contains(&operation) => {
            return Err(Cause::Type(found.public.spec().key_type()));
        }
        Use::Operation(operation) => found.permit(operation, at).map_err(Cause::Denied)?,
    }
    Ok((vault, found))
}

#[async_trait]
impl<S: VaultState> KeyVault for SoftwareVault<S> {
    async fn key(&self, caller: &Caller, key: &KeyId) -> Result<KeyProperties, VaultError> {
        self.operate(caller, key, Use::Get, async |vault, version, id| {
            Ok(version.properties(id, vault))
        })
        .await
    }

    async fn wrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        resource_key: &ResourceKey,
    ) -> Result<Wrapped, VaultError> {
        self.seal(
            caller,
            key,
            KeyOperation::WrapKey,
            algorithm,
            resource_key.expose(),
        )
        .await
    }

    async fn unwrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.open(caller, key, KeyOperation::UnwrapKey, algorithm, wrapped)
            .await
    }

    async fn encrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, VaultError> {
        self.seal(
            caller,
            key,
            KeyOperation::Encrypt,
            algorithm,
            plaintext.expose(),
        )
        .await
    }

    async fn decrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.open(caller, key, KeyOperation::Decrypt, algorithm, ciphertext)
            .await
    }
}

/// The management side, for callers of the tenant that the vault trusts. Whether the caller may read
/// the vault's properties is the driver's to judge; a vault of another tenant is not shown (I5).
#[async_trait]
impl<S: VaultState> VaultDirectory for SoftwareVault<S> {
    async fn vault(
        &self,
        caller: &Caller,
        address: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        self.answers_for(address)?;
        let Snapshot {
            vault,
            key: _,
            standing: _,
            roles,
        } = self
            .state
            .snapshot(caller, address.name(), None)
            .await
            .map_err(|error| verdict(Cause::State(error)))?;
        let vault = VaultView::of(vault.as_ref())
            .standing_for(caller.tenant)
            .map_err(|denial| verdict(Cause::Denied(denial)))?;
        Ok(vault.properties(caller.principal, &roles))
    }
}
