//! What the resources of an installation are driven with.

use std::sync::Arc;

use strongroom_base::TenantId;
use strongroom_ledger::AggregateId;
use strongroom_resource::{Resource, ResourceMachine};

use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::driver::Reader;
use crate::key_files::KeyStore;
use crate::lease::Leases;
use crate::store::DataPlane;
use crate::vaults::VaultRouter;

/// Everything that a resource rests on: records, keys, vaults, leases, and where its objects lie.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) records: Arc<Core>,
    pub(crate) keys: Arc<KeyStore>,
    pub(crate) vaults: Arc<VaultRouter>,
    /// What this process may use of customer data.
    pub(crate) leases: Arc<Leases>,
    pub(crate) data: DataPlane,
    /// Whether a resource may follow a key without a version (R16).
    pub(crate) follows_allowed: bool,
}

impl Control {
    /// Strongroom itself as a caller, on the audit of the tenant that a resource is in.
    pub(crate) async fn caller_for_resource(&self, id: &AggregateId) -> Result<Caller, Error> {
        let mut reader = Reader::new(&self.records);
        let tenant = match reader.load::<ResourceMachine>(id).await? {
            Some(resource) => tenant_of(&mut reader, &resource).await?,
            None => None,
        };
        self.records
            .own_caller(tenant.unwrap_or(self.records.first_tenant))
    }

    /// Closes the databases.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.records.ledger.close().await?;
        self.keys.close().await
    }
}

async fn tenant_of(
    reader: &mut Reader<'_>,
    resource: &Resource,
) -> Result<Option<TenantId>, Error> {
    let site = reader.group_site(resource.group).await?;
    Ok(site.map(|site| site.tenant()))
}
