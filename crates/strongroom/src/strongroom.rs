//! An open installation.

mod export;

use std::path::Path;
use std::sync::Arc;

use strongroom_base::{CorrelationId, Outcome, ResourceName, ResourceUid};
use strongroom_ledger::{Find, Guard, LedgerError};

pub use self::export::ExportedKey;
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::audit_chain::{Audited, Checkpoints, VerifiedAudit};
use crate::core::{Core, random_id};
use crate::directory::{GroupId, ResourceGroup};
use crate::installation::{self, InitOptions, InstallationView, Opened, Options};
use crate::resource::driver::{Assertions, NAME_INDEX, aggregate, arm_id, name_key};
use crate::resource::machine::{Command, Created, Resource};
use crate::resource::{NewResource, ResourceHandle, ResourceView};

/// An open installation: its resources, their data, and the audit of both.
///
/// Close it with [`close`](Self::close), which writes the audit heads out. One that is dropped, or
/// killed, loses nothing that was acknowledged; its last heads are at most a minute old.
#[derive(Debug)]
pub struct Strongroom {
    core: Arc<Core>,
    caller: Caller,
    group: GroupId,
    view: InstallationView,
    checkpoints: Checkpoints,
}

impl Strongroom {
    /// Makes an installation in `data`, which is absent or an empty folder.
    ///
    /// # Errors
    /// [`InstallationError`](crate::InstallationError) if the folder is occupied, the root key
    /// cannot be made or read, or a file cannot be written.
    pub async fn init(
        data: impl AsRef<Path>,
        init: InitOptions,
        options: &Options,
    ) -> Result<InstallationView, Error> {
        installation::init(data.as_ref(), init, options).await
    }

    /// Opens the installation in `data`, and goes on with whatever was cut off in it.
    ///
    /// # Errors
    /// [`InstallationError`](crate::InstallationError) if there is none or its root key is not the
    /// one it was made with; a ledger error if its databases cannot be opened.
    pub async fn open(data: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let Opened { settings, core } = installation::open(data.as_ref(), options).await?;
        let caller = Caller {
            tenant: settings.tenant,
            principal: settings.administrator,
            source: options.source.clone(),
            correlation: CorrelationId::from_bytes(random_id(&options.provider)?),
        };
        let group = GroupId {
            subscription: settings.subscription,
            name: settings.group.clone(),
        };
        let core = Arc::new(core);
        core.sweep_service_keys().await?;
        core.resume(&caller).await?;
        let data = std::path::absolute(data.as_ref()).unwrap_or_else(|_| data.as_ref().to_owned());
        let view = settings.view(&data);
        let checkpoints = Checkpoints::start(&core, caller.clone());
        Ok(Self {
            core,
            caller,
            group,
            view,
            checkpoints,
        })
    }

    /// What this installation is.
    #[must_use]
    pub fn show(&self) -> &InstallationView {
        &self.view
    }

    /// Creates a resource, under a key that the service makes for it alone (R4).
    ///
    /// # Errors
    /// [`Error::ResourceExists`] if the name is taken in the group.
    pub async fn create_resource(&self, new: NewResource) -> Result<ResourceHandle, Error> {
        let uid = ResourceUid::from_bytes(self.core.random_id()?);
        let service_key = self.core.new_service_key(uid).await?;
        let announcement = service_key.announcement.clone();
        let NewResource {
            name,
            region,
            tier,
            binding,
        } = new;
        let created = Created {
            uid,
            name: name.clone(),
            group: self.group.clone(),
            region,
            tier,
            binding,
            now: self.core.now(),
            keyring: self.core.first_keyring(uid, &service_key)?,
        };
        let guards = vec![self.group_stands().await?, announcement.clone()];
        let assertions = Assertions {
            guards,
            ..Assertions::default()
        };
        let command = Command::Create(Box::new(created));
        let created = self
            .core
            .submit(uid, &command, assertions, &self.caller)
            .await;
        match created {
            Ok(_) => {
                // It is created: what is left of its making goes with the next sweep.
                if let Err(error) = self.core.settle_announcement(announcement).await {
                    tracing::warn!(%uid, %error, "a new key's announcement could not be ended");
                }
                Ok(self.handle(uid))
            }
            Err(error) => {
                self.core.abandon(announcement).await?;
                Err(self.not_created(error, &name).await?)
            }
        }
    }

    /// A resource of the installation's group, by name; a deleted one too.
    ///
    /// # Errors
    /// [`Error::NoSuchResource`] if there is none.
    pub async fn resource(&self, name: &ResourceName) -> Result<ResourceHandle, Error> {
        let key = format!(
            "{}{}",
            self.group.index_prefix(),
            name.as_str().to_ascii_lowercase()
        );
        let found = self.core.find_all(&Find::exact(NAME_INDEX, &*key)).await?;
        let no_such = || Error::NoSuchResource {
            name: name.to_string(),
            group: self.group.name.to_string(),
        };
        let (_, uid) = found.first().ok_or_else(no_such)?;
        let resource = self.core.load::<Resource>(&aggregate(*uid)?).await?.state;
        let resource = resource.ok_or_else(no_such)?;
        // The index is only a way to the state, which alone is authenticated.
        if name_key(&resource) != key {
            return Err(Error::ForgedIndex {
                name: name.to_string(),
            });
        }
        Ok(self.handle(*uid))
    }

    /// All resources of the installation's group, by name; deleted ones too.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn resources(&self) -> Result<Vec<ResourceView>, Error> {
        let found = self
            .core
            .find_all(&Find::prefix(NAME_INDEX, self.group.index_prefix()))
            .await?;
        let mut views = Vec::with_capacity(found.len());
        for (_, uid) in found {
            match self.handle(uid).show().await {
                Ok(view) => views.push(view),
                // Purged since it was found.
                Err(Error::Refused(crate::Refusal::Absent)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(views)
    }

    /// Verifies the audit of the installation's tenant: the chain, and with the heads outside the
    /// data folder also its end.
    ///
    /// # Errors
    /// [`VerifyError`](strongroom_ledger::audit::VerifyError) naming the first entry that was removed,
    /// changed or reordered.
    pub async fn verify_audit(&self) -> Result<VerifiedAudit, Error> {
        self.core.verify_audit(self.caller.tenant).await
    }

    /// A page of the audit of the installation's tenant: at most `limit` entries after
    /// `after_sequence`, oldest first.
    ///
    /// # Errors
    /// If the ledger cannot be read, or an entry's body is not a record.
    pub async fn audit(&self, after_sequence: u64, limit: u32) -> Result<Vec<Audited>, Error> {
        self.core
            .audit_page(self.caller.tenant, after_sequence, limit)
            .await
    }

    /// Writes the audit heads out and closes the installation.
    ///
    /// # Errors
    /// If the heads cannot be written.
    pub async fn close(self) -> Result<(), Error> {
        let Self {
            core, checkpoints, ..
        } = self;
        let written = checkpoints.stop(&core).await;
        // Closed whatever became of the heads; the first failure is the one to tell of.
        let closed = core.close().await;
        written.and(closed)
    }

    /// The sequence of the newest audit entry of the installation's tenant.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn audit_length(&self) -> Result<u64, Error> {
        self.core.audit_length(self.caller.tenant).await
    }

    /// Asserts that the group is there still when what is created in it is committed.
    async fn group_stands(&self) -> Result<Guard, Error> {
        let id = self.group.aggregate()?;
        let version = self.core.load::<ResourceGroup>(&id).await?.version;
        Ok(Guard { id, version })
    }

    /// Why a resource was not created; that its name is taken is a refusal, and recorded.
    async fn not_created(&self, error: Error, name: &ResourceName) -> Result<Error, Error> {
        match error {
            Error::Ledger(LedgerError::Taken { index, .. }) if index == NAME_INDEX => {}
            other => return Ok(other),
        }
        let taken = Error::ResourceExists {
            name: name.to_string(),
            group: self.group.name.to_string(),
        };
        let refused = Happened::new(Operation::ResourceCreate, arm_id(&self.group, name));
        let refused = refused.failed(taken.code());
        self.core.record(vec![refused], &self.caller).await?;
        Ok(taken)
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    fn handle(&self, uid: ResourceUid) -> ResourceHandle {
        ResourceHandle::new(Arc::clone(&self.core), uid, self.caller.clone())
    }
}
