//! Tenants.

use strongroom_base::TenantId;
use strongroom_identity::{Tenant, TenantCommand, TenantEvent, TenantFacts, TenantMachine};
use strongroom_ledger::AggregateId;

use super::verdict;
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::tenant_id;
use crate::driver::{Reader, Request};

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
            TenantCommand::ConfirmFounded => None,
        }
    }
}

fn target(id: TenantId) -> String {
    format!("/tenants/{id}")
}
