//! What can be wrong with a stored object.

use strongroom_base::{Outcome, OutcomeKind, Retry};

use super::{BindingMode, Generation, HEADER_LEN, MAX_PLAIN_LEN, PROLOGUE_LEN};
use crate::{CryptoError, TAG_LEN, cobblestone};

/// A size that no object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LengthError {
    /// More plaintext than an object may hold.
    #[error("an object holds at most {MAX_PLAIN_LEN} bytes, not {plain}: store it in parts")]
    TooLong {
        /// Bytes of plaintext.
        plain: u64,
    },
    /// A stored size beyond that of the longest object.
    #[error("{sealed} stored bytes are more than an object of {MAX_PLAIN_LEN} bytes has")]
    Oversized {
        /// Bytes in storage.
        sealed: u64,
    },
    /// Shorter than what stands before the first chunk.
    #[error(
        "{sealed} stored bytes are fewer than the {PROLOGUE_LEN} that every object begins with"
    )]
    NoPrologue {
        /// Bytes in storage.
        sealed: u64,
    },
    /// The last chunk is missing, or cut within its tag.
    #[error(
        "{sealed} stored bytes end in no last chunk, which is a tag of {TAG_LEN} bytes at least: \
         the object is cut off or extended"
    )]
    Truncated {
        /// Bytes in storage.
        sealed: u64,
    },
}

impl Outcome for LengthError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::Oversized { .. } => "ObjectTooLong",
            Self::NoPrologue { .. } | Self::Truncated { .. } => "ObjectTruncated",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::TooLong { .. } => OutcomeKind::BadInput,
            Self::Oversized { .. } | Self::NoPrologue { .. } | Self::Truncated { .. } => {
                OutcomeKind::Damaged
            }
        }
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}

/// A header that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    #[error("{length} bytes are fewer than the {HEADER_LEN} of a header")]
    TooShort {
        /// How many there are.
        length: usize,
    },
    /// The first bytes are not those of a sealed object.
    #[error("this is not a sealed object: it does not begin with the magic bytes")]
    NotSealed,
    /// A format that this version does not know.
    #[error("object format {0} is not known here (1 is): a newer version may have written it")]
    UnknownFormat(u8),
    /// A cipher suite that this version does not know.
    #[error("cipher suite {0} is not known here (1 is): a newer version may have written it")]
    UnknownSuite(u8),
    /// A binding mode that this version does not know.
    #[error(
        "binding mode {0} is not known here (1 and 2 are): a newer version may have written it"
    )]
    UnknownBinding(u8),
    /// The reserved byte is not zero.
    #[error("the reserved byte of the header is {0}, not 0")]
    Reserved(u8),
    /// Generations count from 1.
    #[error("the header names generation 0: generations count from 1")]
    GenerationZero,
}

impl Outcome for HeaderError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "ObjectTruncated",
            Self::NotSealed => "NotSealed",
            Self::UnknownFormat(_) => "UnknownFormat",
            Self::UnknownSuite(_) => "UnknownSuite",
            Self::UnknownBinding(_) => "UnknownBinding",
            Self::Reserved(_) | Self::GenerationZero => "MalformedHeader",
        }
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Damaged
    }

    fn retry(&self) -> Retry {
        match self {
            // A newer version of the program may read it.
            Self::UnknownFormat(_) | Self::UnknownSuite(_) | Self::UnknownBinding(_) => {
                Retry::AfterRepair
            }
            Self::TooShort { .. } | Self::NotSealed | Self::Reserved(_) | Self::GenerationZero => {
                Retry::Never
            }
        }
    }
}

/// A sealed object, or a part of one, that could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The object is bound in the other way than its resource says.
    #[error(
        "the object is bound by {}, its resource by {}: it was not sealed for this resource",
        found.as_str(), expected.as_str()
    )]
    WrongBindingMode {
        /// The resource's mode.
        expected: BindingMode,
        /// The object's mode.
        found: BindingMode,
    },
    /// The object is sealed under another generation than the key that was tried.
    #[error("the object is sealed under generation {found}, the key is of generation {key}")]
    WrongGeneration {
        /// The key's generation.
        key: Generation,
        /// The object's generation.
        found: Generation,
    },
    /// The object is sealed under a generation that the keyring does not have.
    #[error("the object is sealed under generation {found}, which the keyring does not have")]
    UnknownGeneration {
        /// The object's generation.
        found: Generation,
    },
    /// The stored size is one that no object has.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// A chunk's number or length is impossible, a buffer's length is wrong, or the provider failed;
    /// never [`cobblestone::OpenError::Authentication`].
    #[error(transparent)]
    Message(cobblestone::OpenError),
    /// Commitment or chunk: the key, the header, the resource, the place or the bytes are not those
    /// that were sealed. Which of them is not told.
    #[error(
        "the object does not authenticate: changed, or sealed under another key, for another \
         resource or another place"
    )]
    Authentication,
}

impl From<cobblestone::OpenError> for OpenError {
    fn from(error: cobblestone::OpenError) -> Self {
        match error {
            cobblestone::OpenError::Authentication => Self::Authentication,
            other => Self::Message(other),
        }
    }
}

impl From<CryptoError> for OpenError {
    fn from(error: CryptoError) -> Self {
        cobblestone::OpenError::from(error).into()
    }
}

impl Outcome for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Header(error) => error.code(),
            Self::WrongBindingMode { .. } => "WrongBindingMode",
            Self::WrongGeneration { .. } => "WrongGeneration",
            Self::UnknownGeneration { .. } => "UnknownGeneration",
            Self::Length(error) => error.code(),
            Self::Message(error) => error.code(),
            Self::Authentication => "AuthenticationFailed",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Header(error) => error.kind(),
            Self::Length(error) => error.kind(),
            Self::Message(error) => error.kind(),
            // The caller looked up the wrong key.
            Self::WrongGeneration { .. } => OutcomeKind::Internal,
            Self::WrongBindingMode { .. }
            | Self::UnknownGeneration { .. }
            | Self::Authentication => OutcomeKind::Damaged,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Header(error) => error.retry(),
            Self::Length(error) => error.retry(),
            Self::Message(error) => error.retry(),
            Self::WrongBindingMode { .. }
            | Self::WrongGeneration { .. }
            | Self::UnknownGeneration { .. }
            | Self::Authentication => Retry::Never,
        }
    }
}
