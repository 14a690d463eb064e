//! Principals: registered, found, disabled and deleted.

use strongroom_base::{PrincipalId, TenantId};
use strongroom_identity::{
    Action, AppId, DisplayName, Principal, PrincipalCommand, PrincipalKind, PrincipalLife,
    PrincipalMachine, PrincipalRefusal,
};
use strongroom_ledger::{Find, Found};

use super::not_there;
use crate::Error;
use crate::directory::PrincipalRequest;
use crate::driver::Reader;
use crate::driver::kept::{index, principal_id};
use crate::operator::Operator;

/// What kind of principal to register. Managed identities are made by their resources alone (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers choose one or the other")]
pub enum NewPrincipal {
    /// A person.
    User,
    /// An application, with a client id of its own.
    Application,
}

/// A principal, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrincipalView {
    /// Its object id, never given to another.
    pub id: PrincipalId,
    /// Its name.
    pub name: DisplayName,
    /// What it is.
    pub kind: PrincipalKind,
    /// The tenant that it is registered in, for good.
    pub tenant: TenantId,
    /// Whether it may authenticate.
    pub life: PrincipalLife,
}

impl PrincipalView {
    fn of(principal: Principal) -> Self {
        Self {
            id: principal.id,
            name: principal.name,
            kind: principal.kind,
            tenant: principal.home,
            life: principal.life,
        }
    }
}

impl Operator {
    /// Registers a user or an application in a tenant.
    ///
    /// # Errors
    /// [`PrincipalRefusal::NameTaken`]; [`Denied`](strongroom_identity::Denied) within
    /// [`PrincipalRefusal`], for a tenant that is not there too.
    pub async fn create_principal(
        &self,
        tenant: TenantId,
        name: DisplayName,
        kind: NewPrincipal,
    ) -> Result<PrincipalView, Error> {
        let id = PrincipalId::from_bytes(self.core.records.random_id()?);
        let kind = match kind {
            NewPrincipal::User => PrincipalKind::User,
            NewPrincipal::Application => PrincipalKind::Application {
                app: AppId::from_bytes(self.core.records.random_id()?),
            },
        };
        let register = PrincipalCommand::Register {
            id,
            kind,
            home: tenant,
            name,
        };
        self.ask_of_principal(id, register).await
    }

    /// The principals of a tenant, managed identities too; deleted ones are left out.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied) if the caller may not read them, or there is no such
    /// tenant.
    pub async fn principals(&self, tenant: TenantId) -> Result<Vec<PrincipalView>, Error> {
        let who = self.asker().await?;
        let mut reader = Reader::new(&self.core.records);
        let site = reader.tenant_site(tenant).await?;
        site.allows(&who, Action::PrincipalsRead)?;
        let in_tenant = Find::prefix(index::PRINCIPAL_HOME, format!("{tenant}/"));
        let mut views = Vec::new();
        for Found { id, .. } in reader.find_all(&in_tenant).await? {
            let principal = reader.load_unasserted::<PrincipalMachine>(&id).await?.state;
            // The index is only a way to the state, which alone is authenticated.
            let here = principal.filter(|principal| {
                principal.home == tenant && !matches!(principal.life, PrincipalLife::Deleted { .. })
            });
            views.extend(here.map(PrincipalView::of));
        }
        views.sort_by(|one, other| {
            (one.name.folded(), one.id).cmp(&(other.name.folded(), other.id))
        });
        Ok(views)
    }

    /// A principal by its object id; a deleted one too. Everybody may see itself.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied) if it is not there, or not for the caller to see.
    pub async fn principal_by_id(&self, id: PrincipalId) -> Result<PrincipalView, Error> {
        let who = self.asker().await?;
        let read = Action::PrincipalsRead;
        let mut reader = Reader::new(&self.core.records);
        let Some(principal) = reader.load::<PrincipalMachine>(&principal_id(id)?).await? else {
            return Err(not_there(&who, read, None, || {
                PrincipalRefusal::NotFound.into()
            }));
        };
        if id != self.caller.principal {
            reader
                .tenant_site(principal.home)
                .await?
                .allows(&who, read)?;
        }
        Ok(PrincipalView::of(principal))
    }

    /// The one user or application of this name, in any letter case, in a tenant or in all those whose
    /// principals the caller may read. Managed identities go by their ids: their names are not theirs
    /// alone.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it may read none of that name, [`Error::Ambiguous`] if several;
    /// [`Denied`](strongroom_identity::Denied) if it may not read those of the tenant that it names, or
    /// there is none.
    pub async fn principal_by_name(
        &self,
        name: &DisplayName,
        tenant: Option<TenantId>,
    ) -> Result<PrincipalView, Error> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant],
            None => self.tenants().await?.iter().map(|one| one.id).collect(),
        };
        let mut all = Vec::new();
        for tenant in tenants {
            all.extend(self.principals(tenant).await?);
        }
        all.retain(|one| {
            one.name.folded() == name.folded()
                && !matches!(one.kind, PrincipalKind::ManagedIdentity { .. })
        });
        super::only_one(all, "principal", name.as_str())
    }

    /// Lets a principal authenticate no more, until it is enabled.
    ///
    /// # Errors
    /// [`PrincipalRefusal`], or [`Denied`](strongroom_identity::Denied) within it.
    pub async fn disable_principal(&self, id: PrincipalId) -> Result<PrincipalView, Error> {
        self.ask_of_principal(id, PrincipalCommand::Disable).await
    }

    /// Lets a principal authenticate again.
    ///
    /// # Errors
    /// As for [`disable_principal`](Self::disable_principal).
    pub async fn enable_principal(&self, id: PrincipalId) -> Result<PrincipalView, Error> {
        self.ask_of_principal(id, PrincipalCommand::Enable).await
    }

    /// Deletes a user or an application for good.
    ///
    /// # Errors
    /// [`PrincipalRefusal::OwnedByResource`] for a managed identity; as for
    /// [`disable_principal`](Self::disable_principal) otherwise.
    pub async fn delete_principal(&self, id: PrincipalId) -> Result<PrincipalView, Error> {
        let at = self.core.records.now();
        self.ask_of_principal(id, PrincipalCommand::Delete { at })
            .await
    }

    async fn ask_of_principal(
        &self,
        principal: PrincipalId,
        command: PrincipalCommand,
    ) -> Result<PrincipalView, Error> {
        let request = PrincipalRequest {
            principal,
            command,
            caller: &self.caller,
        };
        let changed = self.drive(&request).await?;
        Ok(PrincipalView::of(
            changed.ok_or(PrincipalRefusal::NotFound)?,
        ))
    }
}
