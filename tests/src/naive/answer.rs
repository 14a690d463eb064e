//! What the model says of a step.

use std::collections::BTreeSet;

use strongroom_base::OutcomeKind;

/// One rule's no, as an outcome: its kind and its stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct No {
    /// 0 refused, 1 denied, 2 bad input.
    kind: u8,
    /// The code.
    pub code: &'static str,
}

impl No {
    /// Our rules say no.
    #[must_use]
    pub const fn refused(code: &'static str) -> Self {
        Self { kind: 0, code }
    }

    /// The vault or the directory says no.
    #[must_use]
    pub const fn denied(code: &'static str) -> Self {
        Self { kind: 1, code }
    }

    /// There is no such thing.
    #[must_use]
    pub const fn bad(code: &'static str) -> Self {
        Self { kind: 2, code }
    }

    /// Whether an outcome is this one.
    #[must_use]
    pub fn is(&self, kind: OutcomeKind, code: &str) -> bool {
        let kinds = [
            OutcomeKind::Refused,
            OutcomeKind::Denied,
            OutcomeKind::BadInput,
        ];
        kinds.get(usize::from(self.kind)) == Some(&kind) && self.code == code
    }
}

/// How often keys are used by a step that succeeds, as far as the rules fix it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Unwraps under a customer's key.
    pub key_unwraps: u64,
    /// Wraps under a customer's key.
    pub key_wraps: u64,
    /// Unwraps under a service-managed key.
    pub service_unwraps: u64,
    /// Wraps under a service-managed key.
    pub service_wraps: u64,
    /// Whether these are the least, and not the exact, numbers: a data operation unwraps at least once.
    pub at_least: bool,
}

/// What the model says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done(Uses),
    /// One of these is the answer, and nothing has changed.
    No(BTreeSet<No>),
    /// Either: the rules leave it open, and nothing has changed in either case.
    Either(BTreeSet<No>),
}

impl Answer {
    /// Done, and no key was asked for anything.
    pub const DONE: Self = Self::Done(Uses {
        key_unwraps: 0,
        key_wraps: 0,
        service_unwraps: 0,
        service_wraps: 0,
        at_least: false,
    });

    /// The one no that there is.
    #[must_use]
    pub fn no(no: No) -> Self {
        Self::No(BTreeSet::from([no]))
    }

    /// The no to what is so already: by the name of the state, or as an idempotent caller wants it.
    #[must_use]
    pub fn already(code: &'static str) -> Self {
        Self::No(BTreeSet::from([No::refused(code), No::refused("NoOp")]))
    }

    /// Whether the model says that it is done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}
