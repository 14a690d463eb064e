//! Resource groups: made, found, and moved with all that they hold.

use strongroom_base::{ResourceGroupName, SubscriptionId, TenantId};
use strongroom_identity::{
    Action, GroupCommand, GroupMachine, GroupUid, ResourceGroup, group_name_key,
};
use strongroom_ledger::Find;

use super::missing;
use crate::Error;
use crate::directory::{GroupRequest, Site};
use crate::driver::kept::index;
use crate::driver::{Assertions, Reader};
use crate::operator::Operator;

/// A resource group, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupView {
    /// Its uid, which never changes.
    pub uid: GroupUid,
    /// Its name.
    pub name: ResourceGroupName,
    /// The subscription that holds it now.
    pub subscription: SubscriptionId,
    /// The tenant that it is in now.
    pub tenant: TenantId,
}

impl GroupView {
    fn of(group: &ResourceGroup, site: &Site) -> Self {
        Self {
            uid: group.id,
            name: group.name.clone(),
            subscription: group.subscription,
            tenant: site.tenant(),
        }
    }
}

impl Operator {
    /// Makes a resource group in a subscription.
    ///
    /// # Errors
    /// [`Error::Group`]: the name is taken, the subscription takes nothing new, or the caller may not.
    pub async fn create_group(
        &self,
        subscription: SubscriptionId,
        name: ResourceGroupName,
    ) -> Result<GroupView, Error> {
        let id = GroupUid::from_bytes(self.core.random_id()?);
        let create = GroupCommand::Create {
            id,
            subscription,
            name,
        };
        self.ask_group(id, create).await
    }

    /// Moves a group, with everything that it holds, to another subscription, of the same or another
    /// tenant (R13).
    ///
    /// # Errors
    /// [`Error::Group`].
    pub async fn move_group(
        &self,
        group: GroupUid,
        subscription: SubscriptionId,
    ) -> Result<GroupView, Error> {
        self.ask_group(group, GroupCommand::Move { subscription })
            .await
    }

    /// The groups of a subscription that the caller may see, by name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn groups(&self, subscription: SubscriptionId) -> Result<Vec<GroupView>, Error> {
        let inside = Find::prefix(index::GROUP_NAME, format!("{subscription}/"));
        let found = self.core.find_all(&inside, |_| true).await?;
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let mut views = Vec::new();
        for (_, id) in found {
            let Some(group) = reader.load::<GroupMachine>(&id).await? else {
                continue;
            };
            let Some(site) = reader.group_site(group.id).await? else {
                continue;
            };
            if site.allows(&who, Action::GroupsRead).is_ok() {
                views.push(GroupView::of(&group, &site));
            }
        }
        Ok(views)
    }

    /// A group of a subscription, by its name.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::Denied`] if the caller may not know.
    pub async fn group_named(
        &self,
        subscription: SubscriptionId,
        name: &ResourceGroupName,
    ) -> Result<GroupView, Error> {
        let read = Action::GroupsRead;
        let key = group_name_key(subscription, name);
        let found = self
            .core
            .find_all(&Find::exact(index::GROUP_NAME, &*key), |_| true)
            .await?;
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        if let Some((_, id)) = found.first()
            && let Some(group) = reader.load::<GroupMachine>(id).await?
        {
            // The index is only a way to the state, which alone is authenticated.
            if group_name_key(group.subscription, &group.name) != key {
                return Err(Error::ForgedIndex {
                    name: name.to_string(),
                });
            }
            if let Some(site) = reader.group_site(group.id).await?
                && site.allows(&who, read).is_ok()
            {
                return Ok(GroupView::of(&group, &site));
            }
        }
        let above = reader.subscription_site(subscription).await?;
        let place = format!("subscription {subscription}");
        let what = ("group", name.as_str());
        Err(missing(&who, read, above.as_ref(), what, &place))
    }

    /// The group that the operator works in.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is gone, [`Error::Denied`] if the caller may not see it.
    pub async fn present_group(&self) -> Result<GroupView, Error> {
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let read = Action::GroupsRead;
        let site = reader.group_site(self.group).await?;
        match site.as_ref().and_then(|site| Some((site.group()?, site))) {
            Some((group, site)) => {
                site.allows(&who, read)?;
                Ok(GroupView::of(group, site))
            }
            None => {
                let name = self.group.to_string();
                Err(missing(&who, read, None, ("group", &name), "the directory"))
            }
        }
    }

    async fn ask_group(&self, group: GroupUid, command: GroupCommand) -> Result<GroupView, Error> {
        let request = GroupRequest {
            group,
            command,
            caller: &self.caller,
        };
        let after = self
            .core
            .drive(&request, Assertions::default(), &self.caller)
            .await?;
        let after = after.ok_or(strongroom_identity::GroupRefusal::NotFound)?;
        let mut reader = Reader::new(&self.core);
        let site = reader.group_site(group).await?;
        let site = site.ok_or(strongroom_identity::GroupRefusal::NotFound)?;
        Ok(GroupView::of(&after, &site))
    }
}
