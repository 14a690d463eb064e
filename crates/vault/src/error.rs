//! What can come of asking a vault.

use core::time::Duration;

use strongroom_base::{Outcome, OutcomeKind, Retry};

use crate::{Denial, KeyType};

/// How long to wait before asking again, where nobody said.
const SOON: Duration = Duration::from_secs(1);

/// What can come of asking a vault.
///
/// The line between [`Denied`](VaultError::Denied) and [`Unavailable`](VaultError::Unavailable) is
/// what takes access to data away or leaves it (R17). Each provider draws it in one function.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum VaultError {
    /// The vault or its directory says no.
    #[error("the vault denies it: {0}")]
    Denied(Denial),
    /// Asked too often.
    #[error("the vault was asked too often: try again later")]
    Throttled {
        /// What the vault says of when, if it says it.
        retry_after: Option<Duration>,
    },
    /// Nobody answered, or not as a vault answers.
    #[error("the vault cannot be reached now ({unavailable}): try again")]
    Unavailable {
        /// How that shows.
        unavailable: Unavailable,
        /// What is behind it.
        #[source]
        source: Option<Box<dyn core::error::Error + Send + Sync>>,
    },
    /// The vault refuses the bytes, or what it holds fails its check: never retried, no revocation.
    #[error(
        "the vault refuses the bytes: they were changed, or made under another key or algorithm"
    )]
    Damaged,
    /// The key's type wraps and encrypts nothing.
    #[error("a key of type {key_type} neither wraps nor encrypts: name an RSA key (R15)")]
    KeyTypeCannot {
        /// The type.
        key_type: KeyType,
    },
    /// More bytes than fit under the key.
    #[error("the plaintext has {len} bytes, and at most {max} fit under this key and algorithm")]
    TooLong {
        /// How many there are.
        len: usize,
        /// How many fit.
        max: usize,
    },
    /// The address belongs to another provider.
    #[error("this provider does not answer for vaults under `{suffix}`")]
    ForeignVault {
        /// The suffix of the address.
        suffix: String,
    },
}

/// How it shows that nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// No connection: name, route, TLS.
    #[error("no connection")]
    Connection,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// A fault at the vault's end.
    #[error("a fault at the vault's end")]
    Fault,
    /// An answer that no vault gives: something in between answered.
    #[error("an answer that is not a vault's")]
    Foreign,
    /// The state of the embedded vault could not be read or written.
    #[error("the vault's state cannot be read or written")]
    State,
    /// A random number was needed and there was none.
    #[error("the random source failed")]
    Random,
}

impl VaultError {
    /// Why the vault says no, if it does.
    #[must_use]
    pub const fn denial(&self) -> Option<Denial> {
        match self {
            Self::Denied(denial) => Some(*denial),
            Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Damaged
            | Self::KeyTypeCannot { .. }
            | Self::TooLong { .. }
            | Self::ForeignVault { .. } => None,
        }
    }
}

impl Outcome for VaultError {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.code(),
            Self::Throttled { .. } => "Throttled",
            Self::Unavailable { .. } => "KeyVaultUnreachable",
            Self::Damaged => "WrappedKeyDamaged",
            Self::KeyTypeCannot { .. } => "KeyVaultKeyTypeNotSupported",
            Self::TooLong { .. } => "BadParameter",
            Self::ForeignVault { .. } => "ForeignVault",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denial) => denial.kind(),
            Self::Throttled { .. } => OutcomeKind::Throttled,
            Self::Unavailable { .. } => OutcomeKind::Unavailable,
            Self::Damaged => OutcomeKind::Damaged,
            Self::KeyTypeCannot { .. } => OutcomeKind::Refused,
            Self::TooLong { .. } | Self::ForeignVault { .. } => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denial) => denial.retry(),
            Self::Throttled { retry_after } => Retry::After(retry_after.unwrap_or(SOON)),
            Self::Unavailable { .. } => Retry::After(SOON),
            Self::Damaged
            | Self::KeyTypeCannot { .. }
            | Self::TooLong { .. }
            | Self::ForeignVault { .. } => Retry::Never,
        }
    }
}
