//! Everything that can come of asking Strongroom for something.

use std::time::Duration;

use strongroom_base::{InvalidId, InvalidName, Outcome, OutcomeKind, ResourceUid, Retry};
use strongroom_crypto::keyring::KeyringError;
use strongroom_crypto::object::{HeaderError, LengthError, OpenError, SealError};
use strongroom_crypto::{CryptoError, RootKeyTextError, ServiceKeyError, ServiceKeyId};
use strongroom_ledger::audit::VerifyError;
use strongroom_ledger::checkpoint::CheckpointError;
use strongroom_ledger::key_file::KeyFileError;
use strongroom_ledger::{AggregateId, Invalid, LedgerError};

use crate::installation::InstallationError;
use crate::resource::Refusal;

/// What went wrong. [`Outcome::kind`] says whether rules, input, stored bytes or the machine are
/// the cause, and [`Outcome::retry`] whether asking again can help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The audit chain does not verify.
    #[error(transparent)]
    Audit(#[from] VerifyError),
    /// The audit heads outside the data folder cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The installation was closed while something still used it.
    #[error("this installation has been closed: open it again")]
    Closed,
    /// A cryptographic operation failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// An audit entry's body cannot be read.
    #[error(
        "entry {sequence} of the audit chain holds no record: it was changed by something \
             else, or written by a newer version"
    )]
    DamagedRecord {
        /// The entry's place in its chain.
        sequence: u64,
        /// Where reading failed.
        source: serde_json::Error,
    },
    /// A stored state cannot be read.
    #[error(
        "the stored state of {id} cannot be read: it was changed by something else, or written \
             by a newer version"
    )]
    DamagedState {
        /// What it is the state of.
        id: AggregateId,
        /// Where reading failed.
        source: serde_json::Error,
    },
    /// A stored state was not written by this installation.
    #[error(
        "the stored state of {id} does not authenticate under the root key: it was changed or \
             moved by something else; restore the ledger from a backup"
    )]
    ForgedState {
        /// What it is the state of.
        id: AggregateId,
    },
    /// Another process is carrying out what a resource owes.
    #[error("another process is at work on resource {uid}, or was until it was cut off: try again \
             in {} seconds", wait.as_secs() + 1)]
    HeldElsewhere {
        /// The resource.
        uid: ResourceUid,
        /// How long its claim still holds.
        wait: Duration,
    },
    /// An index leads to a resource of another name.
    #[error(
        "the ledger's index leads from `{name}` to another resource: it was changed by something \
             else; restore the ledger from a backup"
    )]
    ForgedIndex {
        /// The name that was looked up.
        name: String,
    },
    /// An object needs a name.
    #[error("the object's path is empty: name the object")]
    EmptyPath,
    /// A value cannot be encoded.
    #[error("a value could not be encoded as JSON")]
    Encoding(#[source] serde_json::Error),
    /// The installation cannot be made or opened.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// Not an id.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
    /// Not a name.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// The file of service-managed keys.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A keyring cannot be opened or changed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Keys leave no installation that is in earnest.
    #[error(
        "this installation was not made for trying things (`strongroom init --dev`): its resource \
             keys are given out to nobody"
    )]
    NotForTrying,
    /// What was leased ended while it was in use.
    #[error("access to the resource ended while it was being used: it was deleted or changed")]
    LeaseEnded,
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A resource's service-managed key is not where it belongs.
    #[error(
        "the service-managed key {key} is missing from the key file: restore the key file \
             from a backup that was taken after the resource was created"
    )]
    MissingServiceKey {
        /// The key's id.
        key: ServiceKeyId,
    },
    /// The key-encryption key is not one that this version can ask.
    #[error("the resource's key is not service-managed, and this version can ask no other")]
    ForeignKey,
    /// Too many others changed the same thing.
    #[error("too many others changed {id} at the same time: try again")]
    Contended {
        /// What was being changed.
        id: AggregateId,
    },
    /// No resource has this name.
    #[error(
        "there is no resource `{name}` in group `{group}`: `strongroom resource list` shows \
             those that there are"
    )]
    NoSuchResource {
        /// The name.
        name: String,
        /// The group that was searched.
        group: String,
    },
    /// One object cannot be used.
    #[error("the object `{location}` cannot be used")]
    Object {
        /// The object, as the caller calls it.
        location: String,
        /// Why not.
        source: Box<Error>,
    },
    /// A stored object cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An object kept being replaced while it was read.
    #[error("the object was overwritten again and again while it was being read")]
    OverwrittenWhileReading,
    /// A part of an upload was not stored.
    #[error("a part of this upload was not stored: abort it and begin again")]
    PartLost,
    /// A range that the object does not have.
    #[error("the object has no such range of bytes")]
    Range(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A folder keeps no object above or below another.
    #[error(
        "`{path}` cannot be stored in a local folder: an object lies at a path above it, or others \
             below it"
    )]
    PathConflict {
        /// The path in the folder.
        path: String,
    },
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rename whose ends are one place.
    #[error("the object would be renamed onto itself")]
    RenamedOntoItself,
    /// A name is in use.
    #[error(
        "the name `{name}` is taken in group `{group}`, perhaps by a deleted resource: choose \
             another, or purge that one"
    )]
    ResourceExists {
        /// The name.
        name: String,
        /// The group.
        group: String,
    },
    /// The root key cannot be read.
    #[error(transparent)]
    RootKey(#[from] RootKeyTextError),
    /// An object cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A service-managed key cannot be opened.
    #[error(transparent)]
    ServiceKey(#[from] ServiceKeyError),
    /// The object store.
    #[error(transparent)]
    Store(object_store::Error),
    /// An upload was used after its end.
    #[error("this upload has been completed, aborted or broken: begin another")]
    UploadEnded,
}

impl From<object_store::Error> for Error {
    /// An error of ours that went through an object store comes out as it went in.
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as Store;

        match error {
            Store::Generic { store, source } => match source.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(source) => Self::Store(Store::Generic { store, source }),
            },
            Store::PermissionDenied { path, source } => match source.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(source) => Self::Store(Store::PermissionDenied { path, source }),
            },
            other => Self::Store(other),
        }
    }
}

impl From<Invalid> for Error {
    fn from(error: Invalid) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<HeaderError> for Error {
    fn from(error: HeaderError) -> Self {
        Self::Open(error.into())
    }
}

impl From<LengthError> for Error {
    fn from(error: LengthError) -> Self {
        Self::Open(error.into())
    }
}

impl Outcome for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed => "Closed",
            Self::Contended { .. } => "Contended",
            Self::Audit(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Crypto(error) => error.code(),
            Self::KeyFile(error) => error.code(),
            Self::DamagedRecord { .. } => "DamagedRecord",
            Self::DamagedState { .. } => "DamagedState",
            Self::ForeignKey => "ForeignKey",
            Self::HeldElsewhere { .. } => "HeldElsewhere",
            Self::ForgedIndex { .. } => "ForgedIndex",
            Self::ForgedState { .. } => "ForgedState",
            Self::EmptyPath => "EmptyPath",
            Self::Encoding(_) => "EncodingFailed",
            Self::Installation(error) => error.code(),
            Self::InvalidId(_) => "InvalidId",
            Self::InvalidName(_) => "InvalidName",
            Self::Keyring(error) => error.code(),
            Self::LeaseEnded => "AccessEnded",
            Self::NotForTrying => "NotForTrying",
            Self::Ledger(error) => error.code(),
            Self::MissingServiceKey { .. } => "MissingServiceKey",
            Self::NoSuchResource { .. } => "ResourceNotFound",
            Self::Object {
                location: _,
                source,
            } => source.code(),
            Self::Open(error) => error.code(),
            Self::OverwrittenWhileReading => "OverwrittenWhileReading",
            Self::PartLost => "UploadPartLost",
            Self::PathConflict { .. } => "PathConflict",
            Self::Range(_) => "InvalidRange",
            Self::Refused(refusal) => refusal.code(),
            Self::RenamedOntoItself => "RenamedOntoItself",
            Self::ResourceExists { .. } => "ResourceNameTaken",
            Self::RootKey(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::ServiceKey(error) => error.code(),
            Self::Store(error) => store_outcome(error).0,
            Self::UploadEnded => "UploadEnded",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Closed
            | Self::EmptyPath
            | Self::InvalidId(_)
            | Self::InvalidName(_)
            | Self::NoSuchResource { .. }
            | Self::Range(_)
            | Self::RenamedOntoItself
            | Self::UploadEnded => OutcomeKind::BadInput,
            Self::Contended { .. }
            | Self::HeldElsewhere { .. }
            | Self::OverwrittenWhileReading
            | Self::PartLost => OutcomeKind::Unavailable,
            Self::DamagedRecord { .. }
            | Self::DamagedState { .. }
            | Self::ForgedIndex { .. }
            | Self::ForgedState { .. }
            | Self::MissingServiceKey { .. } => OutcomeKind::Damaged,
            Self::Encoding(_) | Self::ForeignKey => OutcomeKind::Internal,
            Self::LeaseEnded
            | Self::NotForTrying
            | Self::PathConflict { .. }
            | Self::ResourceExists { .. } => OutcomeKind::Refused,
            Self::Audit(error) => error.kind(),
            Self::Checkpoint(error) => error.kind(),
            Self::Crypto(error) => error.kind(),
            Self::KeyFile(error) => error.kind(),
            Self::Installation(error) => error.kind(),
            Self::Keyring(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Object {
                location: _,
                source,
            } => source.kind(),
            Self::Open(error) => error.kind(),
            Self::Refused(refusal) => refusal.kind(),
            Self::RootKey(error) => error.kind(),
            Self::Seal(error) => error.kind(),
            Self::ServiceKey(error) => error.kind(),
            Self::Store(error) => store_outcome(error).1,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Audit(error) => error.retry(),
            Self::Checkpoint(error) => error.retry(),
            Self::Crypto(error) => error.retry(),
            Self::KeyFile(error) => error.retry(),
            Self::Installation(error) => error.retry(),
            Self::Keyring(error) => error.retry(),
            Self::Ledger(error) => error.retry(),
            Self::Object {
                location: _,
                source,
            } => source.retry(),
            Self::Open(error) => error.retry(),
            Self::Refused(refusal) => refusal.retry(),
            Self::RootKey(error) => error.retry(),
            Self::Seal(error) => error.retry(),
            Self::ServiceKey(error) => error.retry(),
            Self::HeldElsewhere { wait, .. } => Retry::After(*wait),
            other => match other.kind() {
                OutcomeKind::Unavailable | OutcomeKind::Throttled => {
                    Retry::After(Duration::from_secs(1))
                }
                OutcomeKind::Refused | OutcomeKind::Denied | OutcomeKind::Damaged => {
                    Retry::AfterRepair
                }
                OutcomeKind::BadInput | OutcomeKind::Internal => Retry::Never,
            },
        }
    }
}

/// What an object store's error is. An error of ours that went through a store is found again.
fn store_outcome(error: &object_store::Error) -> (&'static str, OutcomeKind) {
    use object_store::Error as Store;

    let source = std::error::Error::source(error);
    if let Some(ours) = source.and_then(|source| source.downcast_ref::<Error>()) {
        return (ours.code(), ours.kind());
    }
    match error {
        Store::NotFound { .. } => ("ObjectNotFound", OutcomeKind::BadInput),
        Store::InvalidPath { .. } => ("InvalidObjectPath", OutcomeKind::BadInput),
        Store::NotSupported { .. } | Store::NotImplemented { .. } => {
            ("NotImplemented", OutcomeKind::BadInput)
        }
        Store::UnknownConfigurationKey { .. } => ("UnknownStoreSetting", OutcomeKind::BadInput),
        Store::AlreadyExists { .. } => ("ObjectExists", OutcomeKind::Refused),
        Store::Precondition { .. } => ("PreconditionFailed", OutcomeKind::Refused),
        Store::NotModified { .. } => ("NotModified", OutcomeKind::Refused),
        Store::PermissionDenied { .. } => ("StoreDenied", OutcomeKind::Denied),
        Store::Unauthenticated { .. } => ("StoreUnauthenticated", OutcomeKind::Denied),
        _ => ("StoreFailed", OutcomeKind::Unavailable),
    }
}
