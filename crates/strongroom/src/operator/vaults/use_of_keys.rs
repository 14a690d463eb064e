//! Keys, used: whoever holds the permission, through the same door as every resource.

use strongroom_crypto::{ResourceKey, SecretBytes, WrapAlgorithm};
use strongroom_vault::{Caller as VaultCaller, KeyId, Origin, VaultError, VaultSuffix, Wrapped};

use crate::Error;
use crate::operator::Operator;

impl Operator {
    /// Wraps a key of 32 bytes under the key of this URI; without a version, under the latest. Takes
    /// `wrapKey`.
    ///
    /// # Errors
    /// [`Error::KeyDenied`] with what would turn it into a yes, [`Error::VaultCall`],
    /// [`Error::InvalidKeyId`]; [`Error::Crypto`] if these are not 32 bytes.
    pub async fn wrap_key(
        &self,
        key: &str,
        algorithm: WrapAlgorithm,
        secret: &SecretBytes,
    ) -> Result<Wrapped, Error> {
        let secret = ResourceKey::from_secret(secret)?;
        let (key, asker) = self.at_key(key).await?;
        let route = self.core.vaults.route(&key.vault)?;
        let answer = route.keys().wrap(&asker, &key, algorithm, &secret).await;
        answer.map_err(|error| told(error, &key, &asker))
    }

    /// Unwraps what [`wrap_key`](Self::wrap_key) returned. Takes `unwrapKey`.
    ///
    /// # Errors
    /// As for [`wrap_key`](Self::wrap_key); the vault refuses bytes that were changed.
    pub async fn unwrap_key(
        &self,
        key: &str,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, Error> {
        let (key, asker) = self.at_key(key).await?;
        let route = self.core.vaults.route(&key.vault)?;
        let answer = route.keys().unwrap(&asker, &key, algorithm, wrapped).await;
        answer.map_err(|error| told(error, &key, &asker))
    }

    /// Encrypts a short secret under the key of this URI; without a version, under the latest. Takes
    /// `encrypt`.
    ///
    /// # Errors
    /// As for [`wrap_key`](Self::wrap_key); [`VaultError::TooLong`] if it does not fit.
    pub async fn encrypt(
        &self,
        key: &str,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, Error> {
        let (key, asker) = self.at_key(key).await?;
        let route = self.core.vaults.route(&key.vault)?;
        let answer = route
            .keys()
            .encrypt(&asker, &key, algorithm, plaintext)
            .await;
        answer.map_err(|error| told(error, &key, &asker))
    }

    /// Decrypts what [`encrypt`](Self::encrypt) returned. Takes `decrypt`.
    ///
    /// # Errors
    /// As for [`unwrap_key`](Self::unwrap_key).
    pub async fn decrypt(
        &self,
        key: &str,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, Error> {
        let (key, asker) = self.at_key(key).await?;
        let route = self.core.vaults.route(&key.vault)?;
        let answer = route
            .keys()
            .decrypt(&asker, &key, algorithm, ciphertext)
            .await;
        answer.map_err(|error| told(error, &key, &asker))
    }

    /// The vault, key and version that a URI names, if the installation keeps the vault itself: others
    /// are managed where they are.
    ///
    /// # Errors
    /// [`Error::InvalidKeyId`]; [`VaultError::ForeignVault`] if somebody else keeps it.
    pub fn managed_key(&self, uri: &str) -> Result<KeyId, Error> {
        let key = self.core.vaults.parse(uri)?;
        if *key.vault.suffix() == VaultSuffix::embedded() {
            Ok(key)
        } else {
            let suffix = key.vault.suffix().to_string();
            Err(VaultError::ForeignVault { suffix }.into())
        }
    }

    /// Which key the URI names, and as whom its vault sees the operator.
    pub(super) async fn at_key(&self, uri: &str) -> Result<(KeyId, VaultCaller), Error> {
        let key = self.core.vaults.parse(uri)?;
        let asker = if *key.vault.suffix() == VaultSuffix::embedded() {
            self.asker_of(key.vault.name(), &key.name).await?
        } else {
            // Whom an outside vault's tenant knows is its own to say: it gets the token of home.
            VaultCaller {
                tenant: self.caller.tenant,
                principal: self.caller.principal,
                origin: Origin::Address(self.address),
                correlation: self.caller.correlation,
            }
        };
        Ok((key, asker))
    }
}

/// A denial comes with its remedy.
pub(super) fn told(error: VaultError, key: &KeyId, asker: &VaultCaller) -> Error {
    match error.denial() {
        Some(denial) => Error::KeyDenied {
            key: key.to_string(),
            source: denial,
            remedy: denial.remedy(key, &asker.into()),
        },
        None => error.into(),
    }
}
