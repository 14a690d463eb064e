//! What an application holds of a resource, and whoever manages it.

use std::sync::Arc;

use object_store::ObjectStore;
use strongroom_base::{PrincipalId, Region, ResourceName, ResourceUid};
use strongroom_crypto::object::BindingMode;
use strongroom_crypto::{ServiceKeyId, WrapAlgorithm};
use strongroom_identity::{Action, GroupUid};
use strongroom_resource::{Refusal, Resource, ResourceAction, ResourceMachine, SetKey, Tier};
use strongroom_vault::{OpId, VaultSuffix};

use super::Control;
use super::rights::{DirectoryRights, rights_of};
use super::view::ResourceView;
use crate::Error;
use crate::audit::Caller;
use crate::driver::kept::resource_id;
use crate::driver::{Assertions, Reader};
use crate::lease::{KeySource, Session};
use crate::store::{EncryptedStore, Place};

/// What to create. There is no way to ask for a resource that is not encrypted (R3).
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `new` gives the defaults"
)]
pub struct NewResource {
    /// Its name, unique in its group.
    pub name: ResourceName,
    /// Its region.
    pub region: Region,
    /// Its pricing tier.
    pub tier: Tier,
    /// What its objects are bound to; fixed for good.
    pub binding: BindingMode,
    /// The URI of a customer's key. A creation that asks for one is refused whole (R8).
    pub customer_key: Option<String>,
}

impl NewResource {
    /// A resource in the standard tier, its objects bound to their locations.
    #[must_use]
    pub fn new(name: ResourceName, region: Region) -> Self {
        Self {
            name,
            region,
            tier: Tier::default(),
            binding: BindingMode::Location,
            customer_key: None,
        }
    }
}

/// Something to be done to a resource, or to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceChange {
    /// Another pricing tier (R10).
    SetTier(Tier),
    /// A managed identity: each time a new principal (R12).
    EnableIdentity,
    /// No managed identity: what a customer's key wraps is then out of reach (R12).
    DisableIdentity,
    /// A customer's key: enabling it, another version of it, or another key (R11, R16).
    SetKey {
        /// The URI of the key version.
        key: String,
        /// How it is to wrap.
        algorithm: WrapAlgorithm,
    },
    /// Back to a service-managed key.
    ResetKey,
    /// A new generation for later writes, under the same key (R16).
    Rekey,
    /// To another resource group, of the same or another tenant (R13).
    Move(GroupUid),
    /// Deleted, and recoverable for a time.
    Delete,
    /// Recovered, with a new identity if it had one (R12).
    Recover,
    /// Destroyed for good: its keys first, then its objects.
    Purge,
}

/// One resource of an open installation.
#[derive(Clone, Debug)]
pub struct ResourceHandle {
    pub(super) core: Arc<Control>,
    pub(super) uid: ResourceUid,
    pub(super) caller: Caller,
}

impl ResourceHandle {
    pub(crate) fn new(core: Arc<Control>, uid: ResourceUid, caller: Caller) -> Self {
        Self { core, uid, caller }
    }

    /// The uid, which never changes.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    /// On whose behalf it is used.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Its state.
    ///
    /// # Errors
    /// [`Refusal::Absent`] once it is purged; [`Denied`](strongroom_identity::Denied) if the caller may
    /// not see it.
    pub async fn show(&self) -> Result<ResourceView, Error> {
        let mut reader = Reader::new(&self.core.records);
        let resource = reader
            .load::<ResourceMachine>(&resource_id(self.uid)?)
            .await?
            .ok_or(Refusal::Absent)?;
        let site = reader.site_of_resource(&resource).await?;
        let site = site.ok_or(Refusal::Absent)?;
        let who = reader.who(self.caller.principal).await?;
        site.allows(&who, Action::AccountsRead)?;
        Ok(ResourceView::of(&resource, &site))
    }

    /// Its objects, as the store that an application uses.
    ///
    /// # Errors
    /// If there is no such resource, or the caller may neither read nor write its data. Whether its key
    /// can be used is asked at each use.
    pub async fn store(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        Ok(Arc::new(self.encrypted_store().await?))
    }

    /// Its objects, as [`store`](Self::store) gives them, with the settings that are Strongroom's.
    ///
    /// # Errors
    /// As for [`store`](Self::store).
    pub async fn encrypted_store(&self) -> Result<EncryptedStore, Error> {
        let mut reader = Reader::new(&self.core.records);
        let resource = reader
            .load::<ResourceMachine>(&resource_id(self.uid)?)
            .await?
            .ok_or(Refusal::Absent)?;
        let rights = rights_of(&mut reader, &resource, self.caller.principal).await?;
        rights.any()?;
        drop(reader);
        let place = Place::new(self.uid, resource.binding);
        let keys: Arc<dyn KeySource> = self.core.clone();
        let source = self.core.leases.source(&keys, self.uid);
        let judge = DirectoryRights::new(&self.core, self.uid, self.caller.principal);
        let user = self.caller.session();
        let session = Arc::new(Session::new(source, user, Arc::new(judge)));
        Ok(EncryptedStore::new(&self.core.data, session, place))
    }

    /// Changes the resource, and carries out what that owes elsewhere.
    ///
    /// A change of key returns once the new key is in use. If it fails on the way, it is taken back
    /// whole; if it is cut off, it is completed or taken back by
    /// [maintenance](crate::Maintenance), or when the resource is next sought (R11).
    ///
    /// # Errors
    /// [`Refusal`], which names the rule and what would satisfy it; or what the vault or the directory
    /// said, of the present key or of the new one.
    pub async fn change(&self, change: ResourceChange) -> Result<ResourceView, Error> {
        self.catch_up(&change).await?;
        match change {
            ResourceChange::SetKey { .. } | ResourceChange::Rekey => {
                let action = self.action(change)?;
                self.core
                    .change_key(self.uid, action, Assertions::default(), &self.caller)
                    .await?;
            }
            ResourceChange::ResetKey => self.reset_key().await?,
            ResourceChange::Purge => return self.purge_and_show().await,
            other => {
                let action = self.action(other)?;
                self.core
                    .ask(self.uid, action, Assertions::default(), &self.caller)
                    .await?;
                self.settle_or_owe().await;
            }
        }
        self.changed().await
    }

    /// Does what is due of what a change rests on: the resource, and the key that it is to go over to.
    pub(super) async fn catch_up(&self, change: &ResourceChange) -> Result<(), Error> {
        self.core.catch_up(self.uid).await?;
        if let ResourceChange::SetKey { key, .. } = change {
            let key = self.core.vaults.parse(key)?;
            if *key.vault.suffix() == VaultSuffix::embedded() {
                let vault = key.vault.name();
                self.core.vaults.catch_up(vault, Some(&key.name)).await?;
            }
        }
        Ok(())
    }

    /// Deletes the resource. Its data is out of reach until it is recovered, and is destroyed when
    /// its retention ends.
    ///
    /// # Errors
    /// As for [`change`](Self::change).
    pub async fn delete(&self) -> Result<ResourceView, Error> {
        self.change(ResourceChange::Delete).await
    }

    /// Recovers a deleted resource.
    ///
    /// # Errors
    /// As for [`change`](Self::change).
    pub async fn recover(&self) -> Result<ResourceView, Error> {
        self.change(ResourceChange::Recover).await
    }

    /// Destroys a deleted resource for good: its keys first, then its objects.
    ///
    /// # Errors
    /// If it is not deleted, or the store does not let its objects be removed; its keys are
    /// destroyed then, and what is left goes with [maintenance](crate::Maintenance).
    pub async fn purge(&self) -> Result<(), Error> {
        match self
            .core
            .ask(
                self.uid,
                ResourceAction::Purge,
                Assertions::default(),
                &self.caller,
            )
            .await
        {
            // An earlier purge was cut off: go on with it.
            Ok(_) | Err(Error::Refused(Refusal::Purging)) => {}
            Err(error) => return Err(error),
        }
        self.core.settle_resource(self.uid, &self.caller).await
    }

    /// What the machine is asked for a change. Ids are drawn here.
    pub(super) fn action(&self, change: ResourceChange) -> Result<ResourceAction, Error> {
        let op = || Ok::<_, Error>(OpId::from_bytes(self.core.records.random_id()?));
        let principal = || Ok::<_, Error>(PrincipalId::from_bytes(self.core.records.random_id()?));
        Ok(match change {
            ResourceChange::SetTier(tier) => ResourceAction::SetTier { tier },
            ResourceChange::EnableIdentity => ResourceAction::EnableIdentity {
                principal: principal()?,
            },
            ResourceChange::DisableIdentity => ResourceAction::DisableIdentity,
            ResourceChange::SetKey { key, algorithm } => ResourceAction::SetKey(SetKey {
                op: op()?,
                key: self.core.vaults.parse(&key)?,
                algorithm,
                principal: principal()?,
            }),
            ResourceChange::ResetKey => ResourceAction::Reset {
                op: op()?,
                key: ServiceKeyId::generate(self.core.records.provider.random)?,
            },
            ResourceChange::Rekey => ResourceAction::Rekey { op: op()? },
            ResourceChange::Move(group) => ResourceAction::Move { group },
            ResourceChange::Delete => ResourceAction::Delete,
            ResourceChange::Recover => ResourceAction::Recover {
                principal: principal()?,
            },
            ResourceChange::Purge => ResourceAction::Purge,
        })
    }

    /// A service-managed key is made first: what wraps the resource key lies in the key file before the
    /// change that names it begins.
    async fn reset_key(&self) -> Result<(), Error> {
        let made = self.core.keys.new_service_key(self.uid).await?;
        let action = ResourceAction::Reset {
            op: OpId::from_bytes(self.core.records.random_id()?),
            key: made.id,
        };
        let guarded = Assertions::default().guarded(made.announcement.clone());
        let changed = self
            .core
            .change_key(self.uid, action, guarded, &self.caller)
            .await;
        match changed {
            Ok(_) => {
                if let Err(error) = self.core.keys.settle_announcement(made.announcement).await {
                    let uid = self.uid;
                    tracing::warn!(%uid, %error, "a new key's announcement could not be ended");
                }
                Ok(())
            }
            Err(error) => {
                self.core.keys.abandon(made.announcement).await?;
                Err(error)
            }
        }
    }

    async fn purge_and_show(&self) -> Result<ResourceView, Error> {
        let before = self.changed().await?;
        self.purge().await?;
        Ok(before)
    }

    /// What is owed elsewhere and cannot be done now is done later.
    async fn settle_or_owe(&self) {
        if let Err(error) = self.core.settle_resource(self.uid, &self.caller).await {
            let uid = self.uid;
            tracing::warn!(%uid, %error, "a resource still owes something; it is done later");
        }
    }

    /// The state after a change that the caller was allowed to make.
    async fn changed(&self) -> Result<ResourceView, Error> {
        let mut reader = Reader::new(&self.core.records);
        let resource = self.load().await?;
        let site = reader.site_of_resource(&resource).await?;
        Ok(ResourceView::of(&resource, &site.ok_or(Refusal::Absent)?))
    }

    pub(super) async fn load(&self) -> Result<Resource, Error> {
        let id = resource_id(self.uid)?;
        let loaded = self.core.records.load::<Resource>(&id).await?;
        Ok(loaded.state.ok_or(Refusal::Absent)?)
    }
}
