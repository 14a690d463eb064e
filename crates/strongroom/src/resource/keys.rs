//! Asking for keys: a resource's present key-encryption key, and one that it goes over to.

use strongroom_base::{Outcome, ResourceUid};
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{Kek, Keyring, OpenedKeyring, WrappedKey};
use strongroom_crypto::object::{Generation, GenerationKeys};
use strongroom_identity::{ManagedIdentity, PrincipalMachine, Standing, token_for};
use strongroom_resource::{Life, Refusal, Resource, ResourceMachine, same_region};
use strongroom_vault::{Caller as VaultCaller, KeyId, Origin, VaultError};

use super::request::{arm_id, kek_name};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::Core;
use crate::driver::Reader;
use crate::driver::kept::{principal_id, resource_id};
use crate::key_files::NewServiceKey;
use crate::lease::Proof;

/// How often a use of a key is begun anew because its authority moved meanwhile.
const USE_RETRIES: usize = 16;

impl Core {
    /// The first keyring of a new resource, under its service-managed key.
    pub(crate) fn first_keyring(
        &self,
        uid: ResourceUid,
        service_key: &NewServiceKey,
    ) -> Result<Keyring, Error> {
        let key = ResourceKey::generate(self.provider.random)?;
        let wrapped =
            service_key
                .key
                .wrap_resource_key(&self.provider, uid, Generation::FIRST, &key)?;
        let kek = Kek::ServiceManaged {
            key: service_key.id,
        };
        let mac = self.root.keyring_mac(uid)?;
        Ok(Keyring::create(
            &self.provider,
            &mac,
            &key,
            kek,
            WrappedKey::new(wrapped),
        )?)
    }

    /// Proves that a resource's keys may be used: its whole chain of authority, by a real unwrap.
    pub(crate) async fn prove(&self, uid: ResourceUid, caller: &Caller) -> Result<Proof, Error> {
        let id = resource_id(uid)?;
        for _ in 0..USE_RETRIES {
            // A proof counts from when it was asked for, not from when it was answered.
            let asked = self.now();
            let mut reader = Reader::new(self);
            let resource = reader.load::<ResourceMachine>(&id).await?;
            let resource = resource.ok_or(Refusal::Absent)?;
            check_usable(&resource)?;
            let opened = match reader.user(&resource, caller).await {
                Ok(user) => user.open(&resource.keyring).await?,
                Err(Error::Torn) => continue,
                Err(error) => return Err(error),
            };
            // The vault judged at a moment of its own: what was read here must have held then, too.
            if reader.holds_still().await? {
                return Ok(Proof {
                    keys: opened,
                    asked,
                    customer_managed: resource.customer_key().is_some(),
                });
            }
        }
        Err(Error::Contended { id })
    }
}

/// Refuses the use of a resource's data unless it is there to be used.
pub(crate) fn check_usable(resource: &Resource) -> Result<(), Refusal> {
    match resource.life {
        Life::Active => Ok(()),
        Life::Deleted { .. } => Err(Refusal::Deleted {
            name: resource.name.clone(),
        }),
        Life::Purging => Err(Refusal::Purging),
    }
}

/// Who uses keys on behalf of a resource.
pub(crate) struct KeyUser<'a> {
    core: &'a Core,
    resource: Resource,
    /// The resource's ARM id, as records of its service-managed key name it.
    target: String,
    caller: Caller,
    /// Why nobody asks a vault, or who does.
    identity: Result<VaultCaller, strongroom_identity::NoToken>,
}

impl<'c> Reader<'c> {
    /// Who uses keys on behalf of `resource`, given the directory as it is now (R7, R12, R13).
    pub(crate) async fn user(
        &mut self,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<KeyUser<'c>, Error> {
        let site = self.site_of_resource(resource).await?;
        let site = site.ok_or(Refusal::Absent)?;
        let standing = match resource.identity {
            ManagedIdentity::On { principal, .. } => {
                let id = principal_id(principal)?;
                let stored = self.load::<PrincipalMachine>(&id).await?;
                stored.map_or(Standing::Gone, |principal| principal.standing())
            }
            ManagedIdentity::Off => Standing::Gone,
        };
        let present = site.tenant();
        let token = token_for(&resource.identity, present, standing);
        Ok(KeyUser {
            core: self.core(),
            resource: resource.clone(),
            target: arm_id(&site, resource.name.as_str()),
            caller: caller.clone(),
            identity: token.map(|principal| VaultCaller {
                tenant: present,
                principal,
                origin: Origin::TrustedService,
                correlation: caller.correlation,
            }),
        })
    }
}

impl KeyUser<'_> {
    /// Opens a keyring of the resource for its data.
    async fn open(&self, keyring: &Keyring) -> Result<GenerationKeys, Error> {
        let opened = self.open_keyring(keyring).await?;
        Ok(opened.generation_keys(&self.core.provider))
    }

    /// Opens a keyring of the resource: a fresh unwrap of the stored bytes under the key that wraps it.
    pub(crate) async fn open_keyring(&self, keyring: &Keyring) -> Result<OpenedKeyring, Error> {
        let provider = &self.core.provider;
        let mac = self.core.root.keyring_mac(self.resource.uid)?;
        let verified = keyring.verify(&mac)?;
        let newest = self
            .unwrap(verified.kek(), verified.newest(), verified.wrapped())
            .await?;
        Ok(verified.open(provider, newest)?)
    }

    /// Unwraps under a key-encryption key. No unwrap goes without its record (I7).
    pub(crate) async fn unwrap(
        &self,
        kek: &Kek,
        generation: Generation,
        wrapped: &WrappedKey,
    ) -> Result<ResourceKey, Error> {
        match kek {
            Kek::ServiceManaged { key } => {
                let unwrapped = self
                    .unwrap_with_service_key(*key, generation, wrapped)
                    .await;
                // Committed before the key is used.
                let code = unwrapped.as_ref().err().map(Outcome::code);
                self.record(Operation::UnwrapKey, kek, code).await?;
                unwrapped
            }
            Kek::CustomerManaged { kid, algorithm } => {
                let key = self.core.vaults.parse(kid)?;
                let identity = self.identity.as_ref().map_err(|no_token| *no_token)?;
                let route = self.core.route(&key.vault)?;
                let vault = route.directory().vault(identity, &key.vault).await;
                let vault = vault.map_err(|error| key_use(&key, identity, error))?;
                same_region(&self.resource, &key, &vault)?;
                let secret = route
                    .keys()
                    .unwrap(identity, &key, *algorithm, wrapped.as_bytes())
                    .await
                    .map_err(|error| key_use(&key, identity, error))?;
                Ok(ResourceKey::from_secret(&secret)?)
            }
        }
    }

    /// Wraps a generation under a key-encryption key.
    pub(crate) async fn wrap(
        &self,
        kek: &Kek,
        generation: Generation,
        key: &ResourceKey,
    ) -> Result<WrappedKey, Error> {
        match kek {
            Kek::ServiceManaged { key: id } => {
                let core = self.core;
                let uid = self.resource.uid;
                let service_key = core.service_key(uid, *id).await?;
                let wrapped =
                    service_key.wrap_resource_key(&core.provider, uid, generation, key)?;
                self.record(Operation::WrapKey, kek, None).await?;
                Ok(WrappedKey::new(wrapped))
            }
            Kek::CustomerManaged { kid, algorithm } => {
                let id: KeyId = self.core.vaults.parse(kid)?;
                let identity = self.identity.as_ref().map_err(|no_token| *no_token)?;
                let route = self.core.route(&id.vault)?;
                let wrapped = route.keys().wrap(identity, &id, *algorithm, key).await;
                let wrapped = wrapped.map_err(|error| key_use(&id, identity, error))?;
                Ok(WrappedKey::new(wrapped.bytes))
            }
        }
    }

    async fn unwrap_with_service_key(
        &self,
        key: strongroom_crypto::ServiceKeyId,
        generation: Generation,
        wrapped: &WrappedKey,
    ) -> Result<ResourceKey, Error> {
        let uid = self.resource.uid;
        let service_key = self.core.service_key(uid, key).await?;
        Ok(service_key.unwrap_resource_key(
            &self.core.provider,
            uid,
            generation,
            wrapped.as_bytes(),
        )?)
    }

    async fn record(
        &self,
        operation: Operation,
        kek: &Kek,
        failed: Option<&'static str>,
    ) -> Result<(), Error> {
        let record = Happened::new(operation, self.target.clone()).with_key(kek_name(kek));
        let record = match failed {
            Some(code) => record.failed(code),
            None => record,
        };
        self.core.record(vec![record], &self.caller).await
    }
}

/// What a vault's answer is to whoever wanted the data: a denial comes with its remedy.
fn key_use(key: &KeyId, identity: &VaultCaller, error: VaultError) -> Error {
    match error.denial() {
        Some(denial) => Error::KeyUse {
            key: key.to_string(),
            remedy: denial.remedy(key, identity.principal),
            source: error,
        },
        None => Error::VaultCall(error),
    }
}
