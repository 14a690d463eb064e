//! Where a vault can be moved to, by name.

use strongroom_base::ResourceGroupName;
use strongroom_identity::{Absent, Action, GroupMachine, GroupUid, absent, group_name_key};
use strongroom_ledger::Find;

use crate::Error;
use crate::driver::Reader;
use crate::driver::kept::index;
use crate::operator::Operator;

impl Operator {
    /// A group of the subscription that the operator works in, by its name.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the caller may see, [`Error::Denied`] if it may not
    /// know.
    pub async fn sibling_group(&self, name: &ResourceGroupName) -> Result<GroupUid, Error> {
        let mut reader = Reader::new(&self.core);
        let who = reader.who(self.caller.principal).await?;
        let read = Action::GroupsRead;
        let here = reader.group_site(self.group).await?;
        let subscription = here.as_ref().and_then(|site| site.subscription());
        let Some(subscription) = subscription.map(|subscription| subscription.id) else {
            return Err(match absent(&who, read, read, None) {
                Absent::Denied(denied) => denied.into(),
                Absent::NotFound => missing(name),
            });
        };
        let key = group_name_key(subscription, name);
        let found = self
            .core
            .find_all(&Find::exact(index::GROUP_NAME, &*key), |_| true)
            .await?;
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
                return Ok(group.id);
            }
        }
        let above = reader.subscription_site(subscription).await?;
        let answer = match &above {
            Some(site) => site.without(&who, read, read),
            None => absent(&who, read, read, None),
        };
        Err(match answer {
            Absent::Denied(denied) => denied.into(),
            Absent::NotFound => missing(name),
        })
    }
}

fn missing(name: &ResourceGroupName) -> Error {
    Error::NotFound {
        kind: "group",
        name: name.to_string(),
        place: "the subscription".to_owned(),
    }
}
