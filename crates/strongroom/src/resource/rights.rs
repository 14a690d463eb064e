//! What a principal may do with the data of a resource, as the directory says it.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use strongroom_base::{PrincipalId, ResourceUid};
use strongroom_identity::Action;
use strongroom_resource::{Refusal, Resource, ResourceMachine};

use super::Control;
use super::keys::USE_RETRIES;
use crate::Error;
use crate::driver::Reader;
use crate::driver::kept::resource_id;
use crate::lease::Watching;
use crate::lease::rights::{JudgesRights, Rights};

/// The directory, asked for one principal and one resource.
pub(crate) struct DirectoryRights {
    core: Weak<Control>,
    uid: ResourceUid,
    principal: PrincipalId,
}

impl DirectoryRights {
    pub(crate) fn new(core: &Arc<Control>, uid: ResourceUid, principal: PrincipalId) -> Self {
        let core = Arc::downgrade(core);
        Self {
            core,
            uid,
            principal,
        }
    }
}

#[async_trait]
impl JudgesRights for DirectoryRights {
    async fn rights(&self) -> Result<(Rights, Option<Watching>), Error> {
        let core = self.core.upgrade().ok_or(Error::Closed)?;
        let id = resource_id(self.uid)?;
        for _ in 0..USE_RETRIES {
            let mut reader = Reader::new(&core.records);
            let resource = reader.load::<ResourceMachine>(&id).await?;
            let resource = resource.ok_or(Refusal::Absent)?;
            let rights = rights_of(&mut reader, &resource, self.principal).await?;
            let watching = core.leases.watch(self.uid, reader.seen());
            if !reader.has_moved().await? {
                return Ok((rights, Some(watching)));
            }
        }
        Err(Error::Contended { id })
    }
}

impl fmt::Debug for DirectoryRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryRights")
            .field("uid", &self.uid)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// What a principal may do with the data of a resource.
pub(super) async fn rights_of(
    reader: &mut Reader<'_>,
    resource: &Resource,
    principal: PrincipalId,
) -> Result<Rights, Error> {
    let site = reader.site_of_resource(resource).await?;
    let site = site.ok_or(Refusal::Absent)?;
    let who = reader.who(principal).await?;
    Ok(Rights {
        read: site.allows(&who, Action::ObjectsRead),
        write: site.allows(&who, Action::ObjectsWrite),
        delete: site.allows(&who, Action::ObjectsDelete),
    })
}
