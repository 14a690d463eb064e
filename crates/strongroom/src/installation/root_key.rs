//! Where the root key comes from.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use strongroom_crypto::RootKey;
use zeroize::Zeroizing;

use crate::Error;
use crate::error::InstallationError;
use crate::files::resolve;

/// The longest root key text that is read.
const LONGEST: u64 = 4096;

/// Where the root key is read from. Its text never stands here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "camelCase")]
#[non_exhaustive]
pub enum RootKeySource {
    /// A credential that the service manager hands over: a file of this name in
    /// `$CREDENTIALS_DIRECTORY`.
    Credential {
        /// The credential's name.
        name: String,
    },
    /// An open file descriptor.
    Descriptor {
        /// Its number.
        number: u32,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A file that only its owner can read; made by `init` if it does not exist.
    File {
        /// Its path; a relative one is relative to the data folder.
        path: PathBuf,
    },
}

/// A text that names no place for a root key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names no place for a root key: expected file:PATH, env:VARIABLE, fd:NUMBER or \
         credential:NAME"
)]
pub struct UnknownRootKeySource {
    text: String,
}

impl std::str::FromStr for RootKeySource {
    type Err = UnknownRootKeySource;

    fn from_str(text: &str) -> Result<Self, UnknownRootKeySource> {
        let unknown = || UnknownRootKeySource {
            text: text.to_owned(),
        };
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        if rest.is_empty() {
            return Err(unknown());
        }
        match kind {
            "credential" if !rest.contains('/') => Ok(Self::Credential {
                name: rest.to_owned(),
            }),
            "env" => Ok(Self::Environment {
                variable: rest.to_owned(),
            }),
            "fd" => rest
                .parse()
                .map(|number| Self::Descriptor { number })
                .map_err(|_| unknown()),
            "file" => Ok(Self::File { path: rest.into() }),
            _ => Err(unknown()),
        }
    }
}

impl std::fmt::Display for RootKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential { name } => write!(f, "credential:{name}"),
            Self::Descriptor { number } => write!(f, "fd:{number}"),
            Self::Environment { variable } => write!(f, "env:{variable}"),
            Self::File { path } => write!(f, "file:{}", path.display()),
        }
    }
}

impl RootKeySource {
    /// As people read it: the file's path as it is from anywhere.
    pub(super) fn shown_from(&self, data: &Path) -> String {
        match self {
            Self::File { path } => Self::File {
                path: resolve(data, path),
            }
            .to_string(),
            other => other.to_string(),
        }
    }

    /// Reads the root key.
    pub(super) fn read(&self, data: &Path) -> Result<RootKey, Error> {
        let text = self.read_text(data)?;
        Ok(RootKey::from_text(&text)?)
    }

    fn read_text(&self, data: &Path) -> Result<Zeroizing<Vec<u8>>, InstallationError> {
        let unreadable = |source| InstallationError::RootKeyUnreadable {
            place: self.to_string(),
            source,
        };
        match self {
            Self::Credential { name } => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    unreadable(io::Error::other("$CREDENTIALS_DIRECTORY is not set"))
                })?;
                read_all(&Path::new(&folder).join(name)).map_err(unreadable)
            }
            Self::Descriptor { number } => {
                read_all(Path::new(&format!("/dev/fd/{number}"))).map_err(unreadable)
            }
            // Not `env::var`: its error would hold the text.
            Self::Environment { variable } => std::env::var_os(variable)
                .map(|text| Zeroizing::new(text.into_vec()))
                .ok_or_else(|| unreadable(io::Error::other("it is not set"))),
            Self::File { path } => {
                let path = data.join(path);
                let mode = path.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(InstallationError::RootKeyExposed { path, mode });
                }
                read_all(&path).map_err(unreadable)
            }
        }
    }
}

fn read_all(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it: a buffer that grew would leave parts of the key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(
        usize::try_from(LONGEST).unwrap_or(0) + 1,
    ));
    File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a file that did not exist, readable by its owner alone, whole or not at all, and durable.
///
/// `tag` is nobody else's: two who write the same file do not meet before it has its name.
pub(super) fn write_new(path: &Path, tag: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path, tag);
    let written = write_and_link(&unfinished, path, content);
    // It has its name, or never will.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return written.and(Err(error)),
        _ => {}
    }
    written?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn write_and_link(unfinished: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    // Unlike a rename, a link does not replace what is there.
    std::fs::hard_link(unfinished, path)
}

/// What a file is called while [`write_new`] is at it.
pub(super) fn unfinished(path: &Path, tag: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{tag}.new"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i01_a_new_file_is_its_owners_alone_and_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let elsewhere = folder.path().join("elsewhere");
        // Somebody has been here before.
        std::os::unix::fs::symlink(&elsewhere, unfinished(&path, "a")).unwrap();
        assert!(write_new(&path, "a", b"secret").is_err());
        assert!(!elsewhere.exists());

        write_new(&path, "b", b"secret").unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(write_new(&path, "c", b"another").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
