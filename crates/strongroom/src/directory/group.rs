//! Resource groups.

use strongroom_identity::{
    GroupCommand, GroupEvent, GroupFacts, GroupMachine, GroupUid, NameUse, Present, ResourceGroup,
    Subscription, Verdict, group_name_key,
};
use strongroom_ledger::AggregateId;

use super::{Site, crossing};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::{group_id, index};
use crate::driver::{Reader, Request};

/// Something asked of a resource group.
pub(crate) struct GroupRequest<'a> {
    pub(crate) group: GroupUid,
    pub(crate) command: GroupCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    authority: Verdict,
    /// Where the group is; for a creation, where it is to be.
    here: Option<Site>,
    /// The subscription that the command names, and its name for a group there.
    target: Option<Subscription>,
    name: NameUse,
}

impl Request for GroupRequest<'_> {
    type Machine = GroupMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        group_id(self.group)
    }

    fn command(&self) -> &GroupCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&ResourceGroup>,
    ) -> Result<Gathered, Error> {
        let (GroupCommand::Create { subscription, .. } | GroupCommand::Move { subscription }) =
            &self.command;
        let there = reader.subscription_site(*subscription).await?;
        let here = match &self.command {
            GroupCommand::Create { .. } => there.clone(),
            GroupCommand::Move { .. } => reader.group_site(self.group).await?,
        };
        let crossing = crossing(here.as_ref(), there.as_ref());
        let goes = self.command.requires_there();
        let authority = reader
            .authority(
                self.caller.principal,
                (here.as_ref(), self.command.requires(crossing)),
                goes.map(|(_, action)| (there.as_ref(), action)),
            )
            .await?;
        let name = match (&self.command, state) {
            (GroupCommand::Create { name, .. }, _) => Some(name),
            (GroupCommand::Move { .. }, Some(group)) => Some(&group.name),
            (GroupCommand::Move { .. }, None) => None,
        };
        let taken = match name {
            Some(name) => {
                let key = group_name_key(*subscription, name);
                reader
                    .is_taken(index::GROUP_NAME, &key, Some(&self.id()?))
                    .await?
            }
            None => false,
        };
        Ok(Gathered {
            authority,
            here,
            target: there.and_then(|site| site.subscription().cloned()),
            name: if taken { NameUse::Taken } else { NameUse::Free },
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> GroupFacts<'a> {
        let present = gathered.here.as_ref().and_then(Site::subscription);
        let present = match (&self.command, present) {
            (GroupCommand::Move { .. }, Some(here)) => Present::In(here),
            (GroupCommand::Create { .. }, _) | (_, None) => Present::Nowhere,
        };
        GroupFacts {
            authority: gathered.authority.clone(),
            target: gathered
                .target
                .as_ref()
                .map_or(Present::Nowhere, Present::In),
            name: gathered.name,
            present,
        }
    }

    fn happened(
        &self,
        event: &GroupEvent,
        gathered: &Gathered,
        subject: &ResourceGroup,
    ) -> Vec<Happened> {
        let operation = match event {
            GroupEvent::Created(_) => Operation::GroupCreate,
            GroupEvent::Moved { .. } => Operation::GroupMove,
        };
        vec![self.record(operation, gathered, Some(subject))]
    }

    fn attempted(&self, gathered: &Gathered, state: Option<&ResourceGroup>) -> Option<Happened> {
        let operation = match self.command {
            GroupCommand::Create { .. } => Operation::GroupCreate,
            GroupCommand::Move { .. } => Operation::GroupMove,
        };
        Some(self.record(operation, gathered, state))
    }
}

impl GroupRequest<'_> {
    fn record(
        &self,
        operation: Operation,
        gathered: &Gathered,
        group: Option<&ResourceGroup>,
    ) -> Happened {
        let target = match (group, &self.command) {
            (Some(group), _) => format!(
                "/subscriptions/{}/resourceGroups/{}",
                group.subscription, group.name
            ),
            (
                None,
                GroupCommand::Create {
                    subscription, name, ..
                },
            ) => {
                format!("/subscriptions/{subscription}/resourceGroups/{name}")
            }
            (None, GroupCommand::Move { .. }) => format!("group/{}", self.group),
        };
        Happened::new(operation, target).at(gathered.here.as_ref(), &gathered.authority)
    }
}
