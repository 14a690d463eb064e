//! What belongs to an installation itself: its data folder, its keep, its root key and its audit heads.
//!
//! No verb that moves files stores any of it, removes it or writes over it, whatever path leads there.
//! So files and folders are compared by device and inode, never by name.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::OFlags;
use serde::Deserialize;
use strongroom::InstallationView;

/// What every data folder holds.
const LEDGER: &str = "ledger.db";
/// The same.
const SERVICE_KEYS: &str = "service-keys.db";
/// What names the other places of an installation.
const SETTINGS: &str = "installation.json";
/// The root key in a keep.
const ROOT_KEY: &str = "root.key";
/// How the text of a root key begins.
const ROOT_KEY_BEGINS: &[u8] = b"strongroom-root-key-";
/// How the name of a keep ends.
const KEEP: &[u8] = b".keep";

/// A file or folder, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Id {
    device: u64,
    inode: u64,
}

impl Id {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// The places of the installation that is open, and of every other that was met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    /// By place, the data folder of the installation that it belongs to.
    places: Arc<Mutex<HashMap<Id, PathBuf>>>,
}

impl Own {
    /// The places of an open installation.
    pub(crate) fn of(view: &InstallationView) -> Self {
        let own = Self::default();
        own.learn_folder(&view.data);
        let heads = Some(view.audit_heads.clone());
        own.learn_outside(&view.data, root_key(&view.root_key), heads);
        own
    }

    /// The data folder of the installation that a file or folder belongs to, or one above it, or what it
    /// leads to. What does not exist yet is judged by the folder that it would lie in.
    ///
    /// # Errors
    /// The system's, when the path cannot be followed.
    pub(crate) fn around(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let whole = nearest(path)?;
        for place in whole.ancestors() {
            let metadata = fs::symlink_metadata(place)?;
            if let Some(data) = self.owner(place, &metadata) {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The data folder of the installation that this very file or folder belongs to.
    pub(crate) fn owner(&self, path: &Path, metadata: &Metadata) -> Option<PathBuf> {
        if let Some(data) = self.known(metadata) {
            return Some(data);
        }
        if !metadata.is_dir() {
            return None;
        }
        let data = data_folder_of(path)?;
        self.learn(&data);
        Some(data)
    }

    /// The same of what was met before, by what an open file says of itself.
    pub(crate) fn known(&self, metadata: &Metadata) -> Option<PathBuf> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&Id::of(metadata)).cloned()
    }

    /// Takes the places of an installation that is not open: its settings name them.
    fn learn(&self, data: &Path) {
        self.learn_folder(data);
        let settings = Settings::read(data).unwrap_or_default();
        let root_key = match settings.root_key.path {
            Some(path) if settings.root_key.from == "file" => Some(data.join(path)),
            _ => None,
        };
        let heads = settings.audit_heads.map(|path| data.join(path));
        self.learn_outside(data, root_key, heads);
    }

    /// The data folder, and what lies in it under names of its own: it may be mounted elsewhere, or linked.
    fn learn_folder(&self, data: &Path) {
        self.add(data, data);
        let objects = data.join("objects");
        for folder in [data, &objects, &objects.join("r")] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                self.add(&entry.path(), data);
            }
        }
    }

    /// What lies outside the data folder.
    fn learn_outside(&self, data: &Path, root_key: Option<PathBuf>, heads: Option<PathBuf>) {
        let mut keep = data.file_name().unwrap_or_default().to_owned();
        keep.push(OsStr::from_bytes(KEEP));
        let mut keeps = vec![data.with_file_name(keep)];
        for file in [root_key, heads].into_iter().flatten() {
            self.add(&file, data);
            if let Ok(target) = file.canonicalize() {
                self.add(&target, data);
            }
            keeps.extend(
                file.parent()
                    .filter(|folder| is_keep(folder))
                    .map(Path::to_owned),
            );
        }
        for keep in keeps {
            self.add(&keep, data);
            for entry in fs::read_dir(&keep).into_iter().flatten().flatten() {
                self.add(&entry.path(), data);
            }
        }
    }

    fn add(&self, place: &Path, data: &Path) {
        // What is not there is nobody's yet.
        if let Ok(metadata) = fs::symlink_metadata(place) {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places
                .entry(Id::of(&metadata))
                .or_insert_with(|| data.to_owned());
        }
    }
}

/// The settings of an installation, as far as they matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    root_key: RootKey,
    audit_heads: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RootKey {
    from: String,
    path: Option<PathBuf>,
}

impl Settings {
    /// More than any settings hold.
    const MAX: u64 = 1 << 20;

    fn read(data: &Path) -> Option<Self> {
        let text = read_start(&data.join(SETTINGS), Self::MAX).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// The file that a root key is read from, if it is one.
fn root_key(place: &str) -> Option<PathBuf> {
    let (kind, rest) = place.split_once(':')?;
    match kind {
        "file" => Some(rest.into()),
        "credential" => {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
            Some(Path::new(&folder).join(rest))
        }
        _ => None,
    }
}

/// The data folder that a folder is, or is the keep of, as its files have it.
fn data_folder_of(folder: &Path) -> Option<PathBuf> {
    let holds = |folder: &Path, name: &str| {
        fs::symlink_metadata(folder.join(name)).is_ok_and(|found| found.is_file())
    };
    let is_data = |folder: &Path| holds(folder, LEDGER) && holds(folder, SERVICE_KEYS);
    if is_data(folder) {
        return Some(folder.to_owned());
    }
    if is_keep(folder) {
        let name = folder.file_name()?.as_bytes().strip_suffix(KEEP)?;
        let data = folder.with_file_name(OsStr::from_bytes(name));
        let begins = read_start(&folder.join(ROOT_KEY), ROOT_KEY_BEGINS.len() as u64);
        if is_data(&data) || begins.is_ok_and(|text| text == ROOT_KEY_BEGINS) {
            return Some(data);
        }
    }
    None
}

fn is_keep(folder: &Path) -> bool {
    folder
        .file_name()
        .is_some_and(|name| name.as_bytes().len() > KEEP.len() && name.as_bytes().ends_with(KEEP))
}

/// The first bytes of a regular file; a pipe of its name does not hold anybody up.
fn read_start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let mut text = Vec::new();
    if file.metadata()?.is_file() {
        file.take(most).read_to_end(&mut text)?;
    }
    Ok(text)
}

/// The path without links, or that of the nearest folder above it that exists.
fn nearest(path: &Path) -> io::Result<PathBuf> {
    // The folder of a bare name has no name itself.
    let is_here = path.as_os_str().is_empty();
    let mut path = std::path::absolute(if is_here { Path::new(".") } else { path })?;
    loop {
        match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.pop() => {}
            found => return found,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn owner(own: &Own, path: &Path) -> Option<PathBuf> {
        let found = own.around(path).unwrap();
        found.map(|data| data.canonicalize().unwrap_or(data))
    }

    /// Something that looks like an installation, with its root key elsewhere.
    fn installation(folder: &Path) -> PathBuf {
        let data = folder.join("data");
        fs::create_dir_all(data.join("objects/r/1/o")).unwrap();
        fs::create_dir_all(folder.join("kept.keep")).unwrap();
        fs::create_dir_all(folder.join("keys")).unwrap();
        for name in [
            "data/ledger.db",
            "data/service-keys.db",
            "keys/key",
            "kept.keep/audit-heads",
        ] {
            fs::write(folder.join(name), "x").unwrap();
        }
        let settings = r#"{ "root_key": { "from": "file", "path": "../keys/key" }, "audit_heads": "../kept.keep/audit-heads" }"#;
        fs::write(data.join(SETTINGS), settings).unwrap();
        data
    }

    #[test]
    fn an_installation_is_known_by_its_files_and_names_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let data = installation(&folder);
        symlink(&data, folder.join("link")).unwrap();
        let own = Own::default();
        let ours = Some(data.clone());
        for path in [
            "data",
            "data/objects/r/1",
            "link",
            "link/ledger.db",
            "data/new/below",
            "data/../data",
        ] {
            assert_eq!(owner(&own, &folder.join(path)), ours, "{path}");
        }
        fs::hard_link(folder.join("keys/key"), folder.join("copy")).unwrap();
        for path in [
            "kept.keep",
            "kept.keep/audit-heads",
            "kept.keep/new",
            "keys/key",
            "copy",
        ] {
            assert_eq!(owner(&own, &folder.join(path)), ours, "{path}");
        }
        for path in ["", "keys", "keys/other", "data.other"] {
            assert_eq!(owner(&own, &folder.join(path)), None, "{path}");
        }
    }

    #[test]
    fn a_keep_is_known_without_its_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one.keep", "two.keep"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(
            folder.path().join("one.keep/root.key"),
            "strongroom-root-key-1:x",
        )
        .unwrap();
        fs::write(folder.path().join("two.keep/root.key"), "another").unwrap();
        let own = Own::default();
        assert!(owner(&own, &folder.path().join("one.keep")).is_some());
        assert!(owner(&own, &folder.path().join("two.keep")).is_none());
    }
}
