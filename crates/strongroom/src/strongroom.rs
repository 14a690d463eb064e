//! An open installation.

mod export;
mod time;

use std::path::Path;
use std::sync::Arc;

use strongroom_base::{CorrelationId, ResourceName};

pub use self::export::ExportedKey;
use crate::Error;
use crate::audit::Caller;
use crate::audit_chain::{AuditChains, Audited, HeadWriter, VerifiedAudit};
use crate::clock::ForwardClock;
use crate::core::random_id;
use crate::installation::{self, InitOptions, InstallationView, Opened, Options, Relocation};
use crate::lease::Watch;
use crate::maintenance::Maintenance;
use crate::operator::Operator;
use crate::resource::{Control, NewResource, ResourceHandle, ResourceView};

/// An open installation: its resources, their data, and the audit of both.
///
/// Close it with [`close`](Self::close), which writes the audit heads out. One that is dropped, or
/// killed, loses nothing that was acknowledged; its last heads are at most a minute old.
#[derive(Debug)]
pub struct Strongroom {
    control: Arc<Control>,
    chains: Arc<AuditChains>,
    operator: Operator,
    view: InstallationView,
    /// The clock, where it can be set forward.
    ahead: Option<Arc<ForwardClock>>,
    /// None where nothing can be written: no chain moves then.
    heads: Option<HeadWriter>,
    watch: Watch,
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

    /// Says anew where the root key and the audit heads of the installation in `data` are, and writes its
    /// settings file from what its ledger says; recorded in the audit. Whoever has the root key may.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn relocate(
        data: impl AsRef<Path>,
        relocation: Relocation,
        options: &Options,
    ) -> Result<InstallationView, Error> {
        installation::relocate(data.as_ref(), relocation, options).await
    }

    /// Opens the installation in `data`. Whatever was cut off in it, or has come due, is left to
    /// [`maintenance`](Self::maintenance), or is done when somebody comes to rest on it.
    ///
    /// If the data folder cannot be written, it is opened for reading: what needs no audit record works,
    /// and what needs one is refused as unavailable.
    ///
    /// # Errors
    /// [`InstallationError`](crate::InstallationError) if there is none or its root key is not the
    /// one it was made with; a ledger error if its databases cannot be opened.
    pub async fn open(data: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let opened = installation::open(data.as_ref(), options).await?;
        let Opened {
            settings,
            control,
            chains,
            ahead,
        } = opened;
        let is_writable = !control.records.read_only;
        let caller = Caller {
            tenant: settings.tenant,
            principal: settings.administrator,
            source: options.source.clone(),
            correlation: CorrelationId::from_bytes(random_id(&options.provider)?),
        };
        let data = std::path::absolute(data.as_ref()).unwrap_or_else(|_| data.as_ref().to_owned());
        let view = settings.view(&data);
        let heads = is_writable.then(|| HeadWriter::start(&chains));
        let watch = Watch::start(&control.records, &control.leases).await?;
        Ok(Self {
            operator: Operator {
                core: Arc::clone(&control),
                caller,
                group: settings.group,
                address: options.address,
            },
            control,
            chains,
            view,
            ahead,
            heads,
            watch,
        })
    }

    /// What this installation is.
    #[must_use]
    pub fn show(&self) -> &InstallationView {
        &self.view
    }

    /// The administrator that the installation was made with, at work in its first group.
    #[must_use]
    pub fn administrator(&self) -> &Operator {
        &self.operator
    }

    /// Creates a resource in the first group, as the administrator.
    ///
    /// # Errors
    /// As for [`Operator::create_resource`].
    pub async fn create_resource(&self, new: NewResource) -> Result<ResourceHandle, Error> {
        self.operator.create_resource(new).await
    }

    /// A resource of the first group, by name; a deleted one too.
    ///
    /// # Errors
    /// As for [`Operator::resource`].
    pub async fn resource(&self, name: &ResourceName) -> Result<ResourceHandle, Error> {
        self.operator.resource(name).await
    }

    /// All resources of the first group, by name; deleted ones too.
    ///
    /// # Errors
    /// As for [`Operator::resources`].
    pub async fn resources(&self) -> Result<Vec<ResourceView>, Error> {
        self.operator.resources().await
    }

    /// Verifies the audit of all tenants: the chains, with the heads outside the data folder also their
    /// ends, and that every state is the one that they name last. What is told is of the installation's
    /// tenant.
    ///
    /// # Errors
    /// [`VerifyError`](strongroom_ledger::audit::VerifyError) naming the first entry that was removed,
    /// changed or reordered, or the first state that was put back.
    pub async fn verify_audit(&self) -> Result<VerifiedAudit, Error> {
        self.chains.verify_audit(self.operator.tenant()).await
    }

    /// A page of the audit of the installation's tenant: at most `limit` records after the entry
    /// `after_sequence`, oldest first. What was asked of a remote key is one record, of an intent and
    /// its outcome; without an outcome its result is
    /// [`Unknown`](crate::AuditResult::Unknown) (R18).
    ///
    /// # Errors
    /// If the ledger cannot be read, or an entry's body is not a record.
    pub async fn audit(&self, after_sequence: u64, limit: u32) -> Result<Vec<Audited>, Error> {
        self.chains
            .audit_page(self.operator.tenant(), after_sequence, limit)
            .await
    }

    /// The newest records of the audit of the installation's tenant: at most `limit`, oldest first.
    ///
    /// # Errors
    /// As for [`audit`](Self::audit).
    pub async fn newest_audit(&self, limit: u32) -> Result<Vec<Audited>, Error> {
        self.chains
            .newest_audit(self.operator.tenant(), limit)
            .await
    }

    /// Writes the audit heads out and closes the installation.
    ///
    /// # Errors
    /// If the heads cannot be written.
    pub async fn close(self) -> Result<(), Error> {
        let Self {
            control,
            chains,
            heads,
            watch,
            ..
        } = self;
        drop(watch);
        let written = match heads {
            Some(heads) => heads.stop(&chains).await,
            None => Ok(()),
        };
        // Closed whatever became of the heads; the first failure is the one to tell of.
        let closed = control.close().await;
        written.and(closed)
    }

    /// The sequence of the newest audit entry of the installation's tenant.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn audit_length(&self) -> Result<u64, Error> {
        self.chains.audit_length(self.operator.tenant()).await
    }

    /// What time makes due, and what was cut off: nothing of it is done by opening an installation.
    #[must_use]
    pub fn maintenance(&self) -> Maintenance {
        Maintenance::new(Arc::clone(&self.control))
    }

    #[cfg(test)]
    pub(crate) fn chains(&self) -> &Arc<AuditChains> {
        &self.chains
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }
}
