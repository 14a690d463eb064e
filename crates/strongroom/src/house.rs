//! What time makes due and what was cut off, over everything that an installation keeps.

use strongroom_base::Machine as _;
use strongroom_base::{CorrelationId, TenantId};
use strongroom_identity::{
    AccessCommand, AccessRefusal, Scope, Tenant, TenantCommand, TenantEffect, TenantMachine,
    TenantRefusal,
};
use strongroom_ledger::AggregateId;
use strongroom_resource::{Resource, ResourceAction, ResourceMachine};
use strongroom_vault::key::{Key, KeyAction, KeyMachine};
use strongroom_vault::vault::{Vault, VaultAction, VaultMachine};

use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::directory::{AccessRequest, TenantRequest};
use crate::driver::kept::{tenant_id, vault_id};
use crate::driver::{Assertions, Due, Kept, Reader};
use crate::vaults::own_asker;

impl Core {
    /// Strongroom itself as a caller, on the audit of `tenant`.
    pub(crate) fn own_caller(&self, tenant: TenantId) -> Result<Caller, Error> {
        Ok(Caller {
            tenant,
            principal: self.own_principal,
            source: "strongroom".to_owned(),
            correlation: CorrelationId::from_bytes(self.random_id()?),
        })
    }

    /// Goes on with what was cut off, and with what time has made due.
    ///
    /// What cannot be done for one aggregate stays owing and is logged; it does not keep the others
    /// waiting.
    pub(crate) async fn resume(&self) -> Result<(), Error> {
        self.sweep_announced_keys().await?;
        let Due { woken, owing } = self.due().await?;
        for id in woken {
            log(&id, self.wake(&id).await);
        }
        for id in owing {
            log(&id, self.settle(&id).await);
        }
        self.follow_keys().await
    }

    /// The time of an aggregate has come.
    async fn wake(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let uid = id.id().parse()?;
                let caller = self.caller_for_resource(id).await?;
                let end = ResourceAction::EndRetention;
                self.ask(uid, end, Assertions::default(), &caller).await?;
                self.settle_resource(uid, &caller).await
            }
            VaultMachine::KIND => {
                let vault = id.id().parse()?;
                let caller = self.caller_for_vault(id).await?;
                let end = VaultAction::EndRetention;
                self.ask_vault(&vault, end, Assertions::default(), &caller)
                    .await?;
                self.settle_vault(&vault, &caller).await
            }
            KeyMachine::KIND => {
                let Some(key) = self.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                let named = (&key.vault, &key.name);
                let (end, asker) = (KeyAction::EndRetention, own_asker(&caller));
                match self
                    .ask_key(named, end, Assertions::default(), &asker, &caller)
                    .await
                {
                    // It was its rotation that was due: that is owed, and done below.
                    Ok(_) | Err(Error::Key(_)) => {}
                    Err(error) => return Err(error),
                }
                self.settle_key(&key.vault, &key.name, &caller).await
            }
            _ => Ok(()),
        }
    }

    /// An aggregate owes something.
    async fn settle(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let caller = self.caller_for_resource(id).await?;
                self.settle_resource(id.id().parse()?, &caller).await
            }
            VaultMachine::KIND => {
                let caller = self.caller_for_vault(id).await?;
                self.settle_vault(&id.id().parse()?, &caller).await
            }
            KeyMachine::KIND => {
                let Some(key) = self.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                self.settle_key(&key.vault, &key.name, &caller).await
            }
            TenantMachine::KIND => self.settle_tenant(id.id().parse()?).await,
            _ => Ok(()),
        }
    }

    /// The root of a new tenant gets its first owner.
    pub(crate) async fn settle_tenant(&self, tenant: TenantId) -> Result<(), Error> {
        let caller = self.own_caller(tenant)?;
        let state = self.load::<Tenant>(&tenant_id(tenant)?).await?.state;
        for effect in TenantMachine::effects(&state, self.now()) {
            let TenantEffect::AssignOwner {
                tenant,
                administrator,
                since,
            } = effect;
            let found = AccessRequest {
                scope: Scope::Tenant(tenant),
                command: AccessCommand::Found {
                    administrator,
                    at: since,
                },
                caller: &caller,
            };
            match self.drive(&found, Assertions::default(), &caller).await {
                Ok(_) | Err(Error::Access(AccessRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
            let confirm = TenantRequest {
                tenant,
                command: TenantCommand::ConfirmFounded,
                caller: &caller,
            };
            match self.drive(&confirm, Assertions::default(), &caller).await {
                Ok(_) | Err(Error::Tenant(TenantRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) async fn caller_for_resource(&self, id: &AggregateId) -> Result<Caller, Error> {
        let mut reader = Reader::new(self);
        let tenant = match reader.load::<ResourceMachine>(id).await? {
            Some(resource) => self.tenant_of(&mut reader, &resource).await?,
            None => None,
        };
        self.own_caller(tenant.unwrap_or(self.first_tenant))
    }

    async fn tenant_of(
        &self,
        reader: &mut Reader<'_>,
        resource: &Resource,
    ) -> Result<Option<TenantId>, Error> {
        let site = reader.group_site(resource.group).await?;
        Ok(site.map(|site| site.tenant()))
    }

    async fn caller_for_vault(&self, id: &AggregateId) -> Result<Caller, Error> {
        let vault = self.load::<Vault>(id).await?.state;
        self.own_caller(vault.map_or(self.first_tenant, |vault| vault.tenant))
    }
}

fn log(id: &AggregateId, done: Result<(), Error>) {
    use strongroom_base::{Outcome as _, OutcomeKind};

    match done {
        Ok(()) | Err(Error::HeldElsewhere { .. }) => {}
        // Another process was faster, or it was undone meanwhile.
        Err(error) if error.kind() == OutcomeKind::Refused => {}
        Err(error) => tracing::error!(%id, %error, "something is still owed"),
    }
}
