//! Tenants: created and listed.

use strongroom_base::{Outcome as _, TenantId};
use strongroom_identity::{
    Action, Caller as Who, DisplayName, Scope, Tenant, TenantCommand, TenantMachine, TenantRefusal,
};

use crate::Error;
use crate::audit::{Happened, Operation};
use crate::directory::TenantRequest;
use crate::driver::Reader;
use crate::driver::kept::tenant_id;
use crate::operator::Operator;

/// A tenant, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: DisplayName,
}

impl TenantView {
    fn of(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
        }
    }
}

impl Operator {
    /// Creates a tenant. The caller becomes Owner at its root, as a guest: nobody else is in it yet.
    ///
    /// # Errors
    /// [`TenantRefusal::NotAUser`] if the caller is no user, and so a guest nowhere;
    /// [`Denied`](strongroom_identity::Denied) if it is no Owner at the root of its own tenant.
    pub async fn create_tenant(&self, name: DisplayName) -> Result<TenantView, Error> {
        let id = TenantId::from_bytes(self.core.records.random_id()?);
        if let Who::Known { guest: false, .. } = self.asker().await? {
            let refusal = TenantRefusal::NotAUser {
                name,
                principal: self.caller.principal,
            };
            let refused = Happened::new(Operation::TenantCreate, format!("/tenants/{id}"));
            self.core
                .records
                .record(vec![refused.failed(refusal.code())], &self.caller)
                .await?;
            return Err(refusal.into());
        }
        let create = TenantRequest {
            tenant: id,
            command: TenantCommand::Create {
                id,
                name,
                administrator: self.caller.principal,
                at: self.core.records.now(),
            },
            caller: &self.caller,
        };
        let made = self.drive(&create).await?;
        Ok(TenantView::of(made.ok_or(TenantRefusal::NotFound)?))
    }

    /// The tenants at whose root the caller may read, by name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantView>, Error> {
        let who = self.asker().await?;
        let mut reader = Reader::new(&self.core.records);
        let mut views = Vec::new();
        for scope in reader.assigned(self.caller.principal).await? {
            let Scope::Tenant(id) = scope else { continue };
            let Some(tenant) = reader.load::<TenantMachine>(&tenant_id(id)?).await? else {
                continue;
            };
            let site = reader.tenant_site(tenant.id).await?;
            if site.allows(&who, Action::TenantsRead).is_ok() {
                views.push(TenantView::of(tenant));
            }
        }
        views.sort_by_cached_key(|view| (view.name.folded(), view.id));
        Ok(views)
    }
}
