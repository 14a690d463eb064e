//! A data folder that is being made into an installation.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_ledger::key_file::{KeyFile as _, KeyFileError, SqliteKeyFile};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{ChainKey, Ledger as _, LedgerError};

use super::settings::{Layout, Settings};
use crate::Error;
use crate::error::InstallationError;
use crate::files::write_anew;

/// More than is noted of a root key.
const LONGEST_NOTE: u64 = 64;

/// How many versions the founding of an installation draws from its ledger: a ledger that has drawn no more
/// holds nothing else.
const FOUNDING: u64 = 7;

/// The file that says so. It is locked while `init` runs, and holds the id of the root key that was
/// made, so that an `init` that was cut off can be begun anew.
#[derive(Debug)]
pub(super) struct Begun {
    file: File,
    folder: File,
    root_key_id: Option<String>,
}

impl Begun {
    /// Begins in a folder that is absent, empty, or was begun and cut off.
    pub(super) fn begin(layout: &Layout) -> Result<Self, InstallationError> {
        let data = &layout.data;
        let occupied = || InstallationError::Occupied { path: data.clone() };
        make_folder(data).map_err(InstallationError::io("making", data))?;
        let path = layout.begun_settings();
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => {}
            // Nobody's `init` makes anything else.
            Ok(_) => return Err(occupied()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let entries = fs::read_dir(data);
                let mut entries = entries.map_err(InstallationError::io("listing", data))?;
                if entries.next().is_some() {
                    return Err(occupied());
                }
            }
            Err(error) => return Err(InstallationError::io("finding", path)(error)),
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(InstallationError::io("making", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(InstallationError::UnderWay { path: data.clone() });
            }
            Err(TryLockError::Error(error)) => {
                return Err(InstallationError::io("locking", path)(error));
            }
        }
        // Whoever held the lock before may have finished.
        if layout.settings().symlink_metadata().is_ok() {
            remove_left_over(layout);
            return Err(occupied());
        }
        // What was locked must be what has the name, and no link to something else.
        let named = path.symlink_metadata();
        let held = file
            .metadata()
            .map_err(InstallationError::io("reading", &path))?;
        if !named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())) {
            return Err(InstallationError::UnderWay { path: data.clone() });
        }
        let mut noted = String::new();
        (&file)
            .take(LONGEST_NOTE)
            .read_to_string(&mut noted)
            .map_err(InstallationError::io("reading", &path))?;
        // It becomes part of a file's name.
        let is_id = noted.len() == 32 && noted.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !noted.is_empty() && !is_id {
            return Err(occupied());
        }
        file.rewind()
            .map_err(InstallationError::io("reading", &path))?;
        let root_key_id = (!noted.is_empty()).then_some(noted);
        let folder = File::open(data).map_err(InstallationError::io("opening", data))?;
        Ok(Self {
            file,
            folder,
            root_key_id,
        })
    }

    /// Removes the databases that were made here by an `init` that was cut off: nobody was told of them.
    /// They hold nothing but an unfinished founding, or they are left alone: where the settings of an
    /// installation are lost, its data are not.
    pub(super) async fn clear(&self, layout: &Layout) -> Result<(), Error> {
        if !holds_founding_alone(layout).await? {
            let path = layout.data.clone();
            return Err(InstallationError::Occupied { path }.into());
        }
        for database in layout.databases() {
            match fs::remove_file(&database) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(InstallationError::io("removing", database)(error).into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The id of the root key that an earlier `init` has made here.
    pub(super) fn root_key_id(&self) -> Option<&str> {
        self.root_key_id.as_deref()
    }

    /// What files that are being made here have in their names: the id of the root key.
    pub(super) fn tag(&self) -> &str {
        self.root_key_id.as_deref().unwrap_or("key")
    }

    /// Notes the id of a root key that is about to be written.
    pub(super) fn note_root_key(&mut self, id: &str) -> Result<(), InstallationError> {
        self.root_key_id = Some(id.to_owned());
        self.replace(id.as_bytes())
            .and_then(|()| self.folder.sync_all())
            .map_err(InstallationError::io("writing", "installation.json.new"))
    }

    /// Gives the settings file its content and its name: from now on this is an installation.
    ///
    /// The content is written beside what was noted: whatever cuts this off before the settings
    /// have their name, the next `init` still knows its root key.
    pub(super) fn publish(self, layout: &Layout, settings: &[u8]) -> Result<(), InstallationError> {
        let Self { file, .. } = self;
        let draft = layout.settings_draft();
        write_anew(&draft, settings).map_err(InstallationError::io("writing", draft))?;
        Settings::publish_draft(layout)?;
        remove_left_over(layout);
        // Locked until then.
        drop(file);
        Ok(())
    }

    fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(content)?;
        self.file.sync_all()
    }
}

/// Whether the databases of a folder hold no more than an installation that is being made.
async fn holds_founding_alone(layout: &Layout) -> Result<bool, Error> {
    let stored = layout.objects().join("r");
    match fs::read_dir(&stored) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Ok(false);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(InstallationError::io("listing", stored)(error).into()),
    }
    let there = |path: &Path| path.symlink_metadata().is_ok();
    let looking = SqliteOptions::new();
    let path = layout.ledger();
    if there(&path) {
        match SqliteLedger::open(&path, Arc::new(NoKey), looking.clone()).await {
            Ok(ledger) => {
                let newest = ledger.newest().await;
                ledger.close().await?;
                if newest?.as_u64() > FOUNDING {
                    return Ok(false);
                }
            }
            // A file without anything in it, yet.
            Err(LedgerError::Missing { .. }) => {}
            Err(error) if error.kind() == OutcomeKind::Unavailable => return Err(error.into()),
            Err(_) => return Ok(false),
        }
    }
    for path in [layout.service_keys(), layout.vault_keys()] {
        if !there(&path) {
            continue;
        }
        match SqliteKeyFile::open(&path, looking.clone()).await {
            Ok(keys) => {
                let first = keys.ids(None, 1).await;
                keys.close().await?;
                if !first?.is_empty() {
                    return Ok(false);
                }
            }
            Err(KeyFileError::File(LedgerError::Missing { .. })) => {}
            Err(error) if error.kind() == OutcomeKind::Unavailable => return Err(error.into()),
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Opens a ledger of which no record is read.
#[derive(Debug)]
struct NoKey;

impl ChainKey for NoKey {
    fn tag(&self, _: &[&[u8]]) -> [u8; 32] {
        [0; 32]
    }
}

/// Removes what an `init` leaves that was cut off when all else was done: an installation that is there is not
/// being made.
pub(super) fn remove_left_over(layout: &Layout) {
    let path = layout.begun_settings();
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a left-over file could not be removed");
        }
        _ => {}
    }
}

/// Makes a folder that its owner alone can use, and those above it, so that a power cut leaves them
/// where they are.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let there = path.ancestors().find(|folder| folder.exists());
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for made in path.ancestors().skip(1) {
        let folder = if made.as_os_str().is_empty() {
            Path::new(".")
        } else {
            made
        };
        File::open(folder)?.sync_all()?;
        if there == Some(made) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_init_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let first = Begun::begin(&layout).unwrap();
        let second = Begun::begin(&layout);
        assert!(matches!(second, Err(InstallationError::UnderWay { .. })));
        drop(first);
        Begun::begin(&layout)
            .unwrap()
            .publish(&layout, b"{}")
            .unwrap();
        let third = Begun::begin(&layout);
        assert!(matches!(third, Err(InstallationError::Occupied { .. })));
    }

    /// The id of a root key.
    const ID: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

    #[tokio::test]
    async fn i09_what_was_begun_is_begun_anew_and_knows_its_root_key() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let mut cut_off = Begun::begin(&layout).unwrap();
        assert_eq!(cut_off.root_key_id(), None);
        cut_off.note_root_key(ID).unwrap();
        // A database that has its name, and nothing else.
        fs::write(layout.ledger(), "").unwrap();
        drop(cut_off);

        let anew = Begun::begin(&layout).unwrap();
        anew.clear(&layout).await.unwrap();
        assert_eq!(anew.root_key_id(), Some(ID));
        assert!(!layout.ledger().exists());
    }

    #[test]
    fn i09_the_root_key_is_known_until_the_settings_have_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let mut cut_off = Begun::begin(&layout).unwrap();
        cut_off.note_root_key(ID).unwrap();
        // Where the name is to be given, it cannot be.
        fs::create_dir(layout.settings()).unwrap();
        cut_off.publish(&layout, b"{}").unwrap_err();
        fs::remove_dir(layout.settings()).unwrap();

        let anew = Begun::begin(&layout).unwrap();
        assert_eq!(anew.root_key_id(), Some(ID));
        anew.publish(&layout, b"{}").unwrap();
        assert_eq!(fs::read(layout.settings()).unwrap(), b"{}");
        assert_eq!(fs::read_dir(&layout.data).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine"), "x").unwrap();
        let refused = Begun::begin(&Layout::new(folder.path()));
        assert!(matches!(refused, Err(InstallationError::Occupied { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn i03_what_no_unfinished_init_has_made_is_never_removed() {
        let databases =
            |layout: &Layout| [layout.ledger(), layout.service_keys(), layout.vault_keys()];
        for which in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::new(folder.path());
            let path = databases(&layout)[which].clone();
            fs::write(&path, "somebody else's").unwrap();
            fs::write(layout.begun_settings(), ID).unwrap();
            let begun = Begun::begin(&layout).unwrap();
            begun.clear(&layout).await.unwrap_err();
            assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
        }
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        fs::create_dir_all(layout.objects().join("r/some")).unwrap();
        fs::write(layout.ledger(), "").unwrap();
        fs::write(layout.begun_settings(), ID).unwrap();
        let begun = Begun::begin(&layout).unwrap();
        begun.clear(&layout).await.unwrap_err();
        assert!(layout.ledger().exists());
    }

    #[test]
    fn what_has_the_name_of_a_beginning_and_is_none_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        fs::create_dir(&layout.data).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "").unwrap();
        let refused = || Begun::begin(&layout).unwrap_err();

        std::os::unix::fs::symlink(&elsewhere, layout.begun_settings()).unwrap();
        assert!(matches!(refused(), InstallationError::Occupied { .. }));
        fs::remove_file(layout.begun_settings()).unwrap();
        fs::create_dir(layout.begun_settings()).unwrap();
        assert!(matches!(refused(), InstallationError::Occupied { .. }));
        fs::remove_dir(layout.begun_settings()).unwrap();
        // It would be part of the name of a file that is removed.
        fs::write(layout.begun_settings(), "0a/../../elsewhere").unwrap();
        assert!(matches!(refused(), InstallationError::Occupied { .. }));
        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
    }
}
