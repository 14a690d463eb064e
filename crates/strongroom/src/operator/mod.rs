//! Whoever manages an installation: a principal, the group that it works in, and what it may ask.

mod directory;
mod resources;
mod vaults;

use std::net::IpAddr;
use std::sync::Arc;

use strongroom_base::{CorrelationId, Machine, PrincipalId, TenantId};
use strongroom_identity::{Caller as Who, Denied, GroupUid, Standing};

pub use self::directory::{
    GroupView, NewPrincipal, PrincipalView, RoleAssignmentView, SubscriptionView, TenantView,
};
pub use self::vaults::{KeyCensus, NewKey, NewVault, VersionInUse};
use crate::Error;
use crate::audit::Caller;
use crate::driver::{Assertions, Kept, Reader, Request};
use crate::resource::Control;

/// A principal at work in a resource group. Whatever it asks is judged by its rights, and recorded in
/// its name.
#[derive(Clone, Debug)]
pub struct Operator {
    pub(crate) core: Arc<Control>,
    pub(crate) caller: Caller,
    pub(crate) group: GroupUid,
    /// Where it calls from, as a vault's firewall sees it.
    pub(crate) address: IpAddr,
}

impl Operator {
    /// The principal's object id.
    #[must_use]
    pub fn principal(&self) -> PrincipalId {
        self.caller.principal
    }

    /// The tenant that the principal is of.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The resource group that it works in.
    #[must_use]
    pub fn group(&self) -> GroupUid {
        self.group
    }

    /// The same, at work in another group.
    #[must_use]
    pub fn in_group(&self, group: GroupUid) -> Self {
        Self {
            group,
            ..self.clone()
        }
    }

    /// The same, calling from another network address: what a vault's firewall judges.
    #[must_use]
    pub fn from_address(&self, address: IpAddr) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Another principal, in the same group.
    ///
    /// # Errors
    /// [`Denied::NotAuthenticated`] if it is not registered, or disabled.
    pub async fn acting_as(&self, principal: PrincipalId) -> Result<Self, Error> {
        let mut reader = Reader::new(&self.core.records);
        match reader.who(principal).await? {
            Who::Known {
                home,
                standing: Standing::Enabled,
                ..
            } => Ok(Self {
                caller: Caller {
                    tenant: home,
                    principal,
                    source: self.caller.source.clone(),
                    correlation: CorrelationId::from_bytes(self.core.records.random_id()?),
                },
                ..self.clone()
            }),
            Who::Known { .. } | Who::Unknown { .. } => {
                Err(Denied::NotAuthenticated { principal }.into())
            }
        }
    }

    /// Asks something in the principal's name.
    async fn drive<R: Request>(
        &self,
        request: &R,
    ) -> Result<Option<<R::Machine as Kept>::Stored>, Error>
    where
        Error: From<<R::Machine as Machine>::Refusal>,
    {
        let records = &self.core.records;
        records
            .drive(request, Assertions::default(), &self.caller)
            .await
    }
}
