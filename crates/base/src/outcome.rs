//! The one list of what can come of a request, the same in every crate, dialect and exit code.

use core::time::Duration;

/// Whether asking again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each class")]
pub enum Retry {
    /// The same request will always get the same answer.
    Never,
    /// The same request may succeed after this long.
    After(Duration),
    /// Somebody must first mend what the error names.
    AfterRepair,
}

/// What kind of answer an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers must react to each kind")]
pub enum OutcomeKind {
    /// The request itself is malformed, or names what is not there.
    BadInput,
    /// Strongroom's rules say no.
    Refused,
    /// The vault or the directory says no: this revokes.
    Denied,
    /// Nobody answered.
    Unavailable,
    /// Asked too often.
    Throttled,
    /// Stored bytes failed their check: never retried, alarmed, not a revocation.
    Damaged,
    /// A fault of Strongroom or its machine: a full disk, a bug.
    Internal,
}

/// An error that says what it is, by a stable code, and whether asking again can help.
pub trait Outcome: core::error::Error {
    /// A stable code in the field's `PascalCase`, such as `CmkNotAllowedAtCreation`.
    fn code(&self) -> &'static str;

    /// Which of the kinds it is.
    fn kind(&self) -> OutcomeKind;

    /// Whether asking again can help.
    fn retry(&self) -> Retry;
}
