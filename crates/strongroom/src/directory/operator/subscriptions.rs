//! Subscriptions: made, moved with all that they hold, renamed, disabled and enabled.

use strongroom_base::{SubscriptionId, TenantId};
use strongroom_identity::{
    Action, DisplayName, Subscription, SubscriptionCommand, SubscriptionMachine, SubscriptionState,
};
use strongroom_ledger::Find;

use super::missing;
use super::tenants::one;
use crate::Error;
use crate::directory::SubscriptionRequest;
use crate::driver::kept::{index, subscription_id};
use crate::driver::{Assertions, Reader};
use crate::operator::Operator;

/// A subscription, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionView {
    /// Its id: the same in every tenant.
    pub id: SubscriptionId,
    /// Its name.
    pub name: DisplayName,
    /// The tenant that it belongs to now.
    pub tenant: TenantId,
    /// Whether new things may be made in it.
    pub enabled: bool,
}

impl SubscriptionView {
    fn of(subscription: &Subscription) -> Self {
        Self {
            id: subscription.id,
            name: subscription.name.clone(),
            tenant: subscription.tenant,
            enabled: subscription.state == SubscriptionState::Enabled,
        }
    }
}

impl Operator {
    /// Makes a subscription in a tenant.
    ///
    /// # Errors
    /// [`Error::Subscription`] if the caller may not.
    pub async fn create_subscription(
        &self,
        name: DisplayName,
        tenant: TenantId,
    ) -> Result<SubscriptionView, Error> {
        let id = SubscriptionId::from_bytes(self.core.random_id()?);
        let create = SubscriptionCommand::Create { id, name, tenant };
        self.ask_subscription(id, create).await
    }

    /// Moves a subscription, with everything that it holds, to another tenant: one row, whatever its size.
    /// Role assignments of the old tenant are void, and the managed identities of its resources stay
    /// behind (R13).
    ///
    /// # Errors
    /// [`Error::Subscription`] if the caller is not Owner here, or may make no subscription there.
    pub async fn move_subscription(
        &self,
        id: SubscriptionId,
        tenant: TenantId,
    ) -> Result<SubscriptionView, Error> {
        self.ask_subscription(id, SubscriptionCommand::Move { tenant })
            .await
    }

    /// Gives a subscription another name.
    ///
    /// # Errors
    /// [`Error::Subscription`].
    pub async fn rename_subscription(
        &self,
        id: SubscriptionId,
        name: DisplayName,
    ) -> Result<SubscriptionView, Error> {
        self.ask_subscription(id, SubscriptionCommand::Rename { name })
            .await
    }

    /// Lets new things be made in a subscription, or nothing new.
    ///
    /// # Errors
    /// [`Error::Subscription`].
    pub async fn enable_subscription(
        &self,
        id: SubscriptionId,
        enabled: bool,
    ) -> Result<SubscriptionView, Error> {
        let command = if enabled {
            SubscriptionCommand::Enable
        } else {
            SubscriptionCommand::Disable
        };
        self.ask_subscription(id, command).await
    }

    /// The subscriptions that the caller may see, by tenant and name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionView>, Error> {
        let by_name = Find::prefix(index::SUBSCRIPTION_NAME, "");
        let found = self.core.find_all(&by_name, |_| true).await?;
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let mut views = Vec::new();
        for (_, id) in found {
            let Some(subscription) = reader.load::<SubscriptionMachine>(&id).await? else {
                continue;
            };
            let Some(site) = reader.subscription_site(subscription.id).await? else {
                continue;
            };
            if site.allows(&who, Action::SubscriptionsRead).is_ok() {
                views.push(SubscriptionView::of(&subscription));
            }
        }
        Ok(views)
    }

    /// A subscription that the caller may see, by its id or its name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`] or [`Error::Denied`].
    pub async fn subscription_named(&self, text: &str) -> Result<SubscriptionView, Error> {
        let read = Action::SubscriptionsRead;
        if let Ok(id) = text.parse::<SubscriptionId>() {
            let mut reader = Reader::new(&self.core);
            let who = reader.who(self.caller.principal).await?;
            let stored = reader
                .load::<SubscriptionMachine>(&subscription_id(id)?)
                .await?;
            return match (stored, reader.subscription_site(id).await?) {
                (Some(subscription), Some(site)) => {
                    site.allows(&who, read)?;
                    Ok(SubscriptionView::of(&subscription))
                }
                (None, _) | (_, None) => {
                    let what = ("subscription", text);
                    Err(missing(&who, read, None, what, "the directory"))
                }
            };
        }
        let mut named = self.subscriptions().await?;
        named.retain(|subscription| subscription.name.folded() == text.to_lowercase());
        one(named, "subscription", text)
    }

    async fn ask_subscription(
        &self,
        subscription: SubscriptionId,
        command: SubscriptionCommand,
    ) -> Result<SubscriptionView, Error> {
        let request = SubscriptionRequest {
            subscription,
            command,
            caller: &self.caller,
        };
        let after = self
            .core
            .drive(&request, Assertions::default(), &self.caller)
            .await?;
        let after = after.ok_or(strongroom_identity::SubscriptionRefusal::NotFound)?;
        Ok(SubscriptionView::of(&after))
    }
}
