//! Who owns what: tenant, subscription, resource group, principal.
//!
//! A resource never stores its tenant: it is found by walking its parents, so that moving a
//! subscription changes one row.

use serde::{Deserialize, Serialize};
use strongroom_base::{PrincipalId, ResourceGroupName, SubscriptionId, TenantId};
use strongroom_ledger::AggregateId;

use crate::Error;

/// A resource group, by its subscription and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct GroupId {
    pub(crate) subscription: SubscriptionId,
    pub(crate) name: ResourceGroupName,
}

impl GroupId {
    /// The aggregate's id. ARM compares group names without regard to case.
    pub(crate) fn aggregate(&self) -> Result<AggregateId, Error> {
        let name = self.name.as_str().to_ascii_lowercase();
        Ok(AggregateId::new(
            "group",
            &format!("{}.{name}", self.subscription),
        )?)
    }

    /// What the index keys of everything in the group begin with.
    pub(crate) fn index_prefix(&self) -> String {
        format!(
            "{}/{}/",
            self.subscription,
            self.name.as_str().to_ascii_lowercase()
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) name: String,
    pub(crate) tenant: TenantId,
}

impl Subscription {
    pub(crate) fn aggregate(id: SubscriptionId) -> Result<AggregateId, Error> {
        Ok(AggregateId::new("subscription", &id.to_string())?)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceGroup {
    pub(crate) id: GroupId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) id: PrincipalId,
    pub(crate) name: String,
    pub(crate) tenant: TenantId,
}

impl Principal {
    pub(crate) fn aggregate(id: PrincipalId) -> Result<AggregateId, Error> {
        Ok(AggregateId::new("principal", &id.to_string())?)
    }
}
