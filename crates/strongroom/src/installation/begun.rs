//! A data folder that is being made into an installation.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::InstallationError;
use super::settings::Layout;

/// The file that says so. It is locked while `init` runs, and holds the id of the root key that was
/// made, so that an `init` that was cut off can be begun anew.
#[derive(Debug)]
pub(super) struct Begun {
    file: File,
    folder: File,
    root_key_id: Option<String>,
}

impl Begun {
    /// Begins in a folder that is absent, empty, or was begun and cut off. What was made in it by
    /// then is removed: nobody was told of it.
    pub(super) fn begin(layout: &Layout) -> Result<Self, InstallationError> {
        let data = &layout.data;
        let occupied = || InstallationError::Occupied { path: data.clone() };
        make_folder(data).map_err(InstallationError::io("making", data))?;
        let path = layout.begun_settings();
        let mut entries = fs::read_dir(data).map_err(InstallationError::io("listing", data))?;
        if !path.exists() && entries.next().is_some() {
            return Err(occupied());
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
        if layout.settings().exists() {
            return Err(occupied());
        }
        let mut noted = String::new();
        file.read_to_string(&mut noted)
            .map_err(InstallationError::io("reading", &path))?;
        for database in layout.databases() {
            match fs::remove_file(&database) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(InstallationError::io("removing", database)(error));
                }
                _ => {}
            }
        }
        let root_key_id = (!noted.is_empty()).then_some(noted);
        let folder = File::open(data).map_err(InstallationError::io("opening", data))?;
        Ok(Self {
            file,
            folder,
            root_key_id,
        })
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
        let Self { file, folder, .. } = self;
        let (draft, name) = (layout.settings_draft(), layout.settings());
        let publish = || -> io::Result<()> {
            let mut draft_file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            draft_file.write_all(settings)?;
            draft_file.sync_all()?;
            fs::rename(&draft, &name)?;
            folder.sync_all()?;
            fs::remove_file(layout.begun_settings())
        };
        let published = publish().map_err(InstallationError::io("writing", &name));
        // Locked until then.
        drop(file);
        published
    }

    fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(content)?;
        self.file.sync_all()
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

    #[test]
    fn i09_what_was_begun_is_begun_anew_and_knows_its_root_key() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let mut cut_off = Begun::begin(&layout).unwrap();
        assert_eq!(cut_off.root_key_id(), None);
        cut_off.note_root_key("0a").unwrap();
        fs::write(layout.ledger(), "half a database").unwrap();
        drop(cut_off);

        let anew = Begun::begin(&layout).unwrap();
        assert_eq!(anew.root_key_id(), Some("0a"));
        assert!(!layout.ledger().exists());
    }

    #[test]
    fn i09_the_root_key_is_known_until_the_settings_have_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let mut cut_off = Begun::begin(&layout).unwrap();
        cut_off.note_root_key("0a").unwrap();
        // Where the name is to be given, it cannot be.
        fs::create_dir(layout.settings()).unwrap();
        cut_off.publish(&layout, b"{}").unwrap_err();
        fs::remove_dir(layout.settings()).unwrap();

        let anew = Begun::begin(&layout).unwrap();
        assert_eq!(anew.root_key_id(), Some("0a"));
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
}
