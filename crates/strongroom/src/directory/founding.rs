//! The first tenant of an installation: nobody is there yet whose authority it could rest on.

use strongroom_base::{PrincipalId, TenantId, Timestamp};
use strongroom_identity::{
    DisplayName, NameUse, Principal, PrincipalCommand, PrincipalEvent, PrincipalFacts,
    PrincipalKind, PrincipalMachine, Tenant, TenantCommand, TenantEvent, TenantFacts,
    TenantMachine, TenantRefusal,
};
use strongroom_ledger::AggregateId;

use super::TenantRequest;
use super::tenant::first_owner;
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::Core;
use crate::driver::kept::{principal_id, tenant_id};
use crate::driver::{Assertions, Batch, Reader, Request};

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
        let own = &self.own_caller(first.tenant)?;
        let command = TenantCommand::Create {
            id: first.tenant,
            name: first.name.clone(),
            administrator: first.administrator,
            at: first.at,
        };
        let founding = Founding {
            first,
            command,
            own,
        };
        self.drive(&founding, Assertions::default(), own).await?;
        Ok(())
    }

    /// The root of a tenant gets the first owner that an earlier version still owed it.
    pub(crate) async fn settle_tenant(&self, tenant: TenantId) -> Result<(), Error> {
        let caller = self.own_caller(tenant)?;
        let request = TenantRequest {
            tenant,
            command: TenantCommand::AssignFirstOwner,
            caller: &caller,
        };
        match self.drive(&request, Assertions::default(), &caller).await {
            Ok(_) | Err(Error::Tenant(TenantRefusal::NoOp)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// What Strongroom asks while it makes an installation: nobody's authority is asked.
struct Founding<'a> {
    first: &'a FirstTenant,
    command: TenantCommand,
    own: &'a Caller,
}

impl Founding<'_> {
    fn record(&self) -> Happened {
        let target = format!("/tenants/{}", self.first.tenant);
        Happened::new(Operation::TenantCreate, target)
    }
}

impl Request for Founding<'_> {
    type Machine = TenantMachine;
    type Gathered = ();

    fn id(&self) -> Result<AggregateId, Error> {
        tenant_id(self.first.tenant)
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

    async fn follow_up(
        &self,
        batch: &mut Batch<'_>,
        _: Option<&Tenant>,
        _: Option<&Tenant>,
    ) -> Result<(), Error> {
        let FirstTenant {
            tenant,
            administrator,
            at,
            name: _,
        } = *self.first;
        let registered = Administrator {
            id: administrator,
            command: PrincipalCommand::Register {
                id: administrator,
                kind: PrincipalKind::User,
                home: tenant,
                name: "administrator".parse()?,
            },
        };
        batch.also(&registered, |_| false).await?;
        first_owner(batch, tenant, administrator, at, self.own).await
    }
}

/// The registration of the first administrator.
struct Administrator {
    id: PrincipalId,
    command: PrincipalCommand,
}

impl Administrator {
    fn record(&self) -> Happened {
        Happened::new(
            Operation::PrincipalCreate,
            format!("/principals/{}", self.id),
        )
    }
}

impl Request for Administrator {
    type Machine = PrincipalMachine;
    type Gathered = ();

    fn id(&self) -> Result<AggregateId, Error> {
        principal_id(self.id)
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
