//! What an application holds of a resource.

use std::sync::Arc;

use object_store::ObjectStore;
use strongroom_base::{
    Region, ResourceGroupName, ResourceName, ResourceUid, SubscriptionId, Timestamp,
};
use strongroom_crypto::object::BindingMode;

use super::Tier;
use super::driver::{Assertions, aggregate};
use super::machine::{Command, Life, Resource};
use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::store::{EncryptedStore, Place};

/// What to create. There is no way to ask for a resource that is not encrypted (R3), nor for a
/// customer's key at creation (R8).
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
        }
    }
}

/// The state of a resource, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceView {
    /// Its ARM id.
    pub id: String,
    /// Its uid, which never changes.
    pub uid: ResourceUid,
    /// Its name.
    pub name: ResourceName,
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Its resource group.
    pub group: ResourceGroupName,
    /// Its region.
    pub region: Region,
    /// Its pricing tier.
    pub tier: Tier,
    /// What its objects are bound to.
    pub binding: BindingMode,
    /// When it was created.
    pub created: Timestamp,
    /// Whether its data can be used.
    pub state: ResourceState,
    /// Who holds the key-encryption key.
    pub encryption: EncryptionView,
}

/// Whether a resource's data can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceState {
    /// It can.
    Active,
    /// It can again once the resource is recovered.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When it will be purged.
        purge_at: Timestamp,
    },
    /// Never again.
    Purging,
}

/// Who holds the key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptionView {
    /// The service made it and keeps it, for this resource alone (R4).
    ServiceManaged {
        /// The key's id.
        key: String,
        /// How many generations of the resource key there are.
        generations: usize,
    },
}

/// One resource of an open installation.
#[derive(Clone, Debug)]
pub struct ResourceHandle {
    core: Arc<Core>,
    uid: ResourceUid,
    caller: Caller,
}

impl ResourceHandle {
    pub(crate) fn new(core: Arc<Core>, uid: ResourceUid, caller: Caller) -> Self {
        Self { core, uid, caller }
    }

    /// The uid, which never changes.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    /// Its state.
    ///
    /// # Errors
    /// [`Refusal::Absent`](super::Refusal::Absent) once it is purged.
    pub async fn show(&self) -> Result<ResourceView, Error> {
        Ok(self.load().await?.view())
    }

    /// Its objects, as the store that an application uses.
    ///
    /// # Errors
    /// If there is no such resource. Whether its data can be used is asked at each use.
    pub async fn store(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        Ok(Arc::new(self.encrypted_store().await?))
    }

    /// Its objects, as [`store`](Self::store) gives them, with the settings that are Strongroom's.
    ///
    /// # Errors
    /// As for [`store`](Self::store).
    pub async fn encrypted_store(&self) -> Result<EncryptedStore, Error> {
        let resource = self.load().await?;
        self.core
            .sweep_staging(&Place::new(self.uid, resource.binding))
            .await?;
        let leases = self.core.leases(self.uid, &self.caller);
        let place = Place::new(self.uid, resource.binding);
        let objects = Arc::clone(&self.core.objects);
        Ok(EncryptedStore::new(
            objects,
            leases,
            place,
            self.core.provider.random,
        ))
    }

    /// Deletes the resource. Its data is out of reach until it is recovered, and is destroyed when
    /// its retention ends.
    ///
    /// # Errors
    /// If it is deleted already.
    pub async fn delete(&self) -> Result<ResourceView, Error> {
        self.command(Command::Delete {
            now: self.core.now(),
        })
        .await
    }

    /// Recovers a deleted resource.
    ///
    /// # Errors
    /// If it is not deleted, or is being purged.
    pub async fn recover(&self) -> Result<ResourceView, Error> {
        self.command(Command::Recover {
            now: self.core.now(),
        })
        .await
    }

    /// Destroys a deleted resource for good: its keys first, then its objects.
    ///
    /// # Errors
    /// If it is not deleted, or the store does not let its objects be removed; its keys are
    /// destroyed then, and what is left goes at the next start.
    pub async fn purge(&self) -> Result<(), Error> {
        match self.command(Command::Purge).await {
            // An earlier purge was cut off: go on with it.
            Ok(_) | Err(Error::Refused(super::Refusal::Purging)) => {}
            Err(error) => return Err(error),
        }
        self.core.settle(self.uid, &self.caller).await
    }

    async fn command(&self, command: Command) -> Result<ResourceView, Error> {
        let after = self
            .core
            .submit(self.uid, &command, Assertions::default(), &self.caller)
            .await?;
        Ok(after.ok_or(super::Refusal::Absent)?.view())
    }

    async fn load(&self) -> Result<Resource, Error> {
        let loaded = self.core.load::<Resource>(&aggregate(self.uid)?).await?;
        Ok(loaded.state.ok_or(super::Refusal::Absent)?)
    }
}

impl Resource {
    pub(crate) fn view(&self) -> ResourceView {
        let state = match self.life {
            Life::Active => ResourceState::Active,
            Life::Deleted { at, purge_at } => ResourceState::Deleted { at, purge_at },
            Life::Purging => ResourceState::Purging,
        };
        ResourceView {
            id: self.arm_id(),
            uid: self.uid,
            name: self.name.clone(),
            subscription: self.group.subscription,
            group: self.group.name.clone(),
            region: self.region.clone(),
            tier: self.tier,
            binding: self.binding,
            created: self.created,
            state,
            encryption: EncryptionView::ServiceManaged {
                key: self.key_name(),
                generations: self.keyring.records().len(),
            },
        }
    }
}
