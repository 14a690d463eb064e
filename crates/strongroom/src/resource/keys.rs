//! Asking for keys: a resource's present key-encryption key, and one that it goes over to.

use std::time::Duration;

use strongroom_base::{Outcome, ResourceUid, TenantId};
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{Kek, Keyring, OpenedKeyring, WrappedKey};
use strongroom_crypto::object::Generation;
use strongroom_identity::{ManagedIdentity, PrincipalMachine, Standing, token_for};
use strongroom_ledger::AggregateId;
use strongroom_resource::{Life, Refusal, Resource, ResourceMachine, same_region};
use strongroom_vault::{Caller as VaultCaller, KeyId, Origin, Party, VaultError};

use super::Control;
use super::request::{arm_id, kek_name};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::clock::Moment;
use crate::driver::Reader;
use crate::driver::kept::{principal_id, resource_id};
use crate::key_files::NewServiceKey;
use crate::lease::Proof;
use crate::vaults::{Route, SeenVault};

/// How often a use of a key is begun anew because its authority moved meanwhile.
pub(crate) const USE_RETRIES: usize = 16;

/// How long a vault of our own may be judged by what was read of it for the use of a key.
const SEEN_FOR: Duration = Duration::from_millis(100);

impl Control {
    /// The first keyring of a new resource, under its service-managed key.
    pub(crate) fn first_keyring(
        &self,
        uid: ResourceUid,
        service_key: &NewServiceKey,
    ) -> Result<Keyring, Error> {
        let key = ResourceKey::generate(self.records.provider.random)?;
        let wrapped = service_key.key.wrap_resource_key(
            &self.records.provider,
            uid,
            Generation::FIRST,
            &key,
        )?;
        let kek = Kek::ServiceManaged {
            key: service_key.id,
        };
        let mac = self.keys.keyring_mac(uid)?;
        Ok(Keyring::create(
            &self.records.provider,
            &mac,
            &key,
            kek,
            WrappedKey::new(wrapped),
        )?)
    }

    /// Proves that a resource's keys may be used now, and leaves nothing of it.
    pub(crate) async fn probe(&self, uid: ResourceUid, caller: &Caller) -> Result<Proof, Error> {
        let id = resource_id(uid)?;
        let mut reader = Reader::new(&self.records);
        let found = self.use_keys(&mut reader, &id, |_| caller.clone()).await?;
        found.proof
    }

    /// Asks for the keys of a resource that may be used: its whole chain of authority, by a real unwrap.
    /// `recorded` says whom the records name, given the resource's tenant.
    pub(crate) async fn use_keys(
        &self,
        reader: &mut Reader<'_>,
        id: &AggregateId,
        recorded: impl FnOnce(TenantId) -> Caller + Send,
    ) -> Result<Found, Error> {
        // A vault of our own judges by what is read from here on.
        let began = self.records.moment();
        let resource = reader.load::<ResourceMachine>(id).await?;
        let resource = resource.ok_or(Refusal::Absent)?;
        check_usable(&resource)?;
        let user = self.user_recorded(reader, &resource, recorded).await?;
        let seen = self
            .see_own_vault(reader, &user, resource.customer_key())
            .await?;
        reader.release();
        let seen = seen.map(|seen| (seen, began));
        let proof = user.open(&resource.keyring, seen).await;
        Ok(Found {
            resource,
            proof,
            recorded: user.caller,
        })
    }

    /// What a vault of the installation's own will judge by at a use of the customer's key `kid`, if there is
    /// one: to be asserted with all the rest.
    pub(super) async fn see_own_vault(
        &self,
        reader: &mut Reader<'_>,
        user: &KeyUser<'_>,
        kid: Option<&str>,
    ) -> Result<Option<SeenVault>, Error> {
        let (Some(kid), Ok(identity)) = (kid, &user.identity) else {
            return Ok(None);
        };
        let key = self.vaults.parse(kid)?;
        match self.vaults.route(&key.vault)? {
            Route::Embedded(_) | Route::Seen(_) => {
                let vault = key.vault.name();
                let snapshot = reader.vault_snapshot(identity, vault, Some(&key.name));
                Ok(Some(SeenVault {
                    snapshot: snapshot.await?,
                    caller: identity.clone(),
                }))
            }
            Route::Outside(..) => Ok(None),
        }
    }

    /// Who uses keys on behalf of `resource`, given the directory as it is now (R7, R12, R13).
    pub(crate) async fn user(
        &self,
        reader: &mut Reader<'_>,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<KeyUser<'_>, Error> {
        self.user_recorded(reader, resource, |_| caller.clone())
            .await
    }

    async fn user_recorded(
        &self,
        reader: &mut Reader<'_>,
        resource: &Resource,
        recorded: impl FnOnce(TenantId) -> Caller + Send,
    ) -> Result<KeyUser<'_>, Error> {
        let site = reader.site_of_resource(resource).await?;
        let site = site.ok_or(Refusal::Absent)?;
        let standing = match resource.identity {
            ManagedIdentity::On { principal, .. } => {
                let id = principal_id(principal)?;
                let stored = reader.load::<PrincipalMachine>(&id).await?;
                stored.map_or(Standing::Gone, |principal| principal.standing())
            }
            ManagedIdentity::Off => Standing::Gone,
        };
        let present = site.tenant();
        let caller = recorded(present);
        let token = token_for(&resource.identity, present, standing);
        Ok(KeyUser {
            core: self,
            resource: resource.clone(),
            target: arm_id(&site, resource.name.as_str()),
            identity: token.map(|principal| VaultCaller {
                tenant: present,
                principal,
                origin: Origin::TrustedService,
                correlation: caller.correlation,
            }),
            caller,
        })
    }
}

/// A resource as it was read, and what came of asking for its keys.
pub(crate) struct Found {
    pub(crate) resource: Resource,
    pub(crate) proof: Result<Proof, Error>,
    /// Whom the records of it name.
    pub(crate) recorded: Caller,
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
    core: &'a Control,
    resource: Resource,
    /// The resource's ARM id, as records of its service-managed key name it.
    target: String,
    caller: Caller,
    /// Why nobody asks a vault, or who does.
    identity: Result<VaultCaller, strongroom_identity::NoToken>,
}

impl KeyUser<'_> {
    /// Opens a keyring of the resource for its data.
    async fn open(
        &self,
        keyring: &Keyring,
        seen: Option<(SeenVault, Moment)>,
    ) -> Result<Proof, Error> {
        let (opened, sent) = self.open_by(keyring, seen).await?;
        Ok(Proof {
            keys: opened.generation_keys(&self.core.records.provider),
            sent,
            customer_managed: self.resource.customer_key().is_some(),
        })
    }

    /// Opens a keyring of the resource: a fresh unwrap of the stored bytes under the key that wraps it.
    pub(crate) async fn open_keyring(&self, keyring: &Keyring) -> Result<OpenedKeyring, Error> {
        let (opened, _) = self.open_and_time(keyring).await?;
        Ok(opened)
    }

    /// The same, and when it was asked for.
    pub(super) async fn open_and_time(
        &self,
        keyring: &Keyring,
    ) -> Result<(OpenedKeyring, Moment), Error> {
        self.open_by(keyring, None).await
    }

    async fn open_by(
        &self,
        keyring: &Keyring,
        seen: Option<(SeenVault, Moment)>,
    ) -> Result<(OpenedKeyring, Moment), Error> {
        let provider = &self.core.records.provider;
        let mac = self.core.keys.keyring_mac(self.resource.uid)?;
        let verified = keyring.verify(&mac)?;
        let (newest, sent) = self
            .unwrap_by(verified.kek(), verified.newest(), verified.wrapped(), seen)
            .await?;
        Ok((verified.open(provider, newest)?, sent))
    }

    /// Unwraps under a key-encryption key, and says when it was asked. No unwrap goes without its record
    /// (I7).
    pub(crate) async fn unwrap(
        &self,
        kek: &Kek,
        generation: Generation,
        wrapped: &WrappedKey,
    ) -> Result<(ResourceKey, Moment), Error> {
        self.unwrap_by(kek, generation, wrapped, None).await
    }

    /// The same; a vault of our own judges by what has been `seen` of it, and is asked from that moment.
    async fn unwrap_by(
        &self,
        kek: &Kek,
        generation: Generation,
        wrapped: &WrappedKey,
        seen: Option<(SeenVault, Moment)>,
    ) -> Result<(ResourceKey, Moment), Error> {
        match kek {
            Kek::ServiceManaged { key } => {
                let sent = self.core.records.moment();
                let unwrapped = self
                    .unwrap_with_service_key(*key, generation, wrapped)
                    .await;
                // Committed before the key is used.
                let code = unwrapped.as_ref().err().map(Outcome::code);
                self.record(Operation::UnwrapKey, kek, code).await?;
                Ok((unwrapped?, sent))
            }
            Kek::CustomerManaged { kid, algorithm } => {
                let key = self.core.vaults.parse(kid)?;
                let identity = self.identity()?;
                let _turn = self.core.vaults.enter(&key.vault).await?;
                let now = self.core.records.moment();
                let (seen, sent) = match seen {
                    // The turn may have been long in coming.
                    Some((seen, began)) if now.since(began).is_some_and(|it| it <= SEEN_FOR) => {
                        (Some(seen), began)
                    }
                    Some(_) | None => (None, now),
                };
                let route = self
                    .core
                    .vaults
                    .route(&key.vault)?
                    .judging_by(&self.core.vaults, seen);
                let vault = route.known(identity, &key.vault).await;
                let vault = vault.map_err(|error| self.key_use(&key, identity, error))?;
                if let Some(vault) = vault {
                    same_region(&self.resource, &key, &vault)?;
                }
                let secret = route
                    .keys()
                    .unwrap(identity, &key, *algorithm, wrapped.as_bytes())
                    .await
                    .map_err(|error| self.key_use(&key, identity, error))?;
                Ok((ResourceKey::from_secret(&secret)?, sent))
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
                let service_key = core.keys.service_key(uid, *id).await?;
                let wrapped =
                    service_key.wrap_resource_key(&core.records.provider, uid, generation, key)?;
                self.record(Operation::WrapKey, kek, None).await?;
                Ok(WrappedKey::new(wrapped))
            }
            Kek::CustomerManaged { kid, algorithm } => {
                let id: KeyId = self.core.vaults.parse(kid)?;
                let identity = self.identity()?;
                let route = self.core.vaults.route(&id.vault)?;
                let _turn = self.core.vaults.enter(&id.vault).await?;
                let wrapped = route.keys().wrap(identity, &id, *algorithm, key).await;
                let wrapped = wrapped.map_err(|error| self.key_use(&id, identity, error))?;
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
        let service_key = self.core.keys.service_key(uid, key).await?;
        Ok(service_key.unwrap_resource_key(
            &self.core.records.provider,
            uid,
            generation,
            wrapped.as_bytes(),
        )?)
    }

    /// Who asks a vault, or why nobody does.
    pub(super) fn identity(&self) -> Result<&VaultCaller, Error> {
        self.identity.as_ref().map_err(|source| Error::NoToken {
            name: self.resource.name.clone(),
            source: *source,
        })
    }

    /// What a vault's answer is to whoever wanted the data: a denial comes with its remedy.
    fn key_use(&self, key: &KeyId, identity: &VaultCaller, error: VaultError) -> Error {
        match error.denial() {
            Some(denial) => Error::KeyUse {
                key: key.to_string(),
                remedy: denial.remedy(key, &party(&self.resource, identity)),
                source: error,
            },
            None => error.into(),
        }
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
        self.core.records.record(vec![record], &self.caller).await
    }
}

/// The identity of a resource, as a remedy is written for it.
pub(super) fn party(resource: &Resource, identity: &VaultCaller) -> Party {
    Party::Identity {
        resource: resource.name.clone(),
        principal: Some(identity.principal),
        tenant: identity.tenant,
    }
}
