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

/// RFC 3339 in UTC, to the millisecond. A year of more than four digits has a sign before it, as ISO
/// 8601 writes it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1_000, self.0 % 1_000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let sign = if year > 9_999 { "+" } else { "" };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// Year, month and day, so many days after 1970-01-01. The calendar repeats every 400 years, which are
/// counted from a first of March: a leap day is then the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day)
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
    fn a_time_is_shown_as_rfc_3339() {
        for (millis, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_800_000_000_123, "2027-01-15T08:00:00.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
            (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_unix_millis(millis).to_string(), shown);
        }
        let end = Timestamp::from_unix_millis(u64::MAX);
        assert!(end.to_string().ends_with('Z'));
    }

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
