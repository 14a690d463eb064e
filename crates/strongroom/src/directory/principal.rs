//! Principals.

use strongroom_base::{PrincipalId, TenantId};
use strongroom_identity::{
    NameUse, Principal, PrincipalCommand, PrincipalEvent, PrincipalFacts, PrincipalLife,
    PrincipalMachine, SchemaV1, principal_name_key,
};
use strongroom_ledger::AggregateId;

use super::{Site, verdict};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::{index, principal_id};
use crate::driver::{Reader, Request};

/// Something asked of a principal.
pub(crate) struct PrincipalRequest<'a> {
    pub(crate) principal: PrincipalId,
    pub(crate) command: PrincipalCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    facts: PrincipalFacts,
    home: Option<Site>,
}

impl Request for PrincipalRequest<'_> {
    type Machine = PrincipalMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        principal_id(self.principal)
    }

    fn command(&self) -> &PrincipalCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&Principal>,
    ) -> Result<Gathered, Error> {
        let home = match self.home(state) {
            Some(tenant) => Some(reader.tenant_site(tenant).await?),
            None => None,
        };
        let authority = match self.command.requires() {
            None => Ok(()),
            Some(action) => {
                let who = reader.who(self.caller.principal).await?;
                verdict(home.as_ref(), &who, &[action])
            }
        };
        let taken = match self.name_key() {
            Some(key) => {
                reader
                    .is_taken(index::PRINCIPAL_NAME, &key, Some(&self.id()?))
                    .await?
            }
            None => false,
        };
        let name = if taken { NameUse::Taken } else { NameUse::Free };
        Ok(Gathered {
            facts: PrincipalFacts { authority, name },
            home,
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> PrincipalFacts {
        gathered.facts.clone()
    }

    fn happened(
        &self,
        event: &PrincipalEvent,
        gathered: &Gathered,
        _subject: &Principal,
    ) -> Vec<Happened> {
        let operation = match event {
            PrincipalEvent::Registered(_) => Operation::PrincipalCreate,
            PrincipalEvent::Disabled => Operation::PrincipalDisable,
            PrincipalEvent::Enabled => Operation::PrincipalEnable,
            PrincipalEvent::Deleted { .. } => Operation::PrincipalDelete,
        };
        vec![self.record(operation, gathered)]
    }

    fn attempted(&self, gathered: &Gathered, _state: Option<&Principal>) -> Option<Happened> {
        self.command.requires()?;
        let operation = match self.command {
            PrincipalCommand::Register { .. } => Operation::PrincipalCreate,
            PrincipalCommand::Disable => Operation::PrincipalDisable,
            PrincipalCommand::Enable => Operation::PrincipalEnable,
            PrincipalCommand::Delete { .. } | PrincipalCommand::Retire { .. } => {
                Operation::PrincipalDelete
            }
        };
        Some(self.record(operation, gathered))
    }
}

impl PrincipalRequest<'_> {
    fn home(&self, state: Option<&Principal>) -> Option<TenantId> {
        match (&self.command, state) {
            (PrincipalCommand::Register { home, .. }, _) => Some(*home),
            (_, Some(principal)) => Some(principal.home),
            (_, None) => None,
        }
    }

    /// The key that the name would take.
    fn name_key(&self) -> Option<String> {
        let PrincipalCommand::Register {
            id,
            kind,
            home,
            name,
        } = &self.command
        else {
            return None;
        };
        principal_name_key(&Principal {
            v: SchemaV1::default(),
            id: *id,
            kind: *kind,
            home: *home,
            name: name.clone(),
            life: PrincipalLife::Enabled,
        })
    }

    fn record(&self, operation: Operation, gathered: &Gathered) -> Happened {
        let target = format!("/principals/{}", self.principal);
        Happened::new(operation, target).at(gathered.home.as_ref(), &gathered.facts.authority)
    }
}
