//! The first tenant of an installation: nobody is there yet whose authority it could rest on.

use strongroom_base::{Machine as _, PrincipalId, TenantId, Timestamp};
use strongroom_identity::{
    AccessCommand, AccessRefusal, DisplayName, NameUse, Principal, PrincipalCommand,
    PrincipalEvent, PrincipalFacts, PrincipalKind, PrincipalMachine, Scope, Tenant, TenantCommand,
    TenantEffect, TenantEvent, TenantFacts, TenantMachine, TenantRefusal,
};
use strongroom_ledger::AggregateId;

use super::{AccessRequest, TenantRequest};
use crate::Error;
use crate::audit::{Happened, Operation};
use crate::core::Core;
use crate::driver::kept::{principal_id, tenant_id};
use crate::driver::{Assertions, Reader, Request};

/// The tenant that an installation begins with, and its administrator.
pub(crate) struct FirstTenant {
    pub(crate) tenant: TenantId,
    pub(crate) name: DisplayName,
    pub(crate) administrator: PrincipalId,
    pub(crate) at: Timestamp,
}

impl Core {
    /// Makes the first tenant, its administrator, and the administrator its owner.
    pub(crate) async fn found(&self, first: &FirstTenant) -> Result<(), Error> {
        let own = self.own_caller(first.tenant)?;
        let tenant = Unasked {
            id: tenant_id(first.tenant)?,
            command: TenantCommand::Create {
                id: first.tenant,
                name: first.name.clone(),
                administrator: first.administrator,
                at: first.at,
            },
            operation: Operation::TenantCreate,
            target: format!("/tenants/{}", first.tenant),
        };
        self.drive(&tenant, Assertions::default(), &own).await?;
        let administrator = Unasked {
            id: principal_id(first.administrator)?,
            command: PrincipalCommand::Register {
                id: first.administrator,
                kind: PrincipalKind::User,
                home: first.tenant,
                name: "administrator".parse()?,
            },
            operation: Operation::PrincipalCreate,
            target: format!("/principals/{}", first.administrator),
        };
        self.drive(&administrator, Assertions::default(), &own)
            .await?;
        self.settle_tenant(first.tenant).await
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
}

/// A command that Strongroom gives while it makes an installation: nobody's authority is asked.
struct Unasked<C> {
    id: AggregateId,
    command: C,
    operation: Operation,
    target: String,
}

impl<C> Unasked<C> {
    fn record(&self) -> Happened {
        Happened::new(self.operation, self.target.clone())
    }
}

impl Request for Unasked<TenantCommand> {
    type Machine = TenantMachine;
    type Gathered = ();

    fn id(&self) -> Result<AggregateId, Error> {
        Ok(self.id.clone())
    }

    fn command(&self) -> &TenantCommand {
        &self.command
    }

    async fn gather(&self, _: &mut Reader<'_>, _: Option<&Tenant>) -> Result<(), Error> {
        Ok(())
    }

    fn facts<'a>(&'a self, (): &'a ()) -> TenantFacts {
        TenantFacts { authority: Ok(()) }
    }

    fn happened(&self, _: &TenantEvent, (): &(), _: &Tenant) -> Vec<Happened> {
        vec![self.record()]
    }

    fn attempted(&self, (): &(), _: Option<&Tenant>) -> Option<Happened> {
        Some(self.record())
    }
}

impl Request for Unasked<PrincipalCommand> {
    type Machine = PrincipalMachine;
    type Gathered = ();

    fn id(&self) -> Result<AggregateId, Error> {
        Ok(self.id.clone())
    }

    fn command(&self) -> &PrincipalCommand {
        &self.command
    }

    async fn gather(&self, _: &mut Reader<'_>, _: Option<&Principal>) -> Result<(), Error> {
        Ok(())
    }

    fn facts<'a>(&'a self, (): &'a ()) -> PrincipalFacts {
        PrincipalFacts {
            authority: Ok(()),
            name: NameUse::Free,
        }
    }

    fn happened(&self, _: &PrincipalEvent, (): &(), _: &Principal) -> Vec<Happened> {
        vec![self.record()]
    }

    fn attempted(&self, (): &(), _: Option<&Principal>) -> Option<Happened> {
        Some(self.record())
    }
}
