//! Resource groups: created, found and moved.

use strongroom_base::{ResourceGroupName, SubscriptionId, TenantId};
use strongroom_identity::{Action, GroupCommand, GroupRefusal, GroupUid, Scope};

use super::not_there;
use crate::Error;
use crate::directory::{GroupRequest, Site};
use crate::driver::Reader;
use crate::operator::Operator;

/// A resource group, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupView {
    /// Its ARM id, which changes with a move.
    pub id: String,
    /// Its uid, which never changes.
    pub uid: GroupUid,
    /// Its name, as it was given.
    pub name: ResourceGroupName,
    /// The subscription that holds it now.
    pub subscription: SubscriptionId,
    /// The tenant that it is in now.
    pub tenant: TenantId,
}

impl GroupView {
    fn of(site: &Site) -> Option<Self> {
        site.group().map(|group| Self {
            id: site.arm_prefix(),
            uid: group.id,
            name: group.name.clone(),
            subscription: group.subscription,
            tenant: site.tenant(),
        })
    }
}

impl Operator {
    /// Creates a resource group in a subscription.
    ///
    /// # Errors
    /// [`GroupRefusal`]: the name is taken in any letter case, or the subscription is disabled;
    /// [`Denied`](strongroom_identity::Denied) within it, for a subscription that is not there too.
    pub async fn create_group(
        &self,
        subscription: SubscriptionId,
        name: ResourceGroupName,
    ) -> Result<GroupView, Error> {
        let uid = GroupUid::from_bytes(self.core.records.random_id()?);
        let create = GroupCommand::Create {
            id: uid,
            subscription,
            name,
        };
        self.ask_of_group(uid, create).await
    }

    /// The resource groups that the caller may read, by subscription and name: of one subscription, or
    /// all of them.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn groups(
        &self,
        subscription: Option<SubscriptionId>,
    ) -> Result<Vec<GroupView>, Error> {
        let who = self.asker().await?;
        let mut reader = Reader::new(&self.core.records);
        let within = match subscription {
            Some(id) => vec![Scope::Subscription(id)],
            None => reader.assigned(self.caller.principal).await?,
        };
        let mut views = Vec::new();
        for uid in reader.groups_below(&within).await? {
            let site = reader.group_site(uid).await?;
            if let Some(site) = site
                && site.allows(&who, Action::GroupsRead).is_ok()
            {
                // The index is only a way to the state, which alone is authenticated.
                let view = GroupView::of(&site);
                views.extend(
                    view.filter(|view| {
                        subscription.is_none_or(|wanted| wanted == view.subscription)
                    }),
                );
            }
        }
        views.sort_by_cached_key(|view| {
            let name = view.name.as_str().to_ascii_lowercase();
            (view.subscription, name)
        });
        Ok(views)
    }

    /// A resource group by its uid.
    ///
    /// # Errors
    /// [`Denied`](strongroom_identity::Denied) if it is not there, or not for the caller to see.
    pub async fn group_by_uid(&self, uid: GroupUid) -> Result<GroupView, Error> {
        let who = self.asker().await?;
        let read = Action::GroupsRead;
        let site = Reader::new(&self.core.records).group_site(uid).await?;
        if let Some(site) = &site {
            site.allows(&who, read)?;
        }
        site.as_ref()
            .and_then(GroupView::of)
            .ok_or_else(|| not_there(&who, read, None, || GroupRefusal::NotFound.into()))
    }

    /// The one resource group of this name that the caller may read, in a subscription or in any. ARM
    /// compares names without regard to case.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it may read none of that name, [`Error::Ambiguous`] if several;
    /// [`Denied`](strongroom_identity::Denied) if it may not see the subscription, or there is none.
    pub async fn group_by_name(
        &self,
        name: &ResourceGroupName,
        subscription: Option<SubscriptionId>,
    ) -> Result<GroupView, Error> {
        let mut all = self.groups(subscription).await?;
        all.retain(|one| one.name.as_str().eq_ignore_ascii_case(name.as_str()));
        if let (true, Some(subscription)) = (all.is_empty(), subscription) {
            self.subscription(subscription).await?;
        }
        super::only_one(all, "group", name.as_str())
    }

    /// Moves a resource group to another subscription, of the same or another tenant, with everything
    /// that it holds: one row.
    ///
    /// # Errors
    /// [`GroupRefusal`], or [`Denied`](strongroom_identity::Denied) within it.
    pub async fn move_group(
        &self,
        uid: GroupUid,
        subscription: SubscriptionId,
    ) -> Result<GroupView, Error> {
        self.ask_of_group(uid, GroupCommand::Move { subscription })
            .await
    }

    async fn ask_of_group(
        &self,
        group: GroupUid,
        command: GroupCommand,
    ) -> Result<GroupView, Error> {
        let request = GroupRequest {
            group,
            command,
            caller: &self.caller,
        };
        self.drive(&request).await?;
        let site = Reader::new(&self.core.records).group_site(group).await?;
        let view = site.as_ref().and_then(GroupView::of);
        Ok(view.ok_or(GroupRefusal::NotFound)?)
    }
}
