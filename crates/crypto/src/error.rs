//! What can go wrong in a provider.

use std::time::Duration;

use strongroom_base::{Outcome, OutcomeKind, Retry};

/// A cryptographic operation that did not succeed. It never says more than a caller may learn:
/// whatever made an authentication fail, the error is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// A tag, padding, commitment or MAC does not match: the bytes were changed, or belong to
    /// another key or place.
    #[error(
        "the bytes do not authenticate under this key: changed, or made for another key or place"
    )]
    Authentication,
    /// The provider will not use this key: malformed, of another type, or of a size it refuses.
    #[error("the key is malformed or of a type or size that the provider does not take")]
    Key,
    /// The input is longer than the operation allows.
    #[error("the input is longer than this operation allows")]
    Length,
    /// The random source failed.
    #[error("the random source of the operating system failed")]
    Random,
}

impl Outcome for CryptoError {
    fn code(&self) -> &'static str {
        match self {
            Self::Authentication => "AuthenticationFailed",
            Self::Key => "UnusableKey",
            Self::Length => "InputTooLong",
            Self::Random => "RandomSourceFailed",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Authentication => OutcomeKind::Damaged,
            Self::Key | Self::Length => OutcomeKind::BadInput,
            Self::Random => OutcomeKind::Unavailable,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Authentication | Self::Key | Self::Length => Retry::Never,
            Self::Random => Retry::After(Duration::from_secs(1)),
        }
    }
}
