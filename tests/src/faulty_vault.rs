//! A vault that answers as it is told to: whatever can stand between an installation and somebody else's
//! vault.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use strongroom::{KeyId, OutsideVault, SecretBytes, VaultAddress, WrapAlgorithm, Wrapped};
use strongroom_base::Region;
use strongroom_crypto::ResourceKey;
use strongroom_vault::{
    Caller, Denial, KeyProperties, KeyVault, Unavailable, VaultDirectory, VaultError,
    VaultProperties,
};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    /// The vault answers.
    #[default]
    Fair,
    /// It says no.
    Denied(Denial),
    /// It says to ask later.
    Throttled(Option<Duration>),
    /// Nobody answers.
    Silent,
    /// It answers, after so long.
    Slow(Duration),
    /// It breaks down.
    Panics,
    /// It refuses the bytes.
    Damaged,
    /// A proxy answers in its place, with a 403 of its own.
    Proxy,
}

/// What becomes of a call of the vault's management.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Management {
    /// It answers.
    #[default]
    Answers,
    /// Nobody answers.
    Silent,
    /// It says that the vault is in this region.
    Region(Region),
}

/// A vault behind weather.
#[derive(Debug)]
pub struct FaultyVault {
    real: Arc<dyn OutsideVault>,
    weather: Mutex<Weather>,
    management: Mutex<Management>,
    asked: AtomicU64,
    unwraps: AtomicU64,
}

impl FaultyVault {
    /// In fair weather.
    #[must_use]
    pub fn new(real: Arc<dyn OutsideVault>) -> Self {
        Self {
            real,
            weather: Mutex::default(),
            management: Mutex::default(),
            asked: AtomicU64::new(0),
            unwraps: AtomicU64::new(0),
        }
    }

    /// From now on.
    pub fn set(&self, weather: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }

    /// What the vault's management does from now on.
    pub fn manage(&self, management: Management) {
        let held = self.management.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = management;
    }

    /// How many calls its management has had an answer for, if only an error.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many unwraps were asked for.
    #[must_use]
    pub fn unwraps(&self) -> u64 {
        self.unwraps.load(Ordering::SeqCst)
    }

    async fn pass(&self) -> Result<(), VaultError> {
        let weather = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        let unavailable = |unavailable| VaultError::Unavailable {
            unavailable,
            source: None,
        };
        match weather {
            Weather::Fair => Ok(()),
            Weather::Denied(denial) => Err(VaultError::Denied(denial)),
            Weather::Throttled(retry_after) => Err(VaultError::Throttled { retry_after }),
            Weather::Silent => Err(unavailable(Unavailable::Connection)),
            Weather::Slow(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Weather::Panics => panic!("the weather is like that"),
            Weather::Damaged => Err(VaultError::Damaged),
            // No vault says that: the provider takes it for what it is.
            Weather::Proxy => Err(unavailable(Unavailable::Foreign)),
        }
    }
}

#[async_trait]
impl KeyVault for FaultyVault {
    async fn key(&self, caller: &Caller, key: &KeyId) -> Result<KeyProperties, VaultError> {
        self.pass().await?;
        self.real.key(caller, key).await
    }

    async fn wrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        resource_key: &ResourceKey,
    ) -> Result<Wrapped, VaultError> {
        self.pass().await?;
        self.real.wrap(caller, key, algorithm, resource_key).await
    }

    async fn unwrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.unwraps.fetch_add(1, Ordering::SeqCst);
        self.pass().await?;
        self.real.unwrap(caller, key, algorithm, wrapped).await
    }

    async fn encrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, VaultError> {
        self.pass().await?;
        self.real.encrypt(caller, key, algorithm, plaintext).await
    }

    async fn decrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.pass().await?;
        self.real.decrypt(caller, key, algorithm, ciphertext).await
    }
}

/// Its management side is somewhere else, and not asked through the weather.
#[async_trait]
impl VaultDirectory for FaultyVault {
    async fn vault(
        &self,
        caller: &Caller,
        vault: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        let management = {
            let held = self.management.lock();
            held.unwrap_or_else(PoisonError::into_inner).clone()
        };
        let answer = self.real.vault(caller, vault).await;
        let answer = match management {
            Management::Answers => answer,
            Management::Silent => Err(VaultError::Unavailable {
                unavailable: Unavailable::Connection,
                source: None,
            }),
            Management::Region(region) => answer.map(|found| VaultProperties { region, ..found }),
        };
        self.asked.fetch_add(1, Ordering::SeqCst);
        answer
    }
}
