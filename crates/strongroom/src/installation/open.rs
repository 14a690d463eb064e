//! Opening an installation.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use strongroom_base::{Clock, PrincipalId, ResourceUid};
use strongroom_crypto::{Provider, RootKeys};
use strongroom_ledger::Ledger;
use strongroom_ledger::checkpoint::FileCheckpoints;
use strongroom_ledger::key_file::{KeyFile, SqliteKeyFile};
use strongroom_ledger::runtime::OwnRuntime;
use strongroom_ledger::sqlite::SqliteOptions;
use strongroom_vault::VaultSuffix;
use tokio::sync::Mutex;

use super::begun::remove_left_over;
use super::settings::{Layout, Settings};
use super::settled::{Basis, LedgerFile};
use crate::Error;
use crate::audit_chain::{AuditChainKey, AuditChains};
use crate::busy::Busy;
use crate::clock::{ForwardClock, SystemClock};
use crate::core::{Core, random_id};
use crate::error::InstallationError;
use crate::key_files::KeyStore;
#[cfg(feature = "fault-injection")]
use crate::lease::Danger;
use crate::lease::{LeaseSettings, Leases};
use crate::local_folder::LocalFolder;
use crate::resource::Control;
use crate::store::{Blocks, DataPlane};
use crate::vaults::{FactSettings, OutsideVault, VaultRouter};

/// Something between an installation and what is durable of it: for tests of what a crash leaves.
#[cfg(feature = "fault-injection")]
#[cfg_attr(docsrs, doc(cfg(feature = "fault-injection")))]
pub trait Faults: std::fmt::Debug + Send + Sync {
    /// The ledger as the installation is to see it.
    fn ledger(
        &self,
        real: Arc<dyn strongroom_ledger::Ledger>,
    ) -> Arc<dyn strongroom_ledger::Ledger>;

    /// A key file as the installation is to see it.
    fn key_file(
        &self,
        real: Arc<dyn strongroom_ledger::key_file::KeyFile>,
    ) -> Arc<dyn strongroom_ledger::key_file::KeyFile>;
}

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
    /// From which network address the principals of this program call vaults; its own by default.
    pub address: IpAddr,
    /// Vaults outside the installation, by the suffix under which they are sought (R6).
    pub vaults: Vec<(VaultSuffix, Arc<dyn OutsideVault>)>,
    /// Whether a resource may follow a key without a version, and so whoever may add one (R16).
    pub follow_keys: bool,
    /// How the customers' keys are asked for (R17).
    pub leases: LeaseSettings,
    /// How old may be what is known of vaults outside the installation beside their keys, and how often it is
    /// asked for (R7).
    pub vault_facts: FactSettings,
    /// What stands between the installation and what is durable of it.
    #[cfg(feature = "fault-injection")]
    pub faults: Option<Arc<dyn Faults>>,
    /// What is left out.
    #[cfg(feature = "fault-injection")]
    pub danger: Danger,
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
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            vaults: Vec::new(),
            follow_keys: false,
            leases: LeaseSettings::default(),
            vault_facts: FactSettings::default(),
            #[cfg(feature = "fault-injection")]
            faults: None,
            #[cfg(feature = "fault-injection")]
            danger: Danger::default(),
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

    /// With vaults that somebody else keeps, under `suffix`.
    #[must_use]
    pub fn with_vaults(mut self, suffix: VaultSuffix, vaults: Arc<dyn OutsideVault>) -> Self {
        self.vaults.push((suffix, vaults));
        self
    }

    /// Lets a resource be set to a key without a version: it then goes over to whichever version the
    /// vault names the latest, so that the right to add a version is a right to read (R16).
    #[must_use]
    pub fn with_followed_keys(mut self) -> Self {
        self.follow_keys = true;
        self
    }

    /// With other leases on the customers' keys: how long a revocation may go unnoticed (R17).
    #[must_use]
    pub fn with_leases(mut self, leases: LeaseSettings) -> Self {
        self.leases = leases;
        self
    }

    /// With another age and budget for what is known of vaults outside the installation (R7).
    #[must_use]
    pub fn with_vault_facts(mut self, facts: FactSettings) -> Self {
        self.vault_facts = facts;
        self
    }

    /// With faults on the way to what is durable.
    #[cfg(feature = "fault-injection")]
    #[must_use]
    pub fn with_faults(mut self, faults: Arc<dyn Faults>) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Without something that keeps it safe: for controls, which must fail without it.
    #[cfg(feature = "fault-injection")]
    #[must_use]
    pub fn with_danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    /// With another network address from which principals call vaults: their firewalls judge it.
    #[must_use]
    pub fn with_address(mut self, address: IpAddr) -> Self {
        self.address = address;
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
    pub(crate) control: Arc<Control>,
    pub(crate) chains: Arc<AuditChains>,
    /// The clock, where it can be set forward.
    pub(crate) ahead: Option<Arc<ForwardClock>>,
}

/// Opens the installation in `data`.
pub(crate) async fn open(data: &Path, options: &Options) -> Result<Opened, Error> {
    let layout = Layout::new(data);
    let file = Settings::read(&layout)?;
    let key = file.root_key.read(&layout.data)?;
    let root = RootKeys::derive(&options.provider, &key)?;
    let found = root.id().to_string();
    if found != file.root_key_id {
        let expected = file.root_key_id;
        return Err(InstallationError::OtherRootKey { expected, found }.into());
    }
    let opened = open_core(&layout, Basis::File(&file), root, options).await?;
    if !opened.control.records.read_only {
        remove_left_over(&layout);
    }
    Ok(opened)
}

/// Makes the databases and folders of a new installation.
pub(super) async fn make(
    layout: &Layout,
    settings: &Settings,
    root: RootKeys,
    options: &Options,
) -> Result<Arc<Control>, Error> {
    let objects = layout.objects();
    std::fs::create_dir_all(&objects).map_err(InstallationError::io("making", objects))?;
    let opened = open_core(layout, Basis::New(settings), root, options).await?;
    Ok(opened.control)
}

pub(super) async fn open_core(
    layout: &Layout,
    basis: Basis<'_>,
    root: RootKeys,
    options: &Options,
) -> Result<Opened, Error> {
    let chain_key = Arc::new(AuditChainKey::new(&root)?);
    let runtime = |name: &str, workers| {
        OwnRuntime::start(name, workers).map_err(InstallationError::io(
            "starting threads for",
            layout.data.clone(),
        ))
    };
    // Apart, so that a vault of somebody else that blocks a thread keeps no database waiting.
    let databases = SqliteOptions::new()
        .create(matches!(basis, Basis::New(_)))
        .on(&runtime("strongroom-db", 1)?);
    let runtime = runtime("strongroom", 2)?;
    let ledger = LedgerFile {
        layout,
        key: &chain_key,
        options: databases.clone(),
        now: options.clock.now(),
    };
    let (ledger, settings) = ledger.open(basis).await?;
    let read_only = ledger.is_read_only();
    let service_keys = SqliteKeyFile::open(&layout.service_keys(), databases.clone()).await?;
    let vault_keys = SqliteKeyFile::open(&layout.vault_keys(), databases).await?;
    let heads = FileCheckpoints::new(layout.data.join(&settings.audit_heads), chain_key.clone());
    let durable = Durable {
        ledger: Arc::new(ledger),
        service_keys: Arc::new(service_keys),
        vault_keys: Arc::new(vault_keys),
    };
    #[cfg(feature = "fault-injection")]
    let durable = durable.with_faults(options);
    let Durable {
        ledger,
        service_keys,
        vault_keys,
    } = durable;
    let (objects, folder): (Arc<dyn ObjectStore>, _) = if let Some(objects) = &options.objects {
        (Arc::clone(objects), None)
    } else {
        let folder = objects_folder(layout.objects())?;
        // What it leaves lies where it did, and no worse.
        if !read_only && let Err(error) = folder.sweep(options.clock.now()).await {
            tracing::warn!(%error, "abandoned writes could not be removed");
        }
        let folder = Arc::new(folder);
        (folder.clone(), Some(folder))
    };
    let (clock, ahead) = clocks(layout, &settings, options)?;
    let owner = ResourceUid::from_bytes(random_id(&options.provider)?).to_string();
    let leases = Arc::new(leases(options, &clock));
    let records = Arc::new(Core {
        runtime,
        ledger,
        read_only,
        provider: options.provider,
        clock: Arc::clone(&clock),
        owner,
        busy: Busy::default(),
        own_principal: PrincipalId::from_bytes(*settings.id.as_bytes()),
        first_tenant: settings.tenant,
        observer: leases.clone(),
    });
    let keys = Arc::new(KeyStore {
        records: Arc::clone(&records),
        root,
        service_keys,
        vault_keys,
    });
    let vaults = VaultRouter::new(
        Arc::clone(&keys),
        options.vaults.clone(),
        (options.leases.budget, options.vault_facts),
        options.leases.deadline(),
    );
    let control = Arc::new(Control {
        records: Arc::clone(&records),
        keys,
        vaults: Arc::new(vaults),
        leases,
        data: DataPlane {
            objects,
            folder,
            blocks: Arc::new(Blocks::new()),
            random: options.provider.random,
            clock,
        },
        follows_allowed: options.follow_keys,
    });
    let chains = AuditChains {
        records,
        key: chain_key,
        heads: Arc::new(heads),
        written: Mutex::default(),
    };
    Ok(Opened {
        settings,
        control,
        chains: Arc::new(chains),
        ahead,
    })
}

/// The installation's own folder for objects.
fn objects_folder(path: PathBuf) -> Result<LocalFolder, InstallationError> {
    let found = path.symlink_metadata();
    if found.is_ok_and(|found| found.is_symlink()) {
        return Err(InstallationError::ObjectsLinked { path });
    }
    LocalFolder::open(&path).map_err(InstallationError::io("opening", path))
}

fn leases(options: &Options, clock: &Arc<dyn Clock>) -> Leases {
    let leases = Leases::new(options.leases, Arc::clone(clock), options.provider);
    #[cfg(feature = "fault-injection")]
    let leases = leases.with_danger(options.danger);
    leases
}

/// The clock of an installation and, if it was made for trying things, the same as one that can be set
/// forward.
type Clocks = (Arc<dyn Clock>, Option<Arc<ForwardClock>>);

fn clocks(
    layout: &Layout,
    settings: &Settings,
    options: &Options,
) -> Result<Clocks, InstallationError> {
    if !settings.dev {
        return Ok((Arc::clone(&options.clock), None));
    }
    let path = layout.clock();
    let clock = ForwardClock::open(Arc::clone(&options.clock), path.clone())
        .map_err(InstallationError::io("reading", path))?;
    let clock = Arc::new(clock);
    Ok((clock.clone(), Some(clock)))
}

/// The databases of an installation.
struct Durable {
    ledger: Arc<dyn Ledger>,
    service_keys: Arc<dyn KeyFile>,
    vault_keys: Arc<dyn KeyFile>,
}

#[cfg(feature = "fault-injection")]
impl Durable {
    fn with_faults(self, options: &Options) -> Self {
        let Some(faults) = &options.faults else {
            return self;
        };
        Self {
            ledger: faults.ledger(self.ledger),
            service_keys: faults.key_file(self.service_keys),
            vault_keys: faults.key_file(self.vault_keys),
        }
    }
}
