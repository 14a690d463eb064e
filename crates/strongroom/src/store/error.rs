//! The one place where Strongroom's errors become `object_store`'s.

use object_store::Error as StoreError;
use object_store::path::Path;
use strongroom_base::{Outcome, OutcomeKind};
use strongroom_crypto::object::{LengthError, OpenError, SealError};

use crate::{Error, FolderError};

const STORE: &str = "Strongroom";

/// What `error` is to a caller that knows only `object_store`. The typed error stays its source.
pub(super) fn at(error: Error, location: &Path) -> StoreError {
    let path = location.to_string();
    match error {
        Error::Store(error) => error,
        // A path is refused there, not access.
        other @ Error::Folder(_) => generic(other),
        other => match other.kind() {
            OutcomeKind::Denied | OutcomeKind::Refused => StoreError::PermissionDenied {
                path,
                source: Box::new(other),
            },
            OutcomeKind::BadInput
            | OutcomeKind::Unavailable
            | OutcomeKind::Throttled
            | OutcomeKind::Damaged
            | OutcomeKind::Internal => generic(other),
        },
    }
}

/// A stored object that cannot be opened.
pub(super) fn damaged(error: OpenError) -> StoreError {
    generic(Error::from(error))
}

/// An error of ours about an object's bytes, naming the object.
pub(super) fn named(error: StoreError, location: &Path) -> StoreError {
    match Error::from(error) {
        Error::Store(error) => error,
        about_bytes @ (Error::Open(_) | Error::Seal(_)) => {
            unusable(location.to_string(), about_bytes)
        }
        other => at(other, location),
    }
}

/// Why one object cannot be used.
pub(super) fn unusable(location: String, error: Error) -> StoreError {
    let source = Box::new(error);
    generic(Error::Object { location, source })
}

/// A failed seal.
pub(super) fn unsealed(error: SealError) -> StoreError {
    generic(Error::from(error))
}

/// A plaintext that is longer than an object may be.
pub(super) fn too_long(error: LengthError) -> StoreError {
    generic(Error::from(error))
}

/// A failed read of a local object.
pub(super) fn local_io(error: std::io::Error) -> StoreError {
    StoreError::Generic {
        store: STORE,
        source: Box::new(error),
    }
}

/// What an operation was asked to keep in clear without leave, or is not offered at all.
pub(super) fn not_implemented(operation: &str) -> StoreError {
    StoreError::NotImplemented {
        operation: operation.to_owned(),
        implementer: STORE.to_owned(),
    }
}

/// A range that the plaintext object does not have.
pub(super) fn bad_range(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    generic(Error::Range(Box::new(error)))
}

fn generic(error: Error) -> StoreError {
    StoreError::Generic {
        store: STORE,
        source: Box::new(error),
    }
}

/// The inner store's error, naming the place that the caller named rather than the stored one.
pub(super) fn localized(error: StoreError, location: &Path) -> StoreError {
    let path = location.to_string();
    match error {
        StoreError::NotFound { path: _, source } => StoreError::NotFound { path, source },
        StoreError::AlreadyExists { path: _, source } => StoreError::AlreadyExists { path, source },
        StoreError::Precondition { path: _, source } => StoreError::Precondition { path, source },
        StoreError::NotModified { path: _, source } => StoreError::NotModified { path, source },
        StoreError::PermissionDenied { path: _, source } => {
            StoreError::PermissionDenied { path, source }
        }
        StoreError::Unauthenticated { path: _, source } => {
            StoreError::Unauthenticated { path, source }
        }
        StoreError::Generic { store, source } => match source.downcast() {
            Ok(ours) => match *ours {
                Error::Folder(error) => generic(Error::Folder(FolderError { path, ..error })),
                source => generic(source),
            },
            Err(source) => StoreError::Generic { store, source },
        },
        other => other,
    }
}

/// The path that an error is about, as whoever made it calls it.
pub(super) fn path_of(error: &StoreError) -> Option<&str> {
    match error {
        StoreError::NotFound { path, .. }
        | StoreError::AlreadyExists { path, .. }
        | StoreError::Precondition { path, .. }
        | StoreError::NotModified { path, .. }
        | StoreError::PermissionDenied { path, .. }
        | StoreError::Unauthenticated { path, .. } => Some(path),
        StoreError::Generic { source, .. } => match source.downcast_ref()? {
            Error::Folder(error) => Some(&error.path),
            _ => None,
        },
        _ => None,
    }
}
