//! What the caller of a store may do with its data, judged anew with each lease.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use strongroom_base::{PrincipalId, ResourceUid};
use strongroom_identity::{Action, Verdict};
use strongroom_resource::{Refusal, Resource, ResourceMachine};

use super::Watching;
use crate::Error;
use crate::core::Core;
use crate::driver::Reader;
use crate::driver::kept::resource_id;
use crate::resource::USE_RETRIES;

/// What the caller's roles say.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) read: Verdict,
    pub(crate) write: Verdict,
    pub(crate) delete: Verdict,
}

/// What an operation does with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
    Delete,
    /// Reads here and writes there.
    Copy,
    /// The same, and deletes what was read.
    Move,
}

impl Rights {
    /// Fails if the caller may do nothing at all with the data.
    pub(crate) fn any(&self) -> Verdict {
        self.read
            .clone()
            .or_else(|_| self.write.clone())
            .or_else(|_| self.delete.clone())
            .or_else(|_| self.read.clone())
    }

    /// Whether the caller may do what an operation does; the first that says no.
    pub(crate) fn allow(&self, need: Need) -> Verdict {
        let (read, write, delete) = (&self.read, &self.write, &self.delete);
        let needed: &[&Verdict] = match need {
            Need::Read => &[read],
            Need::Write => &[write],
            Need::Delete => &[delete],
            Need::Copy => &[read, write],
            Need::Move => &[read, write, delete],
        };
        needed.iter().try_for_each(|verdict| (*verdict).clone())
    }
}

/// Who judges what a caller may do with the data.
#[async_trait]
pub(crate) trait JudgesRights: fmt::Debug + Send + Sync {
    /// What holds now. What it rests on is watched for as long as somebody has it: the resource's lease ends
    /// when that changes.
    async fn rights(&self) -> Result<(Rights, Option<Watching>), Error>;
}

/// The directory, asked for one principal and one resource.
pub(crate) struct DirectoryRights {
    core: Weak<Core>,
    uid: ResourceUid,
    principal: PrincipalId,
}

impl DirectoryRights {
    pub(crate) fn new(core: &Arc<Core>, uid: ResourceUid, principal: PrincipalId) -> Self {
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
            let mut reader = Reader::new(&core);
            let resource = reader.load::<ResourceMachine>(&id).await?;
            let resource = resource.ok_or(Refusal::Absent)?;
            let rights = reader.rights(&resource, self.principal).await?;
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

impl Reader<'_> {
    /// What a principal may do with the data of a resource.
    pub(crate) async fn rights(
        &mut self,
        resource: &Resource,
        principal: PrincipalId,
    ) -> Result<Rights, Error> {
        let site = self.site_of_resource(resource).await?;
        let site = site.ok_or(Refusal::Absent)?;
        let who = self.who(principal).await?;
        Ok(Rights {
            read: site.allows(&who, Action::ObjectsRead),
            write: site.allows(&who, Action::ObjectsWrite),
            delete: site.allows(&who, Action::ObjectsDelete),
        })
    }
}
