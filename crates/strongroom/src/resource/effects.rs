//! What a resource's state owes the outside, carried out.

use strongroom_base::{Machine as _, ResourceUid};
use strongroom_crypto::ServiceKeyId;
use strongroom_resource::{Refusal, Resource, ResourceAction, ResourceEffect, ResourceMachine};

use super::Control;
use super::change::KeyChangeWork;
use crate::Error;
use crate::audit::Caller;
use crate::driver::kept::resource_id;
use crate::store::Place;

impl Control {
    /// Does what the state of `uid` owes the outside.
    ///
    /// Fails with [`Error::HeldElsewhere`] if another process is at it, or was until it was cut off.
    pub(crate) async fn settle_resource(
        &self,
        uid: ResourceUid,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = resource_id(uid)?;
        let state = self.records.load::<Resource>(&id).await?.state;
        if ResourceMachine::effects(&state, self.records.now()).is_empty() {
            return Ok(());
        }
        self.records
            .under_claim(&id, async |claim| {
                let work = KeyChangeWork {
                    core: self,
                    uid,
                    claim: &claim,
                    caller,
                };
                work.settle().await
            })
            .await
    }
}

impl KeyChangeWork<'_> {
    /// Carries out whatever is owed, until nothing is.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        loop {
            let id = resource_id(self.uid)?;
            let Some(resource) = self.core.records.load::<Resource>(&id).await?.state else {
                return Ok(());
            };
            let state = Some(resource);
            let owed = ResourceMachine::effects(&state, self.core.records.now());
            let (Some(effect), Some(resource)) = (owed.into_iter().next(), state) else {
                return Ok(());
            };
            self.carry_out(effect, &resource).await?;
        }
    }

    /// The same, where what cannot be done now may stay owed.
    pub(super) async fn settle_or_owe(&self) {
        if let Err(error) = self.settle().await {
            let uid = self.uid;
            tracing::warn!(%uid, %error, "a resource still owes something; it is done later");
        }
    }

    async fn carry_out(&self, effect: ResourceEffect, resource: &Resource) -> Result<(), Error> {
        match effect {
            ResourceEffect::SettleDirectory => self.answer(ResourceAction::SettleDirectory).await,
            ResourceEffect::GoOn { op } => match &resource.change {
                Some(change) if change.op == op => self.go_on(change).await,
                Some(_) | None => Ok(()),
            },
            ResourceEffect::EraseServiceKey { key } => {
                self.erase(key).await?;
                self.answer(ResourceAction::ServiceKeyErased { key }).await
            }
            ResourceEffect::Destroy { uid, keys } => {
                for key in keys {
                    self.erase(key).await?;
                }
                let place = Place::new(uid, resource.binding);
                self.core.data.delete_below(place.all()).await?;
                self.answer(ResourceAction::Forget).await
            }
        }
    }

    async fn erase(&self, key: ServiceKeyId) -> Result<(), Error> {
        self.core.keys.service_keys.erase(&key.to_string()).await?;
        Ok(())
    }

    /// Tells the resource that it is done; somebody else may have told it already.
    async fn answer(&self, action: ResourceAction) -> Result<(), Error> {
        match self.ask(action).await {
            Ok(()) | Err(Error::Refused(Refusal::NoOp)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
