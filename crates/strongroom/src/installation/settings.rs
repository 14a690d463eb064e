//! `installation.json`: what an installation is, and where its parts are.
//!
//! The file decides nothing. What an installation is stands in its ledger, authenticated like every state, and
//! the file must say the same: else it is damaged, and nothing that it says is obeyed. The one thing that is
//! taken from it before the ledger is open is where the root key is, and a root key proves itself: the ledger
//! opens under no other.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use strongroom_base::{PrincipalId, Region, ResourceUid, SubscriptionId, TenantId};
use strongroom_identity::GroupUid;
use strongroom_ledger::AggregateId;

use super::root_key::RootKeySource;
use crate::Error;
use crate::error::InstallationError;
use crate::files::{resolve, write_anew};

/// The format of the settings file.
pub(super) const FORMAT: u32 = 2;
/// The format that it had while the ledger said nothing of the installation.
pub(super) const OLD_FORMAT: u32 = 1;

/// The settings file's content, and the ledger's. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) format: u32,
    pub(crate) id: ResourceUid,
    /// Whether this installation is for trying things: it then allows what tests need.
    pub(crate) dev: bool,
    pub(crate) root_key: RootKeySource,
    /// The id of the root key, so that another is found before anything is opened with it.
    pub(crate) root_key_id: String,
    /// Where the audit heads go; relative to the data folder.
    pub(crate) audit_heads: PathBuf,
    pub(crate) region: Region,
    pub(crate) tenant: TenantId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) group: GroupUid,
    pub(crate) administrator: PrincipalId,
}

/// An installation, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallationView {
    /// The data folder.
    pub data: PathBuf,
    /// The installation's id.
    pub id: ResourceUid,
    /// Whether it was made for trying things.
    pub dev: bool,
    /// Where the root key is.
    pub root_key: String,
    /// The root key's public id.
    pub root_key_id: String,
    /// Where the audit heads go.
    pub audit_heads: PathBuf,
    /// The first region.
    pub region: Region,
    /// The first tenant.
    pub tenant: TenantId,
    /// The first subscription.
    pub subscription: SubscriptionId,
    /// The first resource group.
    pub group: GroupUid,
    /// The first principal.
    pub administrator: PrincipalId,
}

/// The files of a data folder.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) data: PathBuf,
}

impl Layout {
    pub(crate) fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.data.join("installation.json")
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.data.join("ledger.db")
    }

    pub(crate) fn service_keys(&self) -> PathBuf {
        self.data.join("service-keys.db")
    }

    pub(crate) fn vault_keys(&self) -> PathBuf {
        self.data.join("vault-keys.db")
    }

    /// How far the clock was set forward, on an installation for trying things.
    pub(crate) fn clock(&self) -> PathBuf {
        self.data.join("clock.json")
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.data.join("objects")
    }

    /// What is there while an installation is being made.
    pub(crate) fn begun_settings(&self) -> PathBuf {
        self.data.join("installation.json.new")
    }

    /// The settings file before it has its name.
    pub(crate) fn settings_draft(&self) -> PathBuf {
        self.data.join("installation.json.draft")
    }

    /// All database files, with what SQLite keeps beside them.
    pub(crate) fn databases(&self) -> impl Iterator<Item = PathBuf> {
        [self.ledger(), self.service_keys(), self.vault_keys()]
            .into_iter()
            .flat_map(|path| {
                ["", "-wal", "-shm", "-journal"].map(|suffix| {
                    let mut name = path.clone().into_os_string();
                    name.push(suffix);
                    name.into()
                })
            })
    }

    /// The folder beside the data folder for what must not be lost or stolen together with it, as
    /// a path from the data folder.
    pub(crate) fn keep(&self) -> PathBuf {
        let mut name = self.data.file_name().unwrap_or_default().to_owned();
        name.push(".keep");
        Path::new("..").join(name)
    }
}

/// Under which id the ledger has the settings.
pub(crate) fn settings_id() -> Result<AggregateId, Error> {
    Ok(AggregateId::new("installation", "settings")?)
}

impl Settings {
    pub(crate) fn read(layout: &Layout) -> Result<Self, InstallationError> {
        Self::read_at(layout, layout.settings())
    }

    /// The draft, if there is one.
    pub(super) fn read_draft(layout: &Layout) -> Result<Self, InstallationError> {
        Self::read_at(layout, layout.settings_draft())
    }

    fn read_at(layout: &Layout, path: PathBuf) -> Result<Self, InstallationError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }

        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = layout.data.clone();
                return Err(
                    if layout.ledger().exists() && !layout.begun_settings().exists() {
                        InstallationError::SettingsLost { path }
                    } else {
                        InstallationError::Absent { path }
                    },
                );
            }
            Err(source) => return Err(InstallationError::io("reading", path)(source)),
        };
        let damaged = |source| InstallationError::Settings {
            path: path.clone(),
            source,
        };
        let Format { format: found } = serde_json::from_slice(&text).map_err(damaged)?;
        if found != FORMAT && found != OLD_FORMAT {
            return Err(InstallationError::Format {
                path,
                found,
                known: FORMAT,
            });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// Whether the file, which is `self`, says what the ledger says. Where the root key is need not be the
    /// same: it has proved itself by now.
    pub(super) fn agrees_with(&self, ledger: &Self) -> bool {
        let own = Self {
            format: ledger.format,
            root_key: ledger.root_key.clone(),
            ..self.clone()
        };
        own == *ledger
    }

    /// The same in today's format.
    pub(super) fn in_todays_format(self) -> Self {
        Self {
            format: FORMAT,
            ..self
        }
    }

    /// Makes the file anew, beside the one that is there.
    pub(super) fn write_draft(&self, layout: &Layout) -> Result<(), Error> {
        let text = self.to_json().map_err(Error::Encoding)?;
        let draft = layout.settings_draft();
        write_anew(&draft, &text).map_err(InstallationError::io("writing", draft))?;
        Ok(())
    }

    /// The draft becomes the settings file, durably.
    pub(super) fn publish_draft(layout: &Layout) -> Result<(), InstallationError> {
        let name = layout.settings();
        let publish = || {
            fs::rename(layout.settings_draft(), &name)?;
            File::open(&layout.data)?.sync_all()
        };
        publish().map_err(InstallationError::io("writing", &name))
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    pub(crate) fn view(&self, data: &Path) -> InstallationView {
        InstallationView {
            data: data.to_owned(),
            id: self.id,
            dev: self.dev,
            root_key: self.root_key.shown_from(data),
            root_key_id: self.root_key_id.clone(),
            audit_heads: resolve(data, &self.audit_heads),
            region: self.region.clone(),
            tenant: self.tenant,
            subscription: self.subscription,
            group: self.group,
            administrator: self.administrator,
        }
    }
}
