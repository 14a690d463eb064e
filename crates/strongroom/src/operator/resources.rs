//! Creating, finding and listing resources, for whoever may.

use std::sync::Arc;

use strongroom_base::{Outcome as _, ResourceName, ResourceUid};
use strongroom_identity::{Absent, Action, Caller as Who, Verdict};
use strongroom_ledger::{Find, Found};
use strongroom_resource::{
    NewResource as Created, Refusal, Resource, ResourceAction, ResourceMachine, at_creation,
};

use crate::Error;
use crate::audit::{Happened, Operation};
use crate::directory::Site;
use crate::driver::kept::{index, resource_id, resource_name_key};
use crate::driver::{Assertions, Reader, has_come};
use crate::operator::Operator;
use crate::resource::request::arm_id;
use crate::resource::{NewResource, ResourceHandle, ResourceView};

impl Operator {
    /// Creates a resource under a service-managed key of its own (R4).
    ///
    /// # Errors
    /// [`Refusal::CmkAtCreation`] if it asks for a customer's key (R8), [`Refusal::NameTaken`] if the
    /// name is taken in the group. Nothing is created then.
    pub async fn create_resource(&self, new: NewResource) -> Result<ResourceHandle, Error> {
        let NewResource {
            name,
            region,
            tier,
            binding,
            customer_key,
        } = new;
        if let Err(refusal) = at_creation(&name, customer_key.as_deref()) {
            let mut reader = Reader::new(&self.core.records);
            let target = match reader.group_site(self.group).await? {
                Some(site) => arm_id(&site, name.as_str()),
                None => format!("resource/{name}"),
            };
            drop(reader);
            let refused = Happened::new(Operation::ResourceCreate, target).failed(refusal.code());
            self.core
                .records
                .record(vec![refused], &self.caller)
                .await?;
            return Err(refusal.into());
        }
        // Whoever has the name may be gone by now.
        self.find(&name).await?;
        let uid = ResourceUid::from_bytes(self.core.records.random_id()?);
        let service_key = self.core.keys.new_service_key(uid).await?;
        let announcement = service_key.announcement.clone();
        let action = ResourceAction::Create(Box::new(Created {
            uid,
            name,
            group: self.group,
            region,
            tier,
            binding,
            keyring: self.core.first_keyring(uid, &service_key)?,
        }));
        let guarded = Assertions::default().guarded(announcement.clone());
        match self.core.ask(uid, action, guarded, &self.caller).await {
            Ok(_) => {
                // It is created: what is left of its making goes with the next sweep.
                if let Err(error) = self.core.keys.settle_announcement(announcement).await {
                    tracing::warn!(%uid, %error, "a new key's announcement could not be ended");
                }
                Ok(self.handle(uid))
            }
            Err(error) => {
                self.core.keys.abandon(announcement).await?;
                Err(error)
            }
        }
    }

    /// A resource of the operator's group, by name; a deleted one too.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::Denied`] if the caller may not know.
    pub async fn resource(&self, name: &ResourceName) -> Result<ResourceHandle, Error> {
        let (mut reader, found) = self.find(name).await?;
        let who = reader.who(self.caller.principal).await?;
        let read = Action::AccountsRead;
        if let Some(resource) = found
            && let Some(site) = reader.site_of_resource(&resource).await?
        {
            may_find(&site, &who)?;
            return Ok(self.handle(resource.uid));
        }
        let group = reader.group_site(self.group).await?;
        let answer = match &group {
            Some(group) => group.without(&who, read, read),
            None => strongroom_identity::absent(&who, read, read, None),
        };
        Err(match answer {
            Absent::Denied(denied) => denied.into(),
            Absent::NotFound => Error::NotFound {
                kind: "resource",
                name: name.to_string(),
                place: group.map_or_else(
                    || "the group".to_owned(),
                    |site| format!("group `{}`", site.group().map_or("", |it| it.name.as_str())),
                ),
            },
        })
    }

    /// The resource of a name in the operator's group, with what is due of it done, and the reader that has
    /// read it.
    async fn find(&self, name: &ResourceName) -> Result<(Reader<'_>, Option<Resource>), Error> {
        let key = resource_name_key(self.group, name.as_str());
        let mut caught_up = false;
        loop {
            let mut reader = Reader::new(&self.core.records);
            let found = Find::exact(index::RESOURCE_NAME, &*key);
            let found = reader.find_all(&found).await?;
            let resource = match found.first() {
                Some(Found { id, .. }) => reader.load::<ResourceMachine>(id).await?,
                None => None,
            };
            // The index is only a way to the state, which alone is authenticated.
            if let Some(found) = &resource
                && resource_name_key(found.group, found.name.as_str()) != key
            {
                return Err(Error::ForgedIndex {
                    name: name.to_string(),
                });
            }
            let behind = match &resource {
                Some(found) if !caught_up => {
                    let id = resource_id(found.uid)?;
                    let is_behind = self
                        .core
                        .records
                        .is_behind::<ResourceMachine>(&id, &resource);
                    is_behind.then_some(found.uid)
                }
                Some(_) | None => None,
            };
            let Some(uid) = behind else {
                return Ok((reader, resource));
            };
            drop(reader);
            self.core.catch_up(uid).await?;
            caught_up = true;
        }
    }

    /// The resources of the operator's group that the caller may see, by name; deleted ones too.
    ///
    /// # Errors
    /// If the ledger cannot be read, or the caller may not see the group.
    pub async fn resources(&self) -> Result<Vec<ResourceView>, Error> {
        let prefix = format!("{}/", self.group);
        let mut reader = Reader::new(&self.core.records);
        let found = reader
            .find_all(&Find::prefix(index::RESOURCE_NAME, prefix))
            .await?;
        let who = reader.who(self.caller.principal).await?;
        let now = self.core.records.now();
        let mut views = Vec::with_capacity(found.len());
        for Found { id, .. } in found {
            // Purged since it was found, or not for the caller to see.
            let found = reader.load_unasserted::<ResourceMachine>(&id).await?;
            let is_over = has_come::<ResourceMachine>(&found.state, now);
            let Some(resource) = found.state else {
                continue;
            };
            let Some(site) = reader.site_of_resource(&resource).await? else {
                continue;
            };
            if !is_over && site.allows(&who, Action::AccountsRead).is_ok() {
                views.push(ResourceView::of(&resource, &site));
            }
        }
        Ok(views)
    }

    /// A resource by its uid, unless it is not there or not for the caller to see.
    ///
    /// # Errors
    /// [`Refusal::Absent`], [`Error::Denied`].
    pub async fn resource_by_uid(&self, uid: ResourceUid) -> Result<ResourceHandle, Error> {
        self.core.catch_up(uid).await?;
        let mut reader = Reader::new(&self.core.records);
        let who = reader.who(self.caller.principal).await?;
        let resource = reader.load::<ResourceMachine>(&resource_id(uid)?).await?;
        if let Some(resource) = resource
            && let Some(site) = reader.site_of_resource(&resource).await?
        {
            may_find(&site, &who)?;
            return Ok(self.handle(uid));
        }
        let read = Action::AccountsRead;
        Err(match strongroom_identity::absent(&who, read, read, None) {
            Absent::Denied(denied) => denied.into(),
            Absent::NotFound => Refusal::Absent.into(),
        })
    }

    fn handle(&self, uid: ResourceUid) -> ResourceHandle {
        ResourceHandle::new(Arc::clone(&self.core), uid, self.caller.clone())
    }
}

/// Whether a resource is there for `who`: whoever may use the data alone finds it as well.
fn may_find(site: &Site, who: &Who) -> Verdict {
    let read = site.allows(who, Action::AccountsRead);
    let data = [Action::ObjectsRead, Action::ObjectsWrite];
    if data.iter().any(|action| site.allows(who, *action).is_ok()) {
        return Ok(());
    }
    read
}
