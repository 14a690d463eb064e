//! Whether a customer's key can be reached, as it was found at the last use (R17).

use strongroom_base::{Outcome, OutcomeKind, Retry, Timestamp};
use strongroom_identity::NoToken;
use strongroom_vault::Denial;

/// A resource whose data are out of reach: whoever holds the key, or the directory, says no.
///
/// It says what was found when the key was last asked for. It heals by itself: the next use after the
/// cause is mended finds the key, and the mark goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_structs, reason = "a view that callers read whole")]
pub struct Inaccessible {
    /// The cause, as far as the vault's own answer tells it.
    pub reason: Reason,
    /// When it was first found so.
    pub since: Timestamp,
}

/// Who says no, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each")]
pub enum Reason {
    /// The vault denies the unwrap.
    #[error(transparent)]
    Vault(Denial),
    /// Nobody asks the vault: the resource has no identity that could (R12, R13).
    #[error(transparent)]
    Identity(NoToken),
    /// The vault is in another region than the resource (R7).
    #[error("the vault is in another region than the resource (R7)")]
    OtherRegion,
}

impl Outcome for Reason {
    fn code(&self) -> &'static str {
        match self {
            Self::Vault(denial) => denial.code(),
            Self::Identity(no_token) => no_token.code(),
            Self::OtherRegion => "KeyVaultRegionMismatch",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Vault(denial) => denial.kind(),
            Self::Identity(no_token) => no_token.kind(),
            Self::OtherRegion => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        Retry::AfterRepair
    }
}
