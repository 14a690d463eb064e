//! What the ledger says of the installation: read before anything that the settings file says is obeyed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use strongroom_base::Timestamp;
use strongroom_ledger::checkpoint::{CheckpointSink as _, FileCheckpoints};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions, Upgrade};
use strongroom_ledger::{Change, Commit, Damage, Ledger as _, LedgerError, REVISIONS, Write};

use super::RootKeySource;
use super::settings::{FORMAT, Layout, OLD_FORMAT, Settings, settings_id};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::audit_chain::AuditChainKey;
use crate::core::{Core, Loaded, encode};
use crate::error::InstallationError;

/// What the settings are taken from.
pub(super) enum Basis<'a> {
    /// The installation is being made with them.
    New(&'a Settings),
    /// The ledger, and this file must say the same.
    File(&'a Settings),
    /// The ledger alone.
    Ledger,
}

/// The ledger of an installation that is being opened.
pub(super) struct LedgerFile<'a> {
    pub(super) layout: &'a Layout,
    pub(super) key: &'a Arc<AuditChainKey>,
    pub(super) options: SqliteOptions,
    pub(super) now: Timestamp,
}

impl LedgerFile<'_> {
    /// The ledger, and the settings that count.
    pub(super) async fn open(&self, basis: Basis<'_>) -> Result<(SqliteLedger, Settings), Error> {
        match basis {
            Basis::New(settings) => Ok((self.ledger(None).await?, settings.clone())),
            Basis::File(file) if file.format == OLD_FORMAT => self.move_on().await,
            Basis::File(file) => {
                let ledger = self.ledger(None).await?;
                let settings = self.said(&ledger, file).await?;
                Ok((ledger, settings))
            }
            Basis::Ledger => {
                let ledger = self.ledger(None).await?;
                let settings = self.read(&ledger).await?;
                Ok((ledger, settings))
            }
        }
    }

    async fn ledger(&self, upgrade: Option<Upgrade>) -> Result<SqliteLedger, LedgerError> {
        let options = self.options.clone().upgrade(upgrade);
        SqliteLedger::open(&self.layout.ledger(), self.key.clone(), options).await
    }

    fn forged(&self) -> Error {
        let path = self.layout.settings();
        InstallationError::ForgedSettings { path }.into()
    }

    /// What the ledger says.
    async fn read(&self, ledger: &SqliteLedger) -> Result<Settings, Error> {
        let id = settings_id()?;
        let stored = ledger.load(&id).await?.ok_or_else(|| self.forged())?;
        let damaged = |source| Error::DamagedState { id, source };
        serde_json::from_slice(&stored.state).map_err(damaged)
    }

    /// What the ledger says, if the file says the same; with the root key where the file has it.
    async fn said(&self, ledger: &SqliteLedger, file: &Settings) -> Result<Settings, Error> {
        let settings = self.read(ledger).await?;
        if !file.agrees_with(&settings) {
            return Err(self.forged());
        }
        let root_key = file.root_key.clone();
        Ok(Settings {
            root_key,
            ..settings
        })
    }

    /// Moves an installation whose ledger says nothing of its settings to this form: in the transaction that
    /// brings the ledger to its own, the settings become a state of it.
    ///
    /// The new settings file lies ready before that transaction and gets its name after it. So an old file
    /// beside a ledger that was moved is either the trace of a process that was cut off between the two, and
    /// the new one lies ready; or somebody has put it back.
    async fn move_on(&self) -> Result<(SqliteLedger, Settings), Error> {
        let layout = self.layout;
        // One process at a time.
        let _moving = self.lock().await?;
        let file = Settings::read(layout)?;
        if file.format == FORMAT {
            let ledger = self.ledger(None).await?;
            let settings = self.said(&ledger, &file).await?;
            return Ok((ledger, settings));
        }
        let ledger = match self.ledger(None).await {
            Err(LedgerError::Damaged {
                damage: Damage::OldForm,
                cause,
            }) => {
                if self.was_moved_before(&file).await {
                    let damage = Damage::OldForm;
                    return Err(LedgerError::Damaged { damage, cause }.into());
                }
                let settings = file.clone().in_todays_format();
                settings.write_draft(layout)?;
                let upgrade = Upgrade {
                    at: self.now,
                    records: vec![(settings_id()?, encode(&settings)?)],
                };
                self.ledger(Some(upgrade)).await?
            }
            ledger => ledger?,
        };
        let settings = self.said(&ledger, &file).await?;
        match Settings::read_draft(layout) {
            Ok(draft) if draft.format == FORMAT && draft.agrees_with(&settings) => {
                Settings::publish_draft(layout)?;
                Ok((ledger, settings))
            }
            Ok(_) | Err(_) => Err(self.forged()),
        }
    }

    async fn lock(&self) -> Result<File, Error> {
        let path = self.layout.settings();
        let locked = path.clone();
        let lock = tokio::task::spawn_blocking(move || {
            let file = File::open(locked)?;
            file.lock()?;
            Ok(file)
        });
        let locked = lock.await.map_err(io::Error::other).flatten();
        Ok(locked.map_err(InstallationError::io("locking", path))?)
    }

    /// Whether the audit heads outside the data folder say that this installation was of today's form: then
    /// somebody has put an old one back. The file may name another place than the true one, so it is looked for
    /// where heads are by default, too.
    async fn was_moved_before(&self, file: &Settings) -> bool {
        let heads = |path: PathBuf| path.with_file_name("audit-heads");
        let by_default = self.layout.keep().join("audit-heads");
        let mut places = BTreeSet::from([file.audit_heads.clone(), by_default]);
        if let RootKeySource::File { path } = &file.root_key {
            places.insert(heads(path.clone()));
        }
        for place in places {
            let path = self.layout.data.join(place);
            match FileCheckpoints::new(&path, self.key.clone())
                .read_all()
                .await
            {
                Ok(all) if all.iter().any(|one| one.head.chain == REVISIONS) => return true,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "audit heads could not be read");
                }
            }
        }
        false
    }
}

impl Core {
    /// Makes `settings` what the ledger says.
    pub(super) async fn settle_settings(
        &self,
        settings: &Settings,
        operation: Operation,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = settings_id()?;
        let Loaded { version, .. } = self.load::<Settings>(&id).await?;
        let now = self.now();
        let happened = Happened::new(operation, format!("installation/{}", settings.id));
        let commit = Commit {
            writes: vec![Write {
                id,
                expected: version,
                change: Change::Put {
                    state: encode(settings)?,
                    index: Vec::new(),
                },
            }],
            audit: self.entries(vec![happened], caller, now)?,
            ..Commit::default()
        };
        self.ledger.commit(commit, now).await?;
        Ok(())
    }
}
