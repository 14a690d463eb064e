//! The trait that every vault answers, whoever runs it.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use strongroom_base::{Region, TenantId, Timestamp};
use strongroom_crypto::{ResourceKey, SecretBytes, WrapAlgorithm};

use crate::settings::{Authorization, Firewall, RecoveryLevel};
use crate::{
    Caller, KeyId, KeyOperation, KeyPermission, KeyType, KeyVersionId, VaultAddress, VaultError,
};

/// A vault's keys, as whoever holds a permission may use them.
///
/// An id without a version means the latest version at the time of the call; every answer names the
/// version that it came from, and whoever stores the answer stores that id. Dropping a call leaves
/// nothing behind on the caller's side; the vault may have recorded it all the same (R18).
#[async_trait]
pub trait KeyVault: fmt::Debug + Send + Sync {
    /// What the vault tells of a key version. Takes the permission `get`.
    ///
    /// # Errors
    /// [`VaultError`].
    async fn key(&self, caller: &Caller, key: &KeyId) -> Result<KeyProperties, VaultError>;

    /// Wraps a resource key. Takes `wrapKey`.
    ///
    /// # Errors
    /// [`VaultError`].
    async fn wrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        resource_key: &ResourceKey,
    ) -> Result<Wrapped, VaultError>;

    /// Unwraps what [`wrap`](KeyVault::wrap) returned. Takes `unwrapKey`. The id should name the
    /// version that wrapped it.
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::Damaged`] if the vault refuses the bytes.
    async fn unwrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, VaultError>;

    /// Encrypts a short secret. Takes `encrypt`.
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::TooLong`] if it does not fit under the key.
    async fn encrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, VaultError>;

    /// Decrypts what [`encrypt`](KeyVault::encrypt) returned. Takes `decrypt`.
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::Damaged`] if the vault refuses the bytes.
    async fn decrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, VaultError>;
}

/// What the rules must know of a vault beside its keys: its management side, which other
/// permissions open than those to its keys.
#[async_trait]
pub trait VaultDirectory: fmt::Debug + Send + Sync {
    /// The properties of a vault, as far as R7, R9, R13, R14 and R17 ask for them.
    ///
    /// # Errors
    /// [`VaultError`].
    async fn vault(
        &self,
        caller: &Caller,
        vault: &VaultAddress,
    ) -> Result<VaultProperties, VaultError>;
}

/// What a vault tells of a key version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a provider makes it from these parts"
)]
pub struct KeyProperties {
    /// The version, whether the call named it or not.
    pub id: KeyVersionId,
    /// Its type (R15).
    pub key_type: KeyType,
    /// Bits of the modulus, of the curve's field, or of the symmetric key (R15).
    pub bits: usize,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// From when on it makes something new.
    pub not_before: Option<Timestamp>,
    /// From when on it makes nothing new.
    pub expires: Option<Timestamp>,
    /// What it may be used for.
    pub operations: BTreeSet<KeyOperation>,
    /// When it was made.
    pub created: Timestamp,
    /// When its attributes last changed.
    pub updated: Timestamp,
    /// What becomes of it when it is deleted (R14).
    pub recovery_level: RecoveryLevel,
}

/// Bytes under a key version.
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a provider makes it from these parts"
)]
pub struct Wrapped {
    /// The version that wrapped them: the one that unwraps them.
    pub id: KeyVersionId,
    /// How.
    pub algorithm: WrapAlgorithm,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Useless without the key, and not shown all the same.
impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            algorithm,
            bytes,
        } = self;
        f.debug_struct("Wrapped")
            .field("id", id)
            .field("algorithm", algorithm)
            .field("bytes", &format_args!("{} bytes", bytes.len()))
            .finish()
    }
}

/// What the rules must know of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a provider makes it from these parts"
)]
pub struct VaultProperties {
    /// Its region (R7).
    pub region: Region,
    /// The tenant that it trusts (R7, R13).
    pub tenant: TenantId,
    /// Whether what is deleted can be recovered (R14).
    pub soft_delete: bool,
    /// Whether nothing can be purged before its retention ends (R14).
    pub purge_protection: bool,
    /// What judges its callers (R9).
    pub authorization: Authorization,
    /// Who may reach it (R17).
    pub firewall: Firewall,
    /// What of its keys the caller is permitted: by its access policies, or in role mode by role
    /// assignments (R9).
    pub permissions: BTreeSet<KeyPermission>,
}
