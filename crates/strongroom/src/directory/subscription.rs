//! Subscriptions.

use strongroom_base::SubscriptionId;
use strongroom_identity::{
    Subscription, SubscriptionCommand, SubscriptionEvent, SubscriptionFacts, SubscriptionMachine,
};
use strongroom_ledger::AggregateId;

use super::{Site, verdict};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::driver::kept::subscription_id;
use crate::driver::{Reader, Request};

/// Something asked of a subscription.
pub(crate) struct SubscriptionRequest<'a> {
    pub(crate) subscription: SubscriptionId,
    pub(crate) command: SubscriptionCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    facts: SubscriptionFacts,
    site: Option<Site>,
}

impl Request for SubscriptionRequest<'_> {
    type Machine = SubscriptionMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        subscription_id(self.subscription)
    }

    fn command(&self) -> &SubscriptionCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        _state: Option<&Subscription>,
    ) -> Result<Gathered, Error> {
        let who = reader.who(self.caller.principal).await?;
        let here = match &self.command {
            SubscriptionCommand::Create { tenant, .. } => Some(reader.tenant_site(*tenant).await?),
            _ => reader.subscription_site(self.subscription).await?,
        };
        let mut authority = verdict(here.as_ref(), &who, &[self.command.requires()]);
        if let (Ok(()), Some((tenant, action))) = (&authority, self.command.requires_there()) {
            let there = reader.tenant_site(tenant).await?;
            authority = verdict(Some(&there), &who, &[action]);
        }
        Ok(Gathered {
            facts: SubscriptionFacts { authority },
            site: here,
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> SubscriptionFacts {
        gathered.facts.clone()
    }

    fn happened(
        &self,
        event: &SubscriptionEvent,
        gathered: &Gathered,
        _subject: &Subscription,
    ) -> Vec<Happened> {
        let operation = match event {
            SubscriptionEvent::Created(_) => Operation::SubscriptionCreate,
            SubscriptionEvent::Renamed { .. } => Operation::SubscriptionRename,
            SubscriptionEvent::Moved { .. } => Operation::SubscriptionMove,
            SubscriptionEvent::Disabled => Operation::SubscriptionDisable,
            SubscriptionEvent::Enabled => Operation::SubscriptionEnable,
        };
        vec![self.record(operation, gathered)]
    }

    fn attempted(&self, gathered: &Gathered, _state: Option<&Subscription>) -> Option<Happened> {
        let operation = match self.command {
            SubscriptionCommand::Create { .. } => Operation::SubscriptionCreate,
            SubscriptionCommand::Rename { .. } => Operation::SubscriptionRename,
            SubscriptionCommand::Move { .. } => Operation::SubscriptionMove,
            SubscriptionCommand::Disable => Operation::SubscriptionDisable,
            SubscriptionCommand::Enable => Operation::SubscriptionEnable,
        };
        Some(self.record(operation, gathered))
    }
}

impl SubscriptionRequest<'_> {
    fn record(&self, operation: Operation, gathered: &Gathered) -> Happened {
        Happened::new(operation, format!("/subscriptions/{}", self.subscription))
            .at(gathered.site.as_ref(), &gathered.facts.authority)
    }
}
