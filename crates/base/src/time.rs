//! Time as a value: pure rooms are handed `now`, drivers hold a [`Clock`].

use core::fmt;
use core::time::Duration;

/// A moment: milliseconds since the Unix epoch, UTC, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment so many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; stays at the end of time rather than wrapping.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero if it is not after.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Where a driver takes the time from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock's time. It can be set back, and jump.
    fn now(&self) -> Timestamp;

    /// The same as of the last tick, some milliseconds ago at most: for whoever asks often, and compares
    /// with nothing but other ticks.
    fn last_tick(&self) -> Timestamp {
        self.now()
    }

    /// Time since some fixed moment, such as the machine's start. It never goes back, and goes on while
    /// the machine sleeps.
    ///
    /// A clock that has no such time of its own measures it by the wall clock.
    fn since_boot(&self) -> Duration {
        Duration::from_millis(self.now().as_unix_millis())
    }
}

/// A fixed time is a clock.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let end = Timestamp::from_unix_millis(u64::MAX);
        assert_eq!(end.saturating_add(Duration::MAX), end);
        let start = Timestamp::from_unix_millis(0);
        assert_eq!(start.saturating_since(end), Duration::ZERO);
        assert_eq!(
            start
                .saturating_add(Duration::from_secs(2))
                .as_unix_millis(),
            2_000
        );
    }
}
