//! What can go wrong while a message is sealed or opened.

use strongroom_base::{Outcome, OutcomeKind, Retry};

use super::{CHUNK_LEN, SEALED_CHUNK_LEN};
use crate::{CryptoError, TAG_LEN};

/// A message that could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The message would pass its limit.
    #[error("the message would be longer than {limit} bytes: store it in parts")]
    TooLong {
        /// The longest message, in bytes.
        limit: u64,
    },
    /// A buffer of whole chunks is not one.
    #[error("{length} bytes are not whole chunks of {CHUNK_LEN} bytes")]
    NotWholeChunks {
        /// The buffer's length.
        length: usize,
    },
    /// The last chunk must be shorter than a full one: that is how the end is known.
    #[error("the last chunk must be shorter than {CHUNK_LEN} bytes, this one is {length}")]
    LastTooLong {
        /// The chunk's length.
        length: usize,
    },
    /// The output is not as long as the sealed input.
    #[error("the output must have {expected} bytes, this one has {found}")]
    OutputLength {
        /// The length of the sealed input.
        expected: usize,
        /// The output's length.
        found: usize,
    },
    /// A run of chunks was asked to seal more chunks than it was handed.
    #[error("this run has only {left} chunks left to seal")]
    RunSpent {
        /// How many chunks it may still seal.
        left: u64,
    },
    /// An earlier chunk failed: the message cannot be completed.
    #[error("an earlier chunk of this message failed to seal: start again with a new sealer")]
    Spent,
    /// The provider failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Outcome for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "ObjectTooLong",
            Self::NotWholeChunks { .. }
            | Self::LastTooLong { .. }
            | Self::OutputLength { .. }
            | Self::RunSpent { .. } => "WrongBufferLength",
            Self::Spent => "SealerSpent",
            Self::Crypto(error) => error.code(),
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::TooLong { .. } => OutcomeKind::BadInput,
            // Buffers are laid out by code, not by whoever sends the data.
            Self::NotWholeChunks { .. }
            | Self::LastTooLong { .. }
            | Self::OutputLength { .. }
            | Self::RunSpent { .. }
            | Self::Spent => OutcomeKind::Internal,
            Self::Crypto(error) => error.kind(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Crypto(error) => error.retry(),
            Self::TooLong { .. }
            | Self::NotWholeChunks { .. }
            | Self::LastTooLong { .. }
            | Self::OutputLength { .. }
            | Self::RunSpent { .. }
            | Self::Spent => Retry::Never,
        }
    }
}

/// A message, or a part of one, that could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The commitment or a chunk's tag does not match.
    #[error(
        "the bytes do not authenticate: changed, or sealed under another key, for another place, \
         or as another part of the message"
    )]
    Authentication,
    /// A chunk number lies beyond the longest message.
    #[error("chunk {number} lies beyond the longest message of {limit} bytes")]
    TooLong {
        /// The chunk's number.
        number: u64,
        /// The longest message, in bytes.
        limit: u64,
    },
    /// A buffer of whole sealed chunks is not one.
    #[error("{length} bytes are not whole sealed chunks of {SEALED_CHUNK_LEN} bytes")]
    NotWholeChunks {
        /// The buffer's length.
        length: usize,
    },
    /// A message always ends in a chunk shorter than a full one; these bytes cannot be it.
    #[error(
        "the message is cut off: its last sealed chunk must have {TAG_LEN} to {max} bytes, this \
         one has {length}", max = SEALED_CHUNK_LEN - 1
    )]
    Truncated {
        /// The length of what stands in the last chunk's place.
        length: usize,
    },
    /// The output is not as long as the opened input.
    #[error("the output must have {expected} bytes, this one has {found}")]
    OutputLength {
        /// The length of the opened input.
        expected: usize,
        /// The output's length.
        found: usize,
    },
    /// The provider failed.
    #[error(transparent)]
    Crypto(CryptoError),
}

impl From<CryptoError> for OpenError {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Authentication => Self::Authentication,
            CryptoError::Key | CryptoError::Length | CryptoError::Random => Self::Crypto(error),
        }
    }
}

impl Outcome for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Authentication => "AuthenticationFailed",
            Self::TooLong { .. } => "ObjectTooLong",
            Self::Truncated { .. } => "ObjectTruncated",
            Self::NotWholeChunks { .. } | Self::OutputLength { .. } => "WrongBufferLength",
            Self::Crypto(error) => error.code(),
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Authentication | Self::Truncated { .. } | Self::TooLong { .. } => {
                OutcomeKind::Damaged
            }
            Self::NotWholeChunks { .. } | Self::OutputLength { .. } => OutcomeKind::Internal,
            Self::Crypto(error) => error.kind(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Crypto(error) => error.retry(),
            Self::Authentication
            | Self::TooLong { .. }
            | Self::Truncated { .. }
            | Self::NotWholeChunks { .. }
            | Self::OutputLength { .. } => Retry::Never,
        }
    }
}
