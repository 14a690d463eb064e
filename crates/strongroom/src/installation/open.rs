//! Opening an installation.

use std::path::Path;
use std::sync::{Arc, Mutex};

use object_store::ObjectStore;
use strongroom_base::{Clock, ResourceUid};
use strongroom_crypto::{Provider, RootKeys};
use strongroom_ledger::checkpoint::FileCheckpoints;
use strongroom_ledger::key_file::SqliteKeyFile;
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};

use super::InstallationError;
use super::settings::{Layout, Settings};
use crate::Error;
use crate::audit_chain::AuditChainKey;
use crate::clock::SystemClock;
use crate::core::{Core, random_id};
use crate::local_folder::LocalFolder;

/// What an installation is opened with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The cryptographic library.
    pub provider: Provider,
    /// The clock; by default the machine's own.
    pub clock: Arc<dyn Clock>,
    /// Where sealed objects go; by default a folder in the data folder, with fsync.
    pub objects: Option<Arc<dyn ObjectStore>>,
    /// Where requests come from, as audit records say it.
    pub source: String,
}

impl Options {
    /// The defaults, over `provider`.
    #[must_use]
    pub fn new(provider: Provider) -> Self {
        let source = "library".to_owned();
        Self {
            provider,
            clock: Arc::new(SystemClock),
            objects: None,
            source,
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With sealed objects in another store.
    #[must_use]
    pub fn with_objects(mut self, objects: Arc<dyn ObjectStore>) -> Self {
        self.objects = Some(objects);
        self
    }

    /// With another word for where requests come from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }
}

/// An installation as it was found.
pub(crate) struct Opened {
    pub(crate) settings: Settings,
    pub(crate) core: Core,
}

/// Opens the installation in `data`.
pub(crate) async fn open(data: &Path, options: &Options) -> Result<Opened, Error> {
    let layout = Layout::new(data);
    let settings = Settings::read(&layout)?;
    let key = settings.root_key.read(&layout.data)?;
    let root = RootKeys::derive(&options.provider, &key)?;
    let found = root.id().to_string();
    if found != settings.root_key_id {
        let expected = settings.root_key_id;
        return Err(InstallationError::OtherRootKey { expected, found }.into());
    }
    let core = open_core(&layout, &settings, root, options, false).await?;
    Ok(Opened { settings, core })
}

/// Makes the databases and folders of a new installation.
pub(super) async fn make(
    layout: &Layout,
    settings: &Settings,
    root: RootKeys,
    options: &Options,
) -> Result<Core, Error> {
    let objects = layout.objects();
    std::fs::create_dir_all(&objects).map_err(InstallationError::io("making", objects))?;
    open_core(layout, settings, root, options, true).await
}

async fn open_core(
    layout: &Layout,
    settings: &Settings,
    root: RootKeys,
    options: &Options,
    create: bool,
) -> Result<Core, Error> {
    let chain_key = Arc::new(AuditChainKey::new(root.audit_chain()?));
    let databases = SqliteOptions::new().create(create);
    let ledger = SqliteLedger::open(&layout.ledger(), chain_key.clone(), databases.clone()).await?;
    let service_keys = SqliteKeyFile::open(&layout.service_keys(), databases).await?;
    let heads = FileCheckpoints::new(layout.data.join(&settings.audit_heads), chain_key.clone());
    let objects: Arc<dyn ObjectStore> = if let Some(objects) = &options.objects {
        Arc::clone(objects)
    } else {
        let folder = LocalFolder::open(&layout.objects())?;
        // What it leaves lies where it did, and no worse.
        if let Err(error) = folder.sweep(options.clock.now()).await {
            tracing::warn!(%error, "abandoned writes could not be removed");
        }
        Arc::new(folder)
    };
    let state_mac = root.state_mac()?;
    let owner = ResourceUid::from_bytes(random_id(&options.provider)?).to_string();
    Ok(Core {
        ledger: Arc::new(ledger),
        service_keys: Arc::new(service_keys),
        objects,
        provider: options.provider,
        root,
        state_mac,
        clock: Arc::clone(&options.clock),
        chain_key,
        heads: Arc::new(heads),
        owner,
        leases: Mutex::default(),
    })
}
