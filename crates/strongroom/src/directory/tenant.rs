//! Tenants.

use strongroom_base::{PrincipalId, TenantId, Timestamp};
use strongroom_identity::{
    AccessCommand, AccessRefusal, Founding, Scope, Tenant, TenantCommand, TenantEvent, TenantFacts,
    TenantMachine,
};
use strongroom_ledger::AggregateId;

use super::{AccessRequest, verdict};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::tenant_id;
use crate::driver::{Batch, Reader, Request};

/// Something asked of a tenant.
pub(crate) struct TenantRequest<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) command: TenantCommand,
    pub(crate) caller: &'a Caller,
}

impl Request for TenantRequest<'_> {
    type Machine = TenantMachine;
    type Gathered = TenantFacts;

    fn id(&self) -> Result<AggregateId, Error> {
        tenant_id(self.tenant)
    }

    fn command(&self) -> &TenantCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        _state: Option<&Tenant>,
    ) -> Result<TenantFacts, Error> {
        let authority = match self.command.requires() {
            None => Ok(()),
            Some(action) => {
                let who = reader.who(self.caller.principal).await?;
                let home = reader.tenant_site(self.caller.tenant).await?;
                verdict(Some(&home), &who, &[action])
            }
        };
        Ok(TenantFacts { authority })
    }

    fn facts<'a>(&'a self, gathered: &'a TenantFacts) -> TenantFacts {
        gathered.clone()
    }

    fn happened(
        &self,
        event: &TenantEvent,
        _gathered: &TenantFacts,
        subject: &Tenant,
    ) -> Vec<Happened> {
        match event {
            TenantEvent::Created(_) => {
                vec![Happened::new(Operation::TenantCreate, target(subject.id))]
            }
            // The owner's assignment has a record of its own.
            TenantEvent::Founded => Vec::new(),
        }
    }

    fn attempted(&self, _gathered: &TenantFacts, _state: Option<&Tenant>) -> Option<Happened> {
        match self.command {
            TenantCommand::Create { .. } => {
                Some(Happened::new(Operation::TenantCreate, target(self.tenant)))
            }
            TenantCommand::AssignFirstOwner => None,
        }
    }

    async fn follow_up(
        &self,
        batch: &mut Batch<'_>,
        before: Option<&Tenant>,
        _after: Option<&Tenant>,
    ) -> Result<(), Error> {
        let (administrator, since) = match (&self.command, before) {
            (
                TenantCommand::Create {
                    administrator, at, ..
                },
                _,
            ) => (*administrator, *at),
            (TenantCommand::AssignFirstOwner, Some(tenant)) => match tenant.founding {
                Founding::Owing {
                    administrator,
                    since,
                } => (administrator, since),
                Founding::Done => return Ok(()),
            },
            (TenantCommand::AssignFirstOwner, None) => return Ok(()),
        };
        first_owner(batch, self.tenant, administrator, since, self.caller).await
    }
}

/// The administrator of a tenant is Owner at its root, in the commit that says so of the tenant.
pub(super) async fn first_owner(
    batch: &mut Batch<'_>,
    tenant: TenantId,
    administrator: PrincipalId,
    since: Timestamp,
    caller: &Caller,
) -> Result<(), Error> {
    let found = AccessRequest {
        scope: Scope::Tenant(tenant),
        command: AccessCommand::Found {
            administrator,
            at: since,
        },
        caller,
    };
    // An earlier version was cut off after the assignment.
    let nothing_to_do = |refusal: &AccessRefusal| matches!(refusal, AccessRefusal::NoOp);
    batch.also(&found, nothing_to_do).await
}

fn target(id: TenantId) -> String {
    format!("/tenants/{id}")
}
