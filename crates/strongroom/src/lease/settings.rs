//! How long a proof is good for, and how often a vault is asked for one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Terms;
use crate::vaults::VaultBudget;

/// How long a proof of a customer's key is good for.
///
/// It is the bound of a revocation that nobody tells of: whoever takes access away is obeyed when it has
/// run out, at the latest, and [`outage_grace`](LeaseSettings::outage_grace) later if the vault cannot be
/// asked just then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseTerm(Term);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Term {
    For(Duration),
    PerOperation,
}

/// A lease that is too short to be asked for anew in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lease of {given:?} is too short: give at least {shortest:?}, or `per-operation`", shortest = LeaseTerm::SHORTEST)]
pub struct LeaseTooShort {
    given: Duration,
}

/// A text that is no lease.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLease {
    /// It is neither a time nor the word.
    #[error(
        "`{text}` is no lease: give whole seconds or milliseconds (60s, 1500ms), or `per-operation`"
    )]
    Malformed {
        /// What it is.
        text: String,
    },
    /// It is too short.
    #[error(transparent)]
    TooShort(#[from] LeaseTooShort),
}

impl LeaseTerm {
    /// The shortest lease.
    pub const SHORTEST: Duration = Duration::from_secs(1);

    /// No lease: each operation proves the key by itself, and what streams proves it again every second.
    /// A service-managed key, which nobody but the service holds, is leased for a minute all the same.
    pub const PER_OPERATION: Self = Self(Term::PerOperation);

    /// So long, from when the proof was asked for.
    ///
    /// # Errors
    /// [`LeaseTooShort`] below [`SHORTEST`](Self::SHORTEST).
    pub fn lasting(term: Duration) -> Result<Self, LeaseTooShort> {
        if term < Self::SHORTEST {
            return Err(LeaseTooShort { given: term });
        }
        Ok(Self(Term::For(term)))
    }

    /// How long a lease lasts; none if each operation proves the key by itself.
    #[must_use]
    pub const fn duration(self) -> Option<Duration> {
        match self.0 {
            Term::For(term) => Some(term),
            Term::PerOperation => None,
        }
    }
}

/// A minute.
impl Default for LeaseTerm {
    fn default() -> Self {
        Self(Term::For(Duration::from_mins(1)))
    }
}

impl fmt::Display for LeaseTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Term::For(term) if term.subsec_millis() == 0 => write!(f, "{}s", term.as_secs()),
            Term::For(term) => write!(f, "{}ms", term.as_millis()),
            Term::PerOperation => f.write_str("per-operation"),
        }
    }
}

impl FromStr for LeaseTerm {
    type Err = InvalidLease;

    fn from_str(text: &str) -> Result<Self, InvalidLease> {
        if text == "per-operation" {
            return Ok(Self::PER_OPERATION);
        }
        let malformed = || InvalidLease::Malformed {
            text: text.to_owned(),
        };
        let number = |digits: &str| digits.parse().map_err(|_| malformed());
        let term = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(millis), _) => Duration::from_millis(number(millis)?),
            (None, Some(seconds)) => Duration::from_secs(number(seconds)?),
            (None, None) => return Err(malformed()),
        };
        Ok(Self::lasting(term)?)
    }
}

/// How the customers' keys are asked for (R17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `default` gives the defaults"
)]
pub struct LeaseSettings {
    /// How long a proof is good for; a minute.
    pub term: LeaseTerm,
    /// For how much longer it is, while the vault cannot be asked; not at all.
    ///
    /// It keeps a service going through an outage of the vault, and is the time for which whoever can
    /// keep the vault from answering can put a revocation off.
    pub outage_grace: Duration,
    /// For how long a denial is taken for granted before the vault is asked again; five seconds.
    pub denied_for: Duration,
    /// How long a vault may take to answer before it counts as unavailable; ten seconds, and never
    /// longer than the lease.
    pub deadline: Duration,
    /// How much is asked of one vault.
    pub budget: VaultBudget,
}

impl LeaseSettings {
    /// The defaults, with another term.
    #[must_use]
    pub fn with_term(term: LeaseTerm) -> Self {
        Self {
            term,
            ..Self::default()
        }
    }

    /// How long a revocation can go unnoticed: the lease and the grace. To it come the hand-over of one
    /// block, and the vault's own time until it answers by what its owner has changed.
    ///
    /// An operation that proves the key by itself is bound by that proof's round trip, and no time is
    /// known beforehand; what streams is asked again every second.
    #[must_use]
    pub fn bound(&self) -> Duration {
        let term = self.term.duration().unwrap_or(LeaseTerm::SHORTEST);
        term.saturating_add(self.outage_grace)
    }

    /// For how long a change of key may rest on one unwrap: as a lease does, and for no grace, since the vault
    /// has answered.
    pub(crate) fn change_of_key(&self) -> Terms {
        Terms {
            lease: self.term.duration().unwrap_or(LeaseTerm::SHORTEST),
            grace: Duration::ZERO,
        }
    }

    /// How long a vault may take to answer.
    pub(crate) fn deadline(&self) -> Duration {
        let term = self.term.duration().unwrap_or(Duration::MAX);
        self.deadline.min(term)
    }
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self {
            term: LeaseTerm::default(),
            outage_grace: Duration::ZERO,
            denied_for: Duration::from_secs(5),
            deadline: Duration::from_secs(10),
            budget: VaultBudget::default(),
        }
    }
}

/// What is left out of an installation, to show what it is for.
#[cfg(feature = "fault-injection")]
#[cfg_attr(docsrs, doc(cfg(feature = "fault-injection")))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by tests")]
pub struct Danger {
    /// An operation that has begun is never asked again whether it may go on: a revocation does not stop
    /// what runs (R17).
    pub unchecked_leases: bool,
    /// What other processes change is not looked for: only the lease's end shows it.
    pub unwatched_changes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_reads_as_it_is_written() {
        for text in ["1s", "60s", "1500ms", "per-operation"] {
            assert_eq!(text.parse::<LeaseTerm>().unwrap().to_string(), text);
        }
        for text in ["", "s", "60", "1.5s", "-1s", "1m", "per operation"] {
            let malformed = text.parse::<LeaseTerm>().unwrap_err();
            assert!(
                matches!(malformed, InvalidLease::Malformed { .. }),
                "{text}"
            );
        }
    }

    #[test]
    fn r17_a_lease_is_at_least_a_second() {
        for text in ["0s", "999ms"] {
            let short = text.parse::<LeaseTerm>().unwrap_err();
            assert!(matches!(short, InvalidLease::TooShort(_)), "{text}");
        }
        assert!(LeaseTerm::lasting(LeaseTerm::SHORTEST).is_ok());
    }

    #[test]
    fn r17_the_bound_is_the_lease_and_the_grace_and_no_answer_may_take_longer_than_the_lease() {
        let settings = LeaseSettings {
            outage_grace: Duration::from_secs(30),
            ..LeaseSettings::with_term("2s".parse().unwrap())
        };
        assert_eq!(settings.bound(), Duration::from_secs(32));
        assert_eq!(settings.deadline(), Duration::from_secs(2));
        assert_eq!(LeaseSettings::default().bound(), Duration::from_mins(1));
    }
}
