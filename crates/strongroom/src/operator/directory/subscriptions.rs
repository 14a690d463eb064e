//! Subscriptions: created, found, changed and moved.

use strongroom_base::{SubscriptionId, TenantId};
use strongroom_identity::{
    Action, DisplayName, Subscription, SubscriptionCommand, SubscriptionRefusal, SubscriptionState,
};

use super::not_there;
use crate::Error;
use crate::directory::SubscriptionRequest;
use crate::driver::Reader;
use crate::operator::Operator;

/// A subscription, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionView {
    /// Its id, which never changes.
    pub id: SubscriptionId,
    /// Its name.
    pub name: DisplayName,
    /// The tenant that it is in now.
    pub tenant: TenantId,
    /// Whether new things may be made in it.
    pub state: SubscriptionState,
}

impl SubscriptionView {
    fn of(subscription: &Subscription) -> Self {
        Self {
            id: subscription.id,
            name: subscription.name.clone(),
            tenant: subscription.tenant,
            state: subscription.state,
        }
    }
}

impl Operator {
    /// Creates a subscription in a tenant.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied): no right at the root of the tenant, or no such tenant,
    /// which is one answer (I5).
    pub async fn create_subscription(
        &self,
        name: DisplayName,
        tenant: TenantId,
    ) -> Result<SubscriptionView, Error> {
        let id = SubscriptionId::from_bytes(self.core.records.random_id()?);
        let create = SubscriptionCommand::Create { id, name, tenant };
        self.ask_of_subscription(id, create).await
    }

    /// The subscriptions that the caller may read, by tenant and name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionView>, Error> {
        let who = self.asker().await?;
        let mut reader = Reader::new(&self.core.records);
        let assigned = reader.assigned(self.caller.principal).await?;
        let mut views = Vec::new();
        for id in reader.subscriptions_below(&assigned).await? {
            let site = reader.subscription_site(id).await?;
            if let Some(site) = site
                && site.allows(&who, Action::SubscriptionsRead).is_ok()
            {
                views.extend(site.subscription().map(SubscriptionView::of));
            }
        }
        views.sort_by_cached_key(|view| (view.tenant, view.name.folded(), view.id));
        Ok(views)
    }

    /// A subscription by its id.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied) if it is not there, or not for the caller to see.
    pub async fn subscription(&self, id: SubscriptionId) -> Result<SubscriptionView, Error> {
        let who = self.asker().await?;
        let read = Action::SubscriptionsRead;
        let site = Reader::new(&self.core.records)
            .subscription_site(id)
            .await?;
        if let Some(site) = &site {
            site.allows(&who, read)?;
        }
        let view = site.as_ref().and_then(|site| site.subscription());
        view.map(SubscriptionView::of)
            .ok_or_else(|| not_there(&who, read, None, || SubscriptionRefusal::NotFound.into()))
    }

    /// The one subscription of this name, in any letter case, that the caller may read.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it may read none of that name, [`Error::Ambiguous`] if several.
    pub async fn subscription_by_name(
        &self,
        name: &DisplayName,
    ) -> Result<SubscriptionView, Error> {
        let mut all = self.subscriptions().await?;
        all.retain(|one| one.name.folded() == name.folded());
        super::only_one(all, "subscription", name.as_str())
    }

    /// Gives a subscription another name.
    ///
    /// # Errors
    /// [`SubscriptionRefusal`], or [`Denied`](strongroom_identity::Denied) within it.
    pub async fn rename_subscription(
        &self,
        id: SubscriptionId,
        name: DisplayName,
    ) -> Result<SubscriptionView, Error> {
        self.ask_of_subscription(id, SubscriptionCommand::Rename { name })
            .await
    }

    /// Moves a subscription to another tenant, with everything that it holds: one row, of whatever
    /// size it is. Role assignments of the old tenant are void then, and managed identities stay behind
    /// (R13).
    ///
    /// # Errors
    /// As for [`rename_subscription`](Self::rename_subscription); the caller must be Owner of it, and
    /// allowed to create subscriptions where it goes.
    pub async fn move_subscription(
        &self,
        id: SubscriptionId,
        tenant: TenantId,
    ) -> Result<SubscriptionView, Error> {
        self.ask_of_subscription(id, SubscriptionCommand::Move { tenant })
            .await
    }

    /// Lets nothing new be made in a subscription.
    ///
    /// # Errors
    /// As for [`rename_subscription`](Self::rename_subscription).
    pub async fn disable_subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<SubscriptionView, Error> {
        self.ask_of_subscription(id, SubscriptionCommand::Disable)
            .await
    }

    /// Lets new things be made in a subscription again.
    ///
    /// # Errors
    /// As for [`rename_subscription`](Self::rename_subscription).
    pub async fn enable_subscription(&self, id: SubscriptionId) -> Result<SubscriptionView, Error> {
        self.ask_of_subscription(id, SubscriptionCommand::Enable)
            .await
    }

    async fn ask_of_subscription(
        &self,
        subscription: SubscriptionId,
        command: SubscriptionCommand,
    ) -> Result<SubscriptionView, Error> {
        let request = SubscriptionRequest {
            subscription,
            command,
            caller: &self.caller,
        };
        let changed = self.drive(&request).await?;
        let changed = changed.ok_or(SubscriptionRefusal::NotFound)?;
        Ok(SubscriptionView::of(&changed))
    }
}
