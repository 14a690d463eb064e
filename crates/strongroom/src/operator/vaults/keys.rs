//! Keys: made, imported, changed, rotated and deleted (R5).

use std::collections::BTreeSet;

use strongroom_base::Timestamp;
use strongroom_vault::import::{KeyPair, from_jwk, from_pem};
use strongroom_vault::key::{
    AttributeChange, Key, KeyAction, KeyRefusal, MintedVersion, NewVersion, RotationPolicy,
    Validity,
};
use strongroom_vault::{KeyName, KeyOperation, KeyPermission, KeySpec, KeyVersion, VaultName};

use super::admission::{Admitted, recorded};
use crate::Error;
use crate::audit::{Happened, Operation};
use crate::driver::Assertions;
use crate::operator::Operator;
use crate::vaults::KeyInfo;

/// What a new version of a key is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `new` gives the defaults"
)]
pub struct NewKey {
    /// The key's name in its vault. If the key is there already, it gets another version.
    pub name: KeyName,
    /// Whether the version may be used at all.
    pub enabled: bool,
    /// From when on it makes something new.
    pub not_before: Option<Timestamp>,
    /// From when on it makes nothing new.
    pub expires: Option<Timestamp>,
    /// What it may be used for; `None` stands for all that its type can do, or what a JWK says.
    pub operations: Option<BTreeSet<KeyOperation>>,
}

impl NewKey {
    /// Enabled, for ever, for everything.
    #[must_use]
    pub fn new(name: KeyName) -> Self {
        Self {
            name,
            enabled: true,
            not_before: None,
            expires: None,
            operations: None,
        }
    }

    fn version(self, minted: MintedVersion) -> NewVersion {
        NewVersion {
            minted,
            enabled: self.enabled,
            validity: Validity {
                not_before: self.not_before,
                expires: self.expires,
            },
            operations: self.operations,
        }
    }
}

impl Operator {
    /// Makes a key in a vault, or another version of one. Takes the permission `create`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, the name belongs to a deleted key, or
    /// the attributes do not fit.
    pub async fn create_key(
        &self,
        vault: &VaultName,
        new: NewKey,
        spec: KeySpec,
    ) -> Result<KeyInfo, Error> {
        let name = new.name.clone();
        // A large key takes seconds: not for whoever may not have it.
        self.admitted(
            vault,
            Some(&name),
            KeyPermission::Create,
            Operation::KeyCreate,
        )
        .await?;
        let pair = self.core.vaults.generate_pair(spec).await?;
        self.with_version(vault, &name, pair, |minted| {
            KeyAction::Create(new.version(minted))
        })
        .await
    }

    /// Imports an unencrypted PKCS#8 private key in PEM. Takes the permission `import`.
    ///
    /// # Errors
    /// [`ImportError`](strongroom_vault::import::ImportError) says what the text is instead;
    /// [`KeyRefusal`] as for [`create_key`](Self::create_key).
    pub async fn import_pem(
        &self,
        vault: &VaultName,
        new: NewKey,
        pem: &str,
    ) -> Result<KeyInfo, Error> {
        let pair = from_pem(&self.core.records.provider, pem)?;
        self.import(vault, new, pair).await
    }

    /// Imports a private key as a JWK. Takes the permission `import`.
    ///
    /// # Errors
    /// As for [`import_pem`](Self::import_pem).
    pub async fn import_jwk(
        &self,
        vault: &VaultName,
        new: NewKey,
        jwk: &str,
    ) -> Result<KeyInfo, Error> {
        let read = from_jwk(&self.core.records.provider, jwk)?;
        let mut new = new;
        new.operations = new.operations.or(read.operations);
        self.import(vault, new, read.pair).await
    }

    /// Adds a version like the latest one (R16). No resource follows by that. Takes `rotate`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, or there is no such key.
    pub async fn rotate_key(&self, vault: &VaultName, name: &KeyName) -> Result<KeyInfo, Error> {
        let rotate = Operation::KeyRotate;
        let Admitted { asker, key } = self
            .admitted(vault, Some(name), KeyPermission::Rotate, rotate)
            .await?;
        let spec = key.as_ref().and_then(Key::latest);
        let Some(spec) = spec.map(|latest| latest.public.spec()) else {
            let on = super::admission::target(vault, Some(name));
            let refused = Happened::new(rotate, on).failed("KeyNotFound");
            self.core
                .records
                .record(vec![refused], &recorded(&asker))
                .await?;
            return Err(KeyRefusal::KeyNotFound {
                vault: vault.clone(),
                name: name.clone(),
            }
            .into());
        };
        let pair = self.core.vaults.generate_pair(spec).await?;
        self.with_version(vault, name, pair, KeyAction::Rotate)
            .await
    }

    /// Changes attributes of a version, or of the latest. Takes `update`.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the vault does not let the caller in, there is no such key or version, or
    /// nothing would change.
    pub async fn update_key(
        &self,
        vault: &VaultName,
        name: &KeyName,
        version: Option<KeyVersion>,
        change: AttributeChange,
    ) -> Result<KeyInfo, Error> {
        let update = KeyAction::Update { version, change };
        let key = self.ask_of_key(vault, name, update).await?;
        shown(vault, name, key.as_ref(), version)
    }

    /// Changes attributes of all versions at once: after a rotation, what resources still use is an
    /// older one than the latest (R16, R17). Takes `update`.
    ///
    /// # Errors
    /// As for [`update_key`](Self::update_key); nothing is changed if it does not fit one of them.
    pub async fn update_all_versions(
        &self,
        vault: &VaultName,
        name: &KeyName,
        change: AttributeChange,
    ) -> Result<KeyInfo, Error> {
        let update = KeyAction::UpdateAll(change);
        let key = self.ask_of_key(vault, name, update).await?;
        shown(vault, name, key.as_ref(), None)
    }

    /// Sets when the vault adds versions by itself (R16). Takes `setrotationpolicy`.
    ///
    /// # Errors
    /// As for [`update_key`](Self::update_key).
    pub async fn set_rotation_policy(
        &self,
        vault: &VaultName,
        name: &KeyName,
        policy: RotationPolicy,
    ) -> Result<KeyInfo, Error> {
        let set = KeyAction::SetRotationPolicy(policy);
        let key = self.ask_of_key(vault, name, set).await?;
        // It may be due at once. What it adds is the vault's own doing.
        let own = self.core.records.own_caller(self.caller.tenant)?;
        self.core.vaults.settle_key(vault, name, &own).await?;
        shown(vault, name, key.as_ref(), None)
    }

    /// Deletes a key with all its versions: whatever it wraps is out of reach (R17), until it is
    /// recovered. Takes `delete`.
    ///
    /// # Errors
    /// As for [`update_key`](Self::update_key).
    pub async fn delete_key(&self, vault: &VaultName, name: &KeyName) -> Result<KeyInfo, Error> {
        let key = self.ask_of_key(vault, name, KeyAction::Delete).await?;
        shown(vault, name, key.as_ref(), None)
    }

    /// Recovers a deleted key, with all its versions as they were. Takes `recover`.
    ///
    /// # Errors
    /// As for [`update_key`](Self::update_key).
    pub async fn recover_key(&self, vault: &VaultName, name: &KeyName) -> Result<KeyInfo, Error> {
        let key = self.ask_of_key(vault, name, KeyAction::Recover).await?;
        shown(vault, name, key.as_ref(), None)
    }

    /// Destroys a deleted key for good: its material is erased before this returns, and whatever it
    /// wraps is lost with it. Takes `purge`.
    ///
    /// # Errors
    /// `PurgeProtected` while the vault's purge protection keeps it (R14); as for
    /// [`update_key`](Self::update_key) otherwise.
    pub async fn purge_key(&self, vault: &VaultName, name: &KeyName) -> Result<(), Error> {
        self.ask_of_key(vault, name, KeyAction::Purge).await?;
        let own = self.core.records.own_caller(self.caller.tenant)?;
        self.core.vaults.settle_key(vault, name, &own).await
    }

    pub(crate) async fn import(
        &self,
        vault: &VaultName,
        new: NewKey,
        pair: KeyPair,
    ) -> Result<KeyInfo, Error> {
        let name = new.name.clone();
        let import = Operation::KeyImport;
        self.admitted(vault, Some(&name), KeyPermission::Import, import)
            .await?;
        self.with_version(vault, &name, pair, |minted| {
            KeyAction::Import(new.version(minted))
        })
        .await
    }

    async fn with_version(
        &self,
        vault: &VaultName,
        name: &KeyName,
        pair: KeyPair,
        action: impl FnOnce(MintedVersion) -> KeyAction,
    ) -> Result<KeyInfo, Error> {
        let key = self
            .core
            .vaults
            .with_material(pair, async |minted, assertions| {
                self.ask_of_key_with(vault, name, action(minted), assertions)
                    .await
            })
            .await?;
        shown(vault, name, key.as_ref(), None)
    }

    async fn ask_of_key(
        &self,
        vault: &VaultName,
        name: &KeyName,
        action: KeyAction,
    ) -> Result<Option<Key>, Error> {
        self.ask_of_key_with(vault, name, action, Assertions::default())
            .await
    }

    async fn ask_of_key_with(
        &self,
        vault: &VaultName,
        name: &KeyName,
        action: KeyAction,
        assertions: Assertions,
    ) -> Result<Option<Key>, Error> {
        let asker = self.asker_of(vault, name).await?;
        let caller = recorded(&asker);
        self.core
            .vaults
            .ask_key((vault, name), action, assertions, &asker, &caller)
            .await
    }
}

/// A key as it is after what was asked of it.
fn shown(
    vault: &VaultName,
    name: &KeyName,
    key: Option<&Key>,
    version: Option<KeyVersion>,
) -> Result<KeyInfo, Error> {
    let info = key.and_then(|key| Some(KeyInfo::of(key, key.version(version)?)));
    info.ok_or_else(|| {
        KeyRefusal::KeyNotFound {
            vault: vault.clone(),
            name: name.clone(),
        }
        .into()
    })
}
