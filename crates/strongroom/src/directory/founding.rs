//! The first tenant of an installation: nobody is there yet whose authority it could rest on.

use strongroom_base::{PrincipalId, TenantId, Timestamp};
use strongroom_identity::{
    DisplayName, NameUse, Principal, PrincipalCommand, PrincipalEvent, PrincipalFacts,
    PrincipalKind, PrincipalMachine, Tenant, TenantCommand, TenantEvent, TenantFacts,
    TenantMachine,
};
use strongroom_ledger::AggregateId;

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
