//! Everything that can come of asking Strongroom for something.

mod folder;
mod installation;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_base::{InvalidId, InvalidName, Outcome, OutcomeKind, ResourceName, Retry};
use strongroom_crypto::keyring::KeyringError;
use strongroom_crypto::object::{HeaderError, LengthError, OpenError, SealError};
use strongroom_crypto::{CryptoError, RootKeyTextError, ServiceKeyError, ServiceKeyId};
use strongroom_ledger::audit::VerifyError;
use strongroom_ledger::checkpoint::CheckpointError;
use strongroom_ledger::key_file::KeyFileError;
use strongroom_ledger::{AggregateId, Damage, Hindrance, Invalid, LedgerError};

use strongroom_crypto::KeyMaterialError;
use strongroom_identity::{
    AccessRefusal, Denied, GroupRefusal, InvalidDisplayName, NoToken, PrincipalRefusal,
    SubscriptionRefusal, TenantRefusal,
};
use strongroom_resource::{Inaccessible, Refusal};
use strongroom_vault::import::ImportError;
use strongroom_vault::key::{InvalidRotationPolicy, KeyRefusal};
use strongroom_vault::vault::VaultRefusal;
use strongroom_vault::{
    Denial, InvalidKeyId, InvalidName as InvalidVaultName, MaterialRef, VaultError, VaultName,
};

pub use self::folder::{FolderError, Trouble};
pub(crate) use self::folder::{LONGEST_PART, LONGEST_PATH};
pub use self::installation::InstallationError;

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
    /// It was not found out in time whether the resource's key may be used.
    #[error("whether the resource's key may be used was not found out in time: try again")]
    ProofOverdue,
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
    /// Another process is carrying out what something owes.
    #[error("another process is at work on {id}, or was until it was cut off: try again in {} \
             seconds", wait.as_secs() + 1)]
    HeldElsewhere {
        /// What it is at work on.
        id: AggregateId,
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
    /// What was being written was sealed under a generation that is not the newest any more.
    #[error("the resource went over to another key while this was being written: write it again")]
    KeyChangedDuringWrite,
    /// The ledger.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The data of a resource are out of reach: whoever holds its key, or the directory, says no (R17).
    #[error(transparent)]
    OutOfReach(Box<OutOfReach>),
    /// The resource's keys could not be had. Whoever waited for them is told the same.
    #[error(transparent)]
    Proof(Arc<Error>),
    /// A resource's service-managed key is not where it belongs.
    #[error(
        "the service-managed key {key} is missing from the key file: restore the key file \
             from a backup that was taken after the resource was created"
    )]
    MissingServiceKey {
        /// The key's id.
        key: ServiceKeyId,
    },
    /// Too many others changed the same thing.
    #[error("too many others changed {id} at the same time: try again")]
    Contended {
        /// What was being changed.
        id: AggregateId,
    },
    /// Nothing of this name is where it was sought.
    #[error(
        "there is no {kind} `{name}` in {place}: `strongroom {kind} list` shows those that there are"
    )]
    NotFound {
        /// What was sought.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where it was sought.
        place: String,
    },
    /// Several things share the name.
    #[error(
        "more than one {kind} is called `{name}`: name it by its id; see: strongroom {kind} list"
    )]
    Ambiguous {
        /// What was sought.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The private half of a key in the installation's own vault is not where it belongs.
    #[error(
        "the private half {material} is missing from the file of vault keys: restore the file from a \
             backup that was taken after the key version was made"
    )]
    MissingKeyMaterial {
        /// Which.
        material: MaterialRef,
    },
    /// Only an installation for trying things allows it.
    #[error("{what} is for installations made with `strongroom init --dev` alone")]
    NotForTrying {
        /// What was asked.
        what: &'static str,
    },
    /// The caller may not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A tenant says no.
    #[error(transparent)]
    Tenant(#[from] TenantRefusal),
    /// A subscription says no.
    #[error(transparent)]
    Subscription(#[from] SubscriptionRefusal),
    /// A resource group says no.
    #[error(transparent)]
    Group(#[from] GroupRefusal),
    /// A principal says no.
    #[error(transparent)]
    Principal(#[from] PrincipalRefusal),
    /// An access list says no.
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    /// A vault's management side says no.
    #[error(transparent)]
    Vault(#[from] VaultRefusal),
    /// A key's management side says no.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// The directory gives no token for the resource's identity: its data is out of reach.
    #[error("{source}: {}", source.remedy(name))]
    NoToken {
        /// The resource.
        name: ResourceName,
        /// Why not.
        source: NoToken,
    },
    /// A vault did not do what was asked of a key.
    #[error("the resource's key {key} cannot be used: {source}; {remedy}")]
    KeyUse {
        /// Which key.
        key: String,
        /// What the vault said.
        source: VaultError,
        /// What would turn it into a yes.
        remedy: String,
    },
    /// A vault does not let the caller in.
    #[error("the vault `{vault}` denies it: {source}; {remedy}")]
    VaultDenied {
        /// Which vault.
        vault: VaultName,
        /// Why.
        source: Denial,
        /// What would turn it into a yes.
        remedy: String,
    },
    /// A vault does not let the caller use a key.
    #[error("the key {key} cannot be used: {source}; {remedy}")]
    KeyDenied {
        /// Which key.
        key: String,
        /// Why.
        source: Denial,
        /// What would turn it into a yes.
        remedy: String,
    },
    /// A rotation policy that no vault takes.
    #[error(transparent)]
    InvalidRotationPolicy(#[from] InvalidRotationPolicy),
    /// A vault did not answer as one.
    #[error(transparent)]
    VaultCall(VaultError),
    /// Key material that no vault takes.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A private half of a vault key cannot be opened.
    #[error(transparent)]
    KeyMaterial(#[from] KeyMaterialError),
    /// Not the URI of a key.
    #[error(transparent)]
    InvalidKeyId(#[from] InvalidKeyId),
    /// Not the name of a vault or key.
    #[error(transparent)]
    InvalidVaultName(#[from] InvalidVaultName),
    /// Not a display name.
    #[error(transparent)]
    InvalidDisplayName(#[from] InvalidDisplayName),
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
    /// An object cannot be in the local folder, or what lies there is none.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A part of an upload was not stored.
    #[error("a part of this upload was not stored: abort it and begin again")]
    PartLost,
    /// A range that the object does not have.
    #[error("the object has no such range of bytes")]
    Range(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rename whose ends are one place.
    #[error("the object would be renamed onto itself")]
    RenamedOntoItself,
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

impl From<VaultError> for Error {
    /// A vault of the installation's own that cannot record an operation, since the data folder is read-only, is
    /// no vault that cannot be reached.
    fn from(error: VaultError) -> Self {
        let VaultError::Unavailable {
            unavailable,
            source: Some(source),
        } = error
        else {
            return Self::VaultCall(error);
        };
        let source = match source.downcast::<Self>() {
            Ok(ours) if ours.is_of_a_read_only_folder() => return *ours,
            Ok(ours) => ours,
            Err(source) => source,
        };
        Self::VaultCall(VaultError::Unavailable {
            unavailable,
            source: Some(source),
        })
    }
}

impl Error {
    fn is_of_a_read_only_folder(&self) -> bool {
        let read_only = Hindrance::ReadOnly;
        matches!(self, Self::Ledger(LedgerError::Unavailable { hindrance, .. }) if *hindrance == read_only)
    }
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

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Damaged {
                damage: Damage::Forged(id),
                cause: _,
            } => Self::ForgedState { id },
            other => Self::Ledger(other),
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

impl Error {
    /// Whether what was asked for is so already: nothing had to be done, and nothing was. Whoever asks for
    /// a state, and not for a change, takes it for a success.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        match self {
            Self::Tenant(TenantRefusal::NoOp)
            | Self::Subscription(SubscriptionRefusal::NoOp)
            | Self::Group(GroupRefusal::NoOp)
            | Self::Principal(PrincipalRefusal::NoOp)
            | Self::Access(AccessRefusal::NoOp)
            | Self::Vault(VaultRefusal::NoOp)
            | Self::Key(KeyRefusal::NoOp) => true,
            Self::Refused(refusal) => refusal.changes_nothing(),
            _ => false,
        }
    }

    /// That the data of the resource are out of reach, and why, if that is what went wrong: whoever holds
    /// the key, or the directory, says no (R17). It is found in an `object_store` error, too, by way of
    /// [`Error::from`].
    #[must_use]
    pub fn out_of_reach(&self) -> Option<&OutOfReach> {
        match self {
            Self::OutOfReach(found) => Some(found),
            Self::Proof(error) => error.out_of_reach(),
            Self::Object { source, .. } => source.out_of_reach(),
            Self::Store(error) => {
                let source = std::error::Error::source(error)?;
                source.downcast_ref::<Self>()?.out_of_reach()
            }
            _ => None,
        }
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
            Self::HeldElsewhere { .. } => "HeldElsewhere",
            Self::ForgedIndex { .. } => "ForgedIndex",
            Self::ForgedState { .. } => "ForgedState",
            Self::EmptyPath => "EmptyPath",
            Self::Encoding(_) => "EncodingFailed",
            Self::Installation(error) => error.code(),
            Self::InvalidId(_) => "InvalidId",
            Self::Keyring(error) => error.code(),
            Self::KeyChangedDuringWrite => "KeyChangedDuringWrite",
            Self::OutOfReach(found) => found.cause().code(),
            Self::Proof(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::MissingServiceKey { .. } => "MissingServiceKey",
            Self::NotFound { kind, .. } => match *kind {
                "resource" => "ResourceNotFound",
                "vault" => "VaultNotFound",
                "key" => "KeyNotFound",
                "group" => "ResourceGroupNotFound",
                "subscription" => "SubscriptionNotFound",
                "principal" => "PrincipalNotFound",
                "tenant" => "TenantNotFound",
                _ => "NotFound",
            },
            Self::Ambiguous { .. } => "AmbiguousName",
            Self::MissingKeyMaterial { .. } => "MissingKeyMaterial",
            Self::NotForTrying { .. } => "DevInstallationRequired",
            Self::Denied(denied) => denied.code(),
            Self::Tenant(refusal) => refusal.code(),
            Self::Subscription(refusal) => refusal.code(),
            Self::Group(refusal) => refusal.code(),
            Self::Principal(refusal) => refusal.code(),
            Self::Access(refusal) => refusal.code(),
            Self::Vault(refusal) => refusal.code(),
            Self::Key(refusal) => refusal.code(),
            Self::NoToken { source, .. } => source.code(),
            Self::KeyUse { source, .. } => source.code(),
            Self::VaultDenied { source, .. } | Self::KeyDenied { source, .. } => source.code(),
            Self::InvalidRotationPolicy(_) => "BadParameter",
            Self::VaultCall(error) => error.code(),
            Self::Import(error) => error.code(),
            Self::KeyMaterial(error) => error.code(),
            Self::InvalidKeyId(_) => "InvalidKeyId",
            Self::InvalidName(_) | Self::InvalidVaultName(_) | Self::InvalidDisplayName(_) => {
                "InvalidName"
            }
            Self::Object {
                location: _,
                source,
            } => source.code(),
            Self::Open(error) => error.code(),
            Self::OverwrittenWhileReading => "OverwrittenWhileReading",
            Self::PartLost => "UploadPartLost",
            Self::ProofOverdue => "ProofOverdue",
            Self::Folder(error) => error.code(),
            Self::Range(_) => "InvalidRange",
            Self::Refused(refusal) => refusal.code(),
            Self::RenamedOntoItself => "RenamedOntoItself",
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
            | Self::InvalidDisplayName(_)
            | Self::InvalidKeyId(_)
            | Self::InvalidRotationPolicy(_)
            | Self::InvalidVaultName(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Range(_)
            | Self::RenamedOntoItself
            | Self::UploadEnded => OutcomeKind::BadInput,
            Self::Contended { .. }
            | Self::HeldElsewhere { .. }
            | Self::KeyChangedDuringWrite
            | Self::OverwrittenWhileReading
            | Self::PartLost
            | Self::ProofOverdue => OutcomeKind::Unavailable,
            Self::DamagedRecord { .. }
            | Self::DamagedState { .. }
            | Self::ForgedIndex { .. }
            | Self::ForgedState { .. }
            | Self::MissingKeyMaterial { .. }
            | Self::MissingServiceKey { .. } => OutcomeKind::Damaged,
            Self::Encoding(_) => OutcomeKind::Internal,
            Self::NotForTrying { .. } => OutcomeKind::Refused,
            Self::Folder(error) => error.kind(),
            Self::Audit(error) => error.kind(),
            Self::Denied(denied) => denied.kind(),
            Self::OutOfReach(found) => found.cause().kind(),
            Self::Proof(error) => error.kind(),
            Self::Tenant(refusal) => refusal.kind(),
            Self::Subscription(refusal) => refusal.kind(),
            Self::Group(refusal) => refusal.kind(),
            Self::Principal(refusal) => refusal.kind(),
            Self::Access(refusal) => refusal.kind(),
            Self::Vault(refusal) => refusal.kind(),
            Self::Key(refusal) => refusal.kind(),
            Self::NoToken { source, .. } => source.kind(),
            Self::VaultDenied { source, .. } | Self::KeyDenied { source, .. } => source.kind(),
            Self::VaultCall(error) => error.kind(),
            Self::Import(error) => error.kind(),
            Self::KeyMaterial(error) => error.kind(),
            Self::KeyUse { source, .. } => source.kind(),
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
            Self::Folder(error) => error.retry(),
            Self::Denied(denied) => denied.retry(),
            Self::OutOfReach(found) => found.cause().retry(),
            Self::Proof(error) => error.retry(),
            Self::Tenant(refusal) => refusal.retry(),
            Self::Subscription(refusal) => refusal.retry(),
            Self::Group(refusal) => refusal.retry(),
            Self::Principal(refusal) => refusal.retry(),
            Self::Access(refusal) => refusal.retry(),
            Self::Vault(refusal) => refusal.retry(),
            Self::Key(refusal) => refusal.retry(),
            Self::NoToken { source, .. } => source.retry(),
            Self::VaultDenied { source, .. } | Self::KeyDenied { source, .. } => source.retry(),
            Self::VaultCall(error) => error.retry(),
            Self::Import(error) => error.retry(),
            Self::KeyMaterial(error) => error.retry(),
            Self::KeyUse { source, .. } => source.retry(),
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
        _ if is_denied_by_the_system(error) => ("StoreDenied", OutcomeKind::Denied),
        _ => ("StoreFailed", OutcomeKind::Unavailable),
    }
}

/// Whether the operating system refused a permission, however deep in the error that stands.
fn is_denied_by_the_system(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
            return true;
        }
        next = error.source();
    }
    false
}

/// A resource's data are out of reach, because whoever holds the key, or the directory, says no.
///
/// It heals by itself: once what it names is mended, the next use finds the key.
#[derive(Debug)]
pub struct OutOfReach {
    inaccessible: Inaccessible,
    cause: Arc<Error>,
}

impl OutOfReach {
    pub(crate) fn new(inaccessible: Inaccessible, cause: Error) -> Self {
        Self {
            inaccessible,
            cause: Arc::new(cause),
        }
    }

    /// Why, and since when.
    #[must_use]
    pub fn inaccessible(&self) -> Inaccessible {
        self.inaccessible
    }

    /// What was said, with what would turn it into a yes.
    #[must_use]
    pub fn cause(&self) -> &Error {
        &self.cause
    }
}

impl From<OutOfReach> for Error {
    fn from(found: OutOfReach) -> Self {
        Self::OutOfReach(Box::new(found))
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for OutOfReach {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_that_the_system_refuses_is_a_denial() {
        let failed = |kind: std::io::ErrorKind| {
            let source = InstallationError::io("opening", "/data/objects/x")(kind.into());
            let error = Error::from(object_store::Error::Generic {
                store: "test",
                source: Box::new(source),
            });
            (error.code(), error.kind())
        };
        let denied = failed(std::io::ErrorKind::PermissionDenied);
        assert_eq!(denied, ("StoreDenied", OutcomeKind::Denied));
        let full = failed(std::io::ErrorKind::StorageFull);
        assert_eq!(full, ("StoreFailed", OutcomeKind::Unavailable));
    }
}
