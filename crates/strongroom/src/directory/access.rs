//! Role assignments: the access list of a scope.

use strongroom_identity::{
    AccessCommand, AccessEvent, AccessFacts, AccessList, AccessMachine, AccessRefusal, Scope,
    Tenancy,
};
use strongroom_ledger::AggregateId;
use strongroom_resource::ResourceMachine;
use strongroom_vault::vault::VaultMachine;

use super::{Site, verdict};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::{access_id, resource_id, vault_id};
use crate::driver::{Batch, Reader, Request};

/// Something asked of the access list of a scope.
pub(crate) struct AccessRequest<'a> {
    pub(crate) scope: Scope,
    pub(crate) command: AccessCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    facts: AccessFacts,
    site: Option<Site>,
}

impl Request for AccessRequest<'_> {
    type Machine = AccessMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        access_id(&self.scope)
    }

    fn command(&self) -> &AccessCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        _state: Option<&AccessList>,
    ) -> Result<Gathered, Error> {
        let site = reader.site_of(&self.scope).await?;
        let authority = match self.command.requires() {
            None => Ok(()),
            Some(action) => {
                let who = reader.who(self.caller.principal).await?;
                verdict(site.as_ref(), &who, &[action])
            }
        };
        let named = match &self.command {
            AccessCommand::Assign { principal, .. } | AccessCommand::Remove { principal, .. } => {
                *principal
            }
            AccessCommand::Found { administrator, .. } => *administrator,
            AccessCommand::Clear => self.caller.principal,
        };
        let assignee = reader.who(named).await?;
        let (tenant, tenancy) = match &site {
            Some(site) => (site.tenant(), site.chain().tenancy()),
            // The scope is gone, or was never there: the verdict says so, or all of it is cleared.
            None => (self.caller.tenant, Tenancy::default()),
        };
        Ok(Gathered {
            facts: AccessFacts {
                authority,
                scope: self.scope,
                tenant,
                tenancy,
                assignee,
            },
            site,
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> AccessFacts {
        gathered.facts.clone()
    }

    fn happened(
        &self,
        event: &AccessEvent,
        gathered: &Gathered,
        _subject: &AccessList,
    ) -> Vec<Happened> {
        match event {
            AccessEvent::Assigned {
                principal, role, ..
            } => {
                let what = format!("{role} to {principal}");
                vec![self.record(Operation::RoleAssign, &what, gathered)]
            }
            AccessEvent::Removed { principal, role } => {
                let what = format!("{role} from {principal}");
                vec![self.record(Operation::RoleRemove, &what, gathered)]
            }
            // Void since a move: the move has its record.
            AccessEvent::Dropped { .. } | AccessEvent::Cleared => Vec::new(),
        }
    }

    fn attempted(&self, gathered: &Gathered, _state: Option<&AccessList>) -> Option<Happened> {
        match &self.command {
            AccessCommand::Assign {
                principal, role, ..
            } => {
                let what = format!("{role} to {principal}");
                Some(self.record(Operation::RoleAssign, &what, gathered))
            }
            AccessCommand::Remove { principal, role } => {
                let what = format!("{role} from {principal}");
                Some(self.record(Operation::RoleRemove, &what, gathered))
            }
            AccessCommand::Found { .. } | AccessCommand::Clear => None,
        }
    }
}

impl AccessRequest<'_> {
    fn record(&self, operation: Operation, what: &str, gathered: &Gathered) -> Happened {
        Happened::new(operation, format!("{}: {what}", self.scope))
            .at(gathered.site.as_ref(), &gathered.facts.authority)
    }
}

/// Nothing is held at what goes with the same commit.
pub(crate) async fn clear_access(
    batch: &mut Batch<'_>,
    scope: Scope,
    caller: &Caller,
) -> Result<(), Error> {
    let clear = AccessRequest {
        scope,
        command: AccessCommand::Clear,
        caller,
    };
    let nothing_to_do = |refusal: &AccessRefusal| matches!(refusal, AccessRefusal::NoOp);
    batch.also(&clear, nothing_to_do).await
}

impl Reader<'_> {
    /// Any scope; none, if it is not there.
    pub(crate) async fn site_of(&mut self, scope: &Scope) -> Result<Option<Site>, Error> {
        match scope {
            Scope::Tenant(tenant) => Ok(Some(self.tenant_site(*tenant).await?)),
            Scope::Subscription(id) => self.subscription_site(*id).await,
            Scope::Group(uid) => self.group_site(*uid).await,
            Scope::Resource(uid) => {
                let id = resource_id(*uid)?;
                let Some(resource) = self.load::<ResourceMachine>(&id).await? else {
                    return Ok(None);
                };
                let Some(group) = self.group_site(resource.group).await? else {
                    return Ok(None);
                };
                let site = self.resource_site(group, *uid, resource.descent).await?;
                Ok(Some(site))
            }
            Scope::Vault(uid) => {
                let Some(name) = self.core().vault_name(*uid).await? else {
                    return Ok(None);
                };
                let Some(vault) = self.load::<VaultMachine>(&vault_id(&name)?).await? else {
                    return Ok(None);
                };
                if vault.uid != *uid {
                    return Ok(None);
                }
                self.site_of_vault(&vault).await
            }
        }
    }
}
