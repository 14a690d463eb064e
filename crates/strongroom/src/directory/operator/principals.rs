//! Principals: registered, disabled, enabled, deleted.

use strongroom_base::{PrincipalId, TenantId};
use strongroom_identity::{
    Action, AppId, DisplayName, Principal, PrincipalCommand, PrincipalKind, PrincipalMachine,
    PrincipalRefusal, Standing,
};
use strongroom_ledger::Find;

use super::missing;
use super::tenants::one;
use crate::Error;
use crate::directory::PrincipalRequest;
use crate::driver::kept::{index, principal_id};
use crate::driver::{Assertions, Reader};
use crate::operator::Operator;

/// A principal, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrincipalView {
    /// Its object id.
    pub id: PrincipalId,
    /// Its name.
    pub name: DisplayName,
    /// The tenant that it is registered in.
    pub tenant: TenantId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Whether it may authenticate.
    pub standing: Standing,
}

/// What somebody registers: managed identities are made by their resources alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "Entra has these two")]
pub enum Registered {
    /// A person.
    User,
    /// An application; its client id is drawn.
    Application,
}

impl PrincipalView {
    fn of(principal: &Principal) -> Self {
        Self {
            id: principal.id,
            name: principal.name.clone(),
            tenant: principal.home,
            kind: principal.kind,
            standing: principal.standing(),
        }
    }
}

impl Operator {
    /// Registers a principal in a tenant.
    ///
    /// # Errors
    /// [`Error::Principal`]: the name is taken, or the caller may not.
    pub async fn create_principal(
        &self,
        tenant: TenantId,
        name: DisplayName,
        kind: Registered,
    ) -> Result<PrincipalView, Error> {
        let id = PrincipalId::from_bytes(self.core.random_id()?);
        let kind = match kind {
            Registered::User => PrincipalKind::User,
            Registered::Application => PrincipalKind::Application {
                app: AppId::from_bytes(self.core.random_id()?),
            },
        };
        let register = PrincipalCommand::Register {
            id,
            kind,
            home: tenant,
            name,
        };
        self.ask_principal(id, register).await
    }

    /// Lets a principal authenticate again, or no more.
    ///
    /// # Errors
    /// [`Error::Principal`].
    pub async fn enable_principal(
        &self,
        id: PrincipalId,
        enabled: bool,
    ) -> Result<PrincipalView, Error> {
        let command = if enabled {
            PrincipalCommand::Enable
        } else {
            PrincipalCommand::Disable
        };
        self.ask_principal(id, command).await
    }

    /// Deletes a user or an application for good.
    ///
    /// # Errors
    /// [`Error::Principal`]: a managed identity is deleted by its resource alone.
    pub async fn delete_principal(&self, id: PrincipalId) -> Result<PrincipalView, Error> {
        let at = self.core.now();
        self.ask_principal(id, PrincipalCommand::Delete { at })
            .await
    }

    /// The principals of a tenant; deleted ones too.
    ///
    /// # Errors
    /// [`Error::Denied`] if the caller may not see them.
    pub async fn principals(&self, tenant: TenantId) -> Result<Vec<PrincipalView>, Error> {
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let root = reader.tenant_site(tenant).await?;
        root.allows(&who, Action::PrincipalsRead)?;
        let at_home = Find::prefix(index::PRINCIPAL_HOME, format!("{tenant}/"));
        let mut views = Vec::new();
        for (_, id) in self.core.find_all(&at_home, |_| true).await? {
            let found = reader.load::<PrincipalMachine>(&id).await?;
            views.extend(found.as_ref().map(PrincipalView::of));
        }
        Ok(views)
    }

    /// A principal, by its object id or by the name of a user or application of the operator's tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`] or [`Error::Denied`].
    pub async fn principal_named(&self, text: &str) -> Result<PrincipalView, Error> {
        let Ok(id) = text.parse::<PrincipalId>() else {
            let mut named = self.principals(self.tenant()).await?;
            named.retain(|principal| {
                principal.standing != Standing::Gone
                    && !matches!(principal.kind, PrincipalKind::ManagedIdentity { .. })
                    && principal.name.folded() == text.to_lowercase()
            });
            return one(named, "principal", text);
        };
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let read = Action::PrincipalsRead;
        if let Some(principal) = reader.load::<PrincipalMachine>(&principal_id(id)?).await? {
            let root = reader.tenant_site(principal.home).await?;
            root.allows(&who, read)?;
            return Ok(PrincipalView::of(&principal));
        }
        let what = ("principal", text);
        Err(missing(&who, read, None, what, "the directory"))
    }

    async fn ask_principal(
        &self,
        principal: PrincipalId,
        command: PrincipalCommand,
    ) -> Result<PrincipalView, Error> {
        let request = PrincipalRequest {
            principal,
            command,
            caller: &self.caller,
        };
        let after = self
            .core
            .drive(&request, Assertions::default(), &self.caller)
            .await?;
        let after = after.ok_or(PrincipalRefusal::NotFound)?;
        Ok(PrincipalView::of(&after))
    }
}
