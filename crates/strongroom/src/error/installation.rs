//! Why an installation cannot be made or opened.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use strongroom_base::{Outcome, OutcomeKind, Retry};

/// Why an installation cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallationError {
    /// Something is where the data folder is to be made.
    #[error("{} exists and is not an empty folder: choose another folder, or open what is there (if \
             its installation.json is lost, `strongroom relocate --root-key …` writes it anew)",
            path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// Another `init` is at work in the folder.
    #[error("another `init` is at work in {}: wait for it, or choose another folder", path.display())]
    UnderWay {
        /// The folder.
        path: PathBuf,
    },
    /// A path that the settings cannot hold.
    #[error("{} is not valid UTF-8: choose a path that is, so that the settings can name it",
            path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// There is no installation.
    #[error("{} holds no installation: make one with `strongroom init --data {}`",
            path.display(), path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// There is an installation, and its settings file is gone.
    #[error("{} holds an installation without its installation.json: restore it from a backup, or write \
             it anew with `strongroom relocate --root-key file:…`", path.display())]
    SettingsLost {
        /// The folder.
        path: PathBuf,
    },
    /// The settings file does not say what the ledger says, or is of the form that it had before the ledger
    /// said it.
    #[error("{} does not say what the installation's ledger says of it, or was put back: somebody has \
             changed it. Restore it, or write it anew with `strongroom relocate`, which also takes \
             another place for the audit heads", path.display())]
    ForgedSettings {
        /// The file.
        path: PathBuf,
    },
    /// The settings file cannot be read.
    #[error("{} is damaged, or written by a newer version", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Where reading failed.
        source: serde_json::Error,
    },
    /// The settings are of a format that this version does not know.
    #[error("{} has format {found}, but this version knows format {known} alone: use a newer version",
            path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The format known.
        known: u32,
    },
    /// A root key would be overwritten.
    #[error("{} exists: a root key is never overwritten, for what it sealed would be lost; choose \
             another place with --root-key, or move it away", path.display())]
    RootKeyExists {
        /// The file.
        path: PathBuf,
    },
    /// The root key's file can be read by others.
    #[error("{} can be read by others (mode {mode:03o}): run `chmod 600` on it", path.display())]
    RootKeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The root key is not where the installation says.
    #[error("the root key cannot be read from {place}")]
    RootKeyUnreadable {
        /// The place, such as a file or an environment variable.
        place: String,
        /// Why not.
        source: io::Error,
    },
    /// The root key is another than the one the installation was made with.
    #[error(
        "the root key is {found}, but the installation was made under {expected}: give it the \
             one it was made with"
    )]
    OtherRootKey {
        /// The id of the key the installation was made with.
        expected: String,
        /// The id of the key that was found.
        found: String,
    },
    /// The folder for objects is a symbolic link.
    #[error(
        "{} is a symbolic link: whoever may change it decides where objects go. Put the folder itself \
             there, or mount the other place on it", path.display()
    )]
    ObjectsLinked {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder cannot be made, read or written.
    #[error("{what} failed for {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl InstallationError {
    pub(crate) fn io(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

impl Outcome for InstallationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Occupied { .. } => "DataFolderOccupied",
            Self::UnderWay { .. } => "InitUnderWay",
            Self::Absent { .. } => "NoInstallation",
            Self::NotUtf8 { .. } => "PathNotUtf8",
            Self::Settings { .. } => "DamagedSettings",
            Self::SettingsLost { .. } => "SettingsLost",
            Self::ForgedSettings { .. } => "ForgedSettings",
            Self::Format { .. } => "UnknownInstallationFormat",
            Self::RootKeyExists { .. } => "RootKeyExists",
            Self::RootKeyExposed { .. } => "RootKeyExposed",
            Self::RootKeyUnreadable { .. } => "RootKeyUnreadable",
            Self::OtherRootKey { .. } => "OtherRootKey",
            Self::ObjectsLinked { .. } => "LinkInObjects",
            Self::Io { .. } => "FileSystemFailed",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::RootKeyUnreadable { source, .. } | Self::Io { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                OutcomeKind::Denied
            }
            Self::Occupied { .. }
            | Self::Absent { .. }
            | Self::NotUtf8 { .. }
            | Self::Format { .. }
            | Self::RootKeyExists { .. }
            | Self::RootKeyUnreadable { .. }
            | Self::OtherRootKey { .. } => OutcomeKind::BadInput,
            Self::RootKeyExposed { .. } => OutcomeKind::Refused,
            Self::ObjectsLinked { .. }
            | Self::Settings { .. }
            | Self::SettingsLost { .. }
            | Self::ForgedSettings { .. } => OutcomeKind::Damaged,
            Self::Io { .. } | Self::UnderWay { .. } => OutcomeKind::Unavailable,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Io { .. } | Self::UnderWay { .. } => Retry::After(Duration::from_secs(1)),
            Self::Format { .. } | Self::Settings { .. } => Retry::Never,
            Self::Occupied { .. }
            | Self::Absent { .. }
            | Self::SettingsLost { .. }
            | Self::ForgedSettings { .. }
            | Self::NotUtf8 { .. }
            | Self::ObjectsLinked { .. }
            | Self::RootKeyExists { .. }
            | Self::RootKeyExposed { .. }
            | Self::RootKeyUnreadable { .. }
            | Self::OtherRootKey { .. } => Retry::AfterRepair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_that_the_system_refuses_is_a_denial() {
        let kind_of = |kind: io::ErrorKind| {
            let read = InstallationError::RootKeyUnreadable {
                place: "file:/key".to_owned(),
                source: kind.into(),
            };
            let made = InstallationError::io("making", "/data")(kind.into());
            (read.kind(), made.kind())
        };
        let denied = (OutcomeKind::Denied, OutcomeKind::Denied);
        assert_eq!(kind_of(io::ErrorKind::PermissionDenied), denied);
        let otherwise = (OutcomeKind::BadInput, OutcomeKind::Unavailable);
        assert_eq!(kind_of(io::ErrorKind::TimedOut), otherwise);
    }
}
