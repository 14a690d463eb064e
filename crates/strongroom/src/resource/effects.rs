//! What a resource's state owes the outside, carried out.

use futures::StreamExt;
use object_store::ObjectStore;
use strongroom_base::{Machine as _, ResourceUid};
use strongroom_crypto::ServiceKeyId;
use strongroom_identity::{
    AccessCommand, AccessRefusal, DisplayName, PrincipalCommand, PrincipalKind, PrincipalRefusal,
    Scope,
};
use strongroom_resource::{Refusal, Resource, ResourceAction, ResourceEffect, ResourceMachine};

use super::change::KeyChangeWork;
use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::directory::{AccessRequest, PrincipalRequest};
use crate::driver::Assertions;
use crate::driver::kept::resource_id;
use crate::store::Place;

impl Core {
    /// Does what the state of `uid` owes the outside.
    ///
    /// Fails with [`Error::HeldElsewhere`] if another process is at it, or was until it was cut off.
    pub(crate) async fn settle_resource(
        &self,
        uid: ResourceUid,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = resource_id(uid)?;
        let state = self.load::<Resource>(&id).await?.state;
        if ResourceMachine::effects(&state, self.now()).is_empty() {
            return Ok(());
        }
        self.under_claim(&id, async |claim| {
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

    /// Removes everything in the inner store below `prefix`. What is gone already is no error.
    pub(crate) async fn delete_below(
        &self,
        prefix: &object_store::path::Path,
    ) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            // Whatever lies there goes, not only what a listing can name.
            return Ok(folder.remove_all(prefix).await?);
        }
        let found = self
            .objects
            .list(Some(prefix))
            .map(|entry| entry.map(|meta| meta.location));
        let mut deleted = self.objects.delete_stream(found.boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl KeyChangeWork<'_> {
    /// Carries out whatever is owed, until nothing is.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        loop {
            let id = resource_id(self.uid)?;
            let Some(resource) = self.core.load::<Resource>(&id).await?.state else {
                return Ok(());
            };
            let state = Some(resource);
            let owed = ResourceMachine::effects(&state, self.core.now());
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

    /// What the directory owes: the identity's principal is there before it is asked for.
    pub(super) async fn settle_directory(&self, resource: &Resource) -> Result<(), Error> {
        for effect in ResourceMachine::effects(&Some(resource.clone()), self.core.now()) {
            if let ResourceEffect::RegisterPrincipal { .. } = effect {
                self.carry_out(effect, resource).await?;
            }
        }
        Ok(())
    }

    async fn carry_out(&self, effect: ResourceEffect, resource: &Resource) -> Result<(), Error> {
        match effect {
            ResourceEffect::RegisterPrincipal {
                principal,
                home,
                of,
                name,
            } => {
                let command = PrincipalCommand::Register {
                    id: principal,
                    kind: PrincipalKind::ManagedIdentity { of },
                    home,
                    name: name.as_str().parse::<DisplayName>()?,
                };
                match self.directory(principal, command).await {
                    Ok(()) | Err(Error::Principal(PrincipalRefusal::NoOp)) => {}
                    Err(error) => return Err(error),
                }
                self.answer(ResourceAction::Registered { principal }).await
            }
            ResourceEffect::RetirePrincipal { principal } => {
                let command = PrincipalCommand::Retire {
                    at: self.core.now(),
                };
                match self.directory(principal, command).await {
                    // It was given up before it was ever registered.
                    Ok(())
                    | Err(Error::Principal(PrincipalRefusal::NoOp | PrincipalRefusal::NotFound)) => {
                    }
                    Err(error) => return Err(error),
                }
                self.answer(ResourceAction::Retired { principal }).await
            }
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
                self.core.delete_below(place.all()).await?;
                self.clear_access(Scope::Resource(uid)).await?;
                self.answer(ResourceAction::Forget).await
            }
        }
    }

    async fn erase(&self, key: ServiceKeyId) -> Result<(), Error> {
        self.core.service_keys.erase(&key.to_string()).await?;
        Ok(())
    }

    async fn directory(
        &self,
        principal: strongroom_base::PrincipalId,
        command: PrincipalCommand,
    ) -> Result<(), Error> {
        let request = PrincipalRequest {
            principal,
            command,
            caller: self.caller,
        };
        let holding = Assertions::holding(self.claim);
        self.core.drive(&request, holding, self.caller).await?;
        Ok(())
    }

    async fn clear_access(&self, scope: Scope) -> Result<(), Error> {
        self.core
            .clear_access(scope, Assertions::holding(self.claim), self.caller)
            .await
    }

    /// Tells the resource that it is done; somebody else may have told it already.
    async fn answer(&self, action: ResourceAction) -> Result<(), Error> {
        match self.ask(action).await {
            Ok(()) | Err(Error::Refused(Refusal::NoOp)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Core {
    /// Nothing is held at what is gone.
    pub(crate) async fn clear_access(
        &self,
        scope: Scope,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<(), Error> {
        let request = AccessRequest {
            scope,
            command: AccessCommand::Clear,
            caller,
        };
        match self.drive(&request, assertions, caller).await {
            Ok(_) | Err(Error::Access(AccessRefusal::NoOp)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
