//! What ends the program: typed all the way, told in one place.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use strongroom_base::{Outcome, OutcomeKind, Retry, seen, shell_word};

use crate::canary::CanaryError;
use crate::object_path::{PathError, display_file, display_location};
use crate::walk::{Special, WalkError};

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Strongroom(#[from] strongroom::Error),
    #[error(transparent)]
    Walk(#[from] WalkError),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Canary(#[from] CanaryError),
    #[error("no data folder is named: pass --data DIR, or set STRONGROOM_DATA")]
    NoDataFolder,
    #[error("`{}` names a resource: name what is in it, as {}/PATH", .0, resource_of(.0))]
    NoPath(String),
    #[error("there is nothing at `{}`: `strongroom ls {}` shows what there is", .0, resource_of(.0))]
    NotFound(String),
    #[error("`{0}` is a folder: pass --recursive to take all that is below it")]
    IsFolder(String),
    #[error("`{0}` is a folder: a file goes into it as `{0}/NAME`, or choose another place")]
    OntoFolder(String),
    #[error(
        "`{0}` is no object: somebody else has put it into the objects folder; `fsck` says what it is"
    )]
    NoObject(String),
    #[error("`{0}` is a folder: standard output takes one file")]
    FolderToStdout(String),
    #[error("standard input needs a name: give the destination as RESOURCE/PATH")]
    StdinNeedsName,
    #[error("standard input stands alone: put files and folders in a call of their own")]
    StdinAlone,
    #[error(
        "standard input is closed, or cannot be read: nothing was changed; `</dev/null` gives an empty one"
    )]
    StdinClosed,
    #[error("standard input cannot be read: nothing was changed")]
    StdinUnreadable(#[source] io::Error),
    #[error("{} is there already: pass --force to replace it", display_file(.0))]
    Exists(PathBuf),
    #[error(
        "the link `{link}` has the path of a file, and a folder holds one of them: take it out by itself, to \
         another place"
    )]
    PathOfFile { link: String },
    #[error(
        "{} is {special}: nothing but a file or a link is replaced; choose another destination",
        display_file(path)
    )]
    NotReplaceable { path: PathBuf, special: Special },
    #[error(
        "{} belongs to the installation in {}: it is never written over, nor is anything added to it; choose \
         another destination",
        display_file(path),
        display_file(data)
    )]
    Own { path: PathBuf, data: PathBuf },
    #[error("{} leads through a symbolic link: nothing is written where a stored link points", display_file(.0))]
    ThroughLink(PathBuf),
    #[error("{what} failed for {}", display_file(path))]
    File {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{0}` would go onto itself, or below itself: choose another destination")]
    OntoItself(String),
    #[error("`{0}` was overwritten while it was being moved: both are there, look at them")]
    ChangedMeanwhile(String),
    #[error(
        "`{0}` was written to or replaced each time it was read: nothing was stored of it; try again when it is \
         left alone"
    )]
    ChangedWhileRead(String),
    #[error("`{0}` is too long for the store: choose shorter names, or fewer folders")]
    PathTooLong(String),
    #[error("the environment variable {0} is not UTF-8: set it anew, or take it away")]
    EnvironmentNotText(String),
    #[error("{what}: {source}")]
    Of { what: String, source: Box<Self> },
    /// Of a verb that takes many: each was told when it happened.
    #[error("{}", worst(.0).map_or_else(String::new, ToString::to_string))]
    Several(Vec<Self>),
    /// The program was told to end.
    #[error("ended by signal {0}")]
    Signal(i32),
    #[error("there is nothing to ingest at `{0}`")]
    NothingToIngest(String),
    #[error("the destination of `{0}` holds other bytes: pass --force to replace them")]
    Differs(String),
    #[error("`{0}` did not read back as it was: nothing was removed from the source; try again")]
    ReadBackDiffers(String),
    #[error("{0} objects are damaged: see above, and restore each from a backup into its place")]
    FoundDamage(u64),
    #[error(
        "{items} items are due still: see above what kept them, and run it again when that is mended"
    )]
    StillDue { items: usize, kind: OutcomeKind },
    #[error("writing the answer failed")]
    Output(#[source] io::Error),
    #[error("{} holds no file to put through the tour, or git ignores all of them", display_file(.0))]
    NothingToTour(PathBuf),
    #[error("the tour found something that does not hold: see the steps above")]
    TourFailed,
    #[error("a second process could not do `strongroom {command}`")]
    SecondProcess { command: String, source: io::Error },
    #[error("a part of the program stopped")]
    TaskStopped(#[source] tokio::task::JoinError),
    #[error(
        "`{0}` is the URI of a key, and the name of a key follows a vault: name one or the other"
    )]
    KeyNamedTwice(String),
    #[error("`{0}` names no key: give {0} KEY, or https://{0}.vault.localhost/keys/KEY")]
    NoKey(String),
    #[error(
        "`{0}` names one version, and --all-versions means all: name the key, or leave the option"
    )]
    OneVersionOrAll(String),
    #[error("{0}")]
    Usage(String),
    #[error(
        "the text is not base64: give what `strongroom key wrap` or `strongroom key encrypt` printed"
    )]
    NotBase64,
    #[error(
        "the text is not UTF-8, as PEM and JWK are: DER is converted with openssl pkey -inform DER -in FILE \
         -out key.pem"
    )]
    NotText,
    #[error("the answer could not be encoded as JSON")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    pub(crate) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }

    /// The same, saying what it is about, unless it says so itself.
    pub(crate) fn of(self, what: &str) -> Self {
        if is_name_too_long(&self) {
            return Self::PathTooLong(what.to_owned());
        }
        if matches!(self, Self::Of { .. } | Self::Several(_)) || self.to_string().contains(what) {
            return self;
        }
        Self::Of {
            what: format!("`{what}`"),
            source: Box::new(self),
        }
    }
}

/// The one that decides the exit code; of equals the first.
pub(crate) fn worst(failed: &[Failure]) -> Option<&Failure> {
    failed.iter().rev().max_by_key(|one| severity(one.kind()))
}

/// Damage first, then faults of the program, then what may be otherwise another time.
fn severity(kind: OutcomeKind) -> u8 {
    match kind {
        OutcomeKind::BadInput => 0,
        OutcomeKind::Refused => 1,
        OutcomeKind::Denied => 2,
        OutcomeKind::Unavailable | OutcomeKind::Throttled => 3,
        OutcomeKind::Internal => 4,
        OutcomeKind::Damaged => 5,
    }
}

/// Whether the file system has no place for a name of this length.
fn is_name_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::InvalidFilename
        {
            return true;
        }
        next = error.source();
    }
    false
}

impl Failure {
    /// Whether whatever comes next fails as this did: nobody reads the answer, or access is over.
    pub(crate) fn ends_everything(&self) -> bool {
        use strongroom::Error;

        match self {
            Self::Of { source, .. } => source.ends_everything(),
            Self::Several(failed) => failed.iter().any(Self::ends_everything),
            Self::Strongroom(error) => {
                error.out_of_reach().is_some()
                    || matches!(error, Error::Proof(_) | Error::Denied(_) | Error::Closed)
            }
            Self::Output(_) | Self::Signal(_) => true,
            _ => false,
        }
    }
}

impl From<object_store::Error> for Failure {
    /// Objects are named as `ls` shows them.
    fn from(error: object_store::Error) -> Self {
        use strongroom::{Error, Trouble};

        match Error::from(error) {
            Error::Folder(found) if found.trouble == Trouble::FolderThere => {
                Self::OntoFolder(display_location(&found.path))
            }
            Error::Object { location, source } if !matches!(*source, Error::Folder(_)) => {
                let location = display_location(&location);
                Self::Strongroom(Error::Object { location, source })
            }
            other => Self::Strongroom(other),
        }
    }
}

impl Outcome for Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::Strongroom(error) => error.code(),
            Self::Walk(error) => error.code(),
            Self::Path(error) => error.code(),
            Self::Canary(error) => error.code(),
            Self::NoDataFolder => "NoDataFolder",
            Self::NoPath(_) => "NoPath",
            Self::NotFound(_) => "ObjectNotFound",
            Self::IsFolder(_) | Self::FolderToStdout(_) => "IsFolder",
            Self::OntoFolder(_) | Self::PathOfFile { .. } => "PathConflict",
            Self::NoObject(_) => "ForeignName",
            Self::StdinNeedsName
            | Self::StdinAlone
            | Self::StdinClosed
            | Self::StdinUnreadable(_) => "StandardInput",
            Self::NotReplaceable { .. } => "NotReplaceable",
            Self::Own { .. } => "InstallationFiles",
            Self::PathTooLong(_) => "PathTooLong",
            Self::EnvironmentNotText(_) => "EnvironmentNotText",
            Self::Of { source, .. } => source.code(),
            Self::Several(failed) => worst(failed).map_or("Several", Outcome::code),
            Self::Signal(_) => "Ended",
            Self::Exists(_) => "FileExists",
            Self::ThroughLink(_) => "ThroughSymbolicLink",
            Self::File { .. } => "FileSystemFailed",
            Self::OntoItself(_) => "OntoItself",
            Self::ChangedMeanwhile(_) | Self::ChangedWhileRead(_) => "ChangedMeanwhile",
            Self::NothingToIngest(_) => "NothingToIngest",
            Self::Differs(_) => "ObjectExists",
            Self::ReadBackDiffers(_) => "ReadBackDiffers",
            Self::FoundDamage(_) => "DamageFound",
            Self::StillDue { .. } => "StillDue",
            Self::Output(_) => "OutputFailed",
            Self::NothingToTour(_) => "NothingToTour",
            Self::TourFailed => "TourFailed",
            Self::SecondProcess { .. } => "SecondProcessFailed",
            Self::TaskStopped(_) => "TaskStopped",
            Self::KeyNamedTwice(_) | Self::NoKey(_) => "KeyNotNamed",
            Self::NotBase64 | Self::NotText | Self::OneVersionOrAll(_) => "BadParameter",
            Self::Usage(_) => "UsageError",
            Self::Json(_) => "EncodingFailed",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Strongroom(error) => error.kind(),
            Self::Walk(error) => error.kind(),
            Self::Path(error) => error.kind(),
            Self::Canary(error) => error.kind(),
            Self::NoDataFolder
            | Self::NoPath(_)
            | Self::NotFound(_)
            | Self::IsFolder(_)
            | Self::FolderToStdout(_)
            | Self::StdinNeedsName
            | Self::StdinAlone
            | Self::StdinClosed
            | Self::StdinUnreadable(_)
            | Self::PathTooLong(_)
            | Self::EnvironmentNotText(_)
            | Self::KeyNamedTwice(_)
            | Self::NoKey(_)
            | Self::NotBase64
            | Self::NotText
            | Self::OneVersionOrAll(_)
            | Self::Usage(_)
            | Self::OntoItself(_)
            | Self::NothingToIngest(_)
            | Self::NothingToTour(_) => OutcomeKind::BadInput,
            Self::Exists(_)
            | Self::PathOfFile { .. }
            | Self::NotReplaceable { .. }
            | Self::Own { .. }
            | Self::ThroughLink(_)
            | Self::Differs(_)
            | Self::OntoFolder(_) => OutcomeKind::Refused,
            Self::Of { source, .. } => source.kind(),
            Self::Several(failed) => worst(failed).map_or(OutcomeKind::Internal, Outcome::kind),
            Self::StillDue { kind, .. } => *kind,
            Self::ReadBackDiffers(_) | Self::FoundDamage(_) | Self::NoObject(_) => {
                OutcomeKind::Damaged
            }
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::IsADirectory => OutcomeKind::BadInput,
                io::ErrorKind::PermissionDenied => OutcomeKind::Denied,
                _ => OutcomeKind::Unavailable,
            },
            Self::Output(_)
            | Self::ChangedMeanwhile(_)
            | Self::ChangedWhileRead(_)
            | Self::Signal(_) => OutcomeKind::Unavailable,
            Self::TourFailed
            | Self::SecondProcess { .. }
            | Self::TaskStopped(_)
            | Self::Json(_) => OutcomeKind::Internal,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Strongroom(error) => error.retry(),
            Self::Walk(error) => error.retry(),
            Self::Path(error) => error.retry(),
            Self::Canary(error) => error.retry(),
            Self::Of { source, .. } => source.retry(),
            Self::Several(failed) => worst(failed).map_or(Retry::Never, Outcome::retry),
            _ => Retry::AfterRepair,
        }
    }
}

/// The resource that an address names, as it is typed.
fn resource_of(address: &str) -> Cow<'_, str> {
    shell_word(address.split('/').next().unwrap_or(address))
}

/// The exit code of each kind of outcome.
pub(crate) fn exit_code(kind: OutcomeKind) -> ExitCode {
    ExitCode::from(match kind {
        OutcomeKind::Internal => 1,
        OutcomeKind::BadInput => 2,
        OutcomeKind::Refused => 3,
        OutcomeKind::Denied => 4,
        OutcomeKind::Unavailable | OutcomeKind::Throttled => 5,
        OutcomeKind::Damaged => 6,
    })
}

/// An error and everything that led to it, outermost first, each said once and on one line: names that
/// others chose are in what they say.
pub(crate) fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut told: Vec<String> = vec![seen(&error.to_string()).into_owned()];
    let mut next = error.source();
    while let Some(source) = next {
        let text = seen(&source.to_string()).into_owned();
        // Some libraries repeat their source in what they say.
        if !told.iter().any(|earlier| earlier.contains(&text)) {
            told.push(text);
        }
        next = source.source();
    }
    told
}
