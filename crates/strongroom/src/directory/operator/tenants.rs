//! Tenants: made from another, and listed by whoever may see them.

use strongroom_base::TenantId;
use strongroom_identity::{Action, DisplayName, Tenant, TenantCommand, TenantMachine};
use strongroom_ledger::Find;

use super::missing;
use crate::Error;
use crate::directory::TenantRequest;
use crate::driver::kept::{index, tenant_id};
use crate::driver::{Assertions, Reader};
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
    fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name.clone(),
        }
    }
}

impl Operator {
    /// Makes a tenant. The caller becomes Owner at its root, as a guest.
    ///
    /// # Errors
    /// [`Error::Tenant`] if the caller may not.
    pub async fn create_tenant(&self, name: DisplayName) -> Result<TenantView, Error> {
        let tenant = TenantId::from_bytes(self.core.random_id()?);
        let request = TenantRequest {
            tenant,
            command: TenantCommand::Create {
                id: tenant,
                name: name.clone(),
                administrator: self.caller.principal,
                at: self.core.now(),
            },
            caller: &self.caller,
        };
        self.core
            .drive(&request, Assertions::default(), &self.caller)
            .await?;
        self.core.settle_tenant(tenant).await?;
        Ok(TenantView { id: tenant, name })
    }

    /// The tenants that the caller may see, by name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantView>, Error> {
        let by_name = Find::prefix(index::TENANT_NAME, "");
        let found = self.core.find_all(&by_name, |_| true).await?;
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let mut views = Vec::new();
        for (_, id) in found {
            let Some(tenant) = reader.load::<TenantMachine>(&id).await? else {
                continue;
            };
            let root = reader.tenant_site(tenant.id).await?;
            if root.allows(&who, Action::TenantsRead).is_ok() {
                views.push(TenantView::of(&tenant));
            }
        }
        Ok(views)
    }

    /// A tenant that the caller may see, by its id or its name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`] or [`Error::Denied`].
    pub async fn tenant_named(&self, text: &str) -> Result<TenantView, Error> {
        if let Ok(id) = text.parse::<TenantId>() {
            let mut reader = Reader::new(&self.core);
            let who = reader.who(self.caller.principal).await?;
            if let Some(tenant) = reader.load::<TenantMachine>(&tenant_id(id)?).await? {
                let root = reader.tenant_site(id).await?;
                root.allows(&who, Action::TenantsRead)?;
                return Ok(TenantView::of(&tenant));
            }
            let what = ("tenant", text);
            return Err(missing(
                &who,
                Action::TenantsRead,
                None,
                what,
                "the directory",
            ));
        }
        let mut named = self.tenants().await?;
        named.retain(|tenant| tenant.name.folded() == text.to_lowercase());
        one(named, "tenant", text)
    }
}

/// The one that is meant, of those that share a name.
pub(super) fn one<T>(mut named: Vec<T>, kind: &'static str, name: &str) -> Result<T, Error> {
    let first = named.pop();
    match (first, named.is_empty()) {
        (Some(first), true) => Ok(first),
        (Some(_), false) => Err(Error::Ambiguous {
            kind,
            name: name.to_owned(),
        }),
        (None, _) => Err(Error::NotFound {
            kind,
            name: name.to_owned(),
            place: "what you may see".to_owned(),
        }),
    }
}
