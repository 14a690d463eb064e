//! What can be wrong with a keyring.

use strongroom_base::{Outcome, OutcomeKind, ResourceUid, Retry};

use crate::CryptoError;
use crate::object::Generation;

/// A keyring that is not used, or not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// No generation at all.
    #[error("the keyring has no generation: every resource has one at least")]
    Empty,
    /// The keyring of another resource.
    #[error("the keyring belongs to resource {found}, not to {expected}")]
    OtherResource {
        /// The resource whose keyring was asked for.
        expected: ResourceUid,
        /// The resource that it names.
        found: ResourceUid,
    },
    /// A generation is missing, doubled or out of order.
    #[error("generation {found} stands where generation {expected} must: none may be missing")]
    Gap {
        /// The next generation by number.
        expected: Generation,
        /// The one that stands there.
        found: Generation,
    },
    /// A generation's state or wrapping does not fit its place.
    #[error(
        "generation {generation} is not as its place asks: the newest is for writing and wrapped by \
         a key-encryption key, each older one for reading and sealed under the next newer"
    )]
    Misplaced {
        /// The generation.
        generation: Generation,
    },
    /// A record's MAC does not match.
    #[error(
        "the record of generation {generation} was not written by this installation, or was changed \
         since: its MAC does not match"
    )]
    Mac {
        /// The generation.
        generation: Generation,
    },
    /// The unwrapped key is not the one that the record was made for.
    #[error(
        "the key of generation {generation} is not the one its record was made for: its check value \
         does not match"
    )]
    CheckValue {
        /// The generation.
        generation: Generation,
    },
    /// An older generation does not open under the next newer.
    #[error("generation {generation} does not open under the next newer one")]
    Older {
        /// The older generation.
        generation: Generation,
    },
    /// There is no number for a newer generation or a later epoch.
    #[error("the keyring has used up its numbers: re-encrypt into a new resource")]
    Exhausted,
    /// The provider failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Outcome for KeyringError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty
            | Self::OtherResource { .. }
            | Self::Gap { .. }
            | Self::Misplaced { .. }
            | Self::Mac { .. } => "KeyringDamaged",
            Self::CheckValue { .. } => "KeyCheckFailed",
            Self::Older { .. } => "OlderGenerationDamaged",
            Self::Exhausted => "KeyringExhausted",
            Self::Crypto(error) => error.code(),
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Empty
            | Self::OtherResource { .. }
            | Self::Gap { .. }
            | Self::Misplaced { .. }
            | Self::Mac { .. }
            | Self::CheckValue { .. }
            | Self::Older { .. } => OutcomeKind::Damaged,
            Self::Exhausted => OutcomeKind::Refused,
            Self::Crypto(error) => error.kind(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Crypto(error) => error.retry(),
            Self::Empty
            | Self::OtherResource { .. }
            | Self::Gap { .. }
            | Self::Misplaced { .. }
            | Self::Mac { .. }
            | Self::CheckValue { .. }
            | Self::Older { .. }
            | Self::Exhausted => Retry::Never,
        }
    }
}
