//! The rotation policy of a key: it adds versions, and does nothing else (R16).

use core::time::Duration;

use strongroom_base::Timestamp;

/// Days, of 86,400 seconds.
const DAY: Duration = Duration::from_hours(24);

/// When a vault adds a version of a key by itself. Days are of 86,400 seconds: a calendar's months
/// and years are the dialect's to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct RotationPolicy {
    rotate: RotateWhen,
    expires_after_days: Option<u32>,
}

/// When a rotation policy adds a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "Azure has these two triggers, or none"
)]
pub enum RotateWhen {
    /// Not by itself.
    #[default]
    Never,
    /// So many days after the latest version was made.
    AfterCreate {
        /// The days.
        days: u32,
    },
    /// So many days before the latest version expires; not, if that one does not expire.
    BeforeExpiry {
        /// The days.
        days: u32,
    },
}

/// A rotation policy that Azure would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRotationPolicy {
    /// Versions would expire too soon.
    #[error("versions expire after at least 28 days, not {days}")]
    ExpiryTooSoon {
        /// As asked.
        days: u32,
    },
    /// Versions would be added too soon after the one before.
    #[error("a version is added at least 7 days after the one before, not {days}")]
    TooSoonAfterCreation {
        /// As asked.
        days: u32,
    },
    /// Versions would be added too late.
    #[error("a version is added at least 7 days before the one before expires, not {days}")]
    TooCloseToExpiry {
        /// As it would be.
        days: u32,
    },
    /// A trigger before expiry, and nothing expires.
    #[error("to rotate before expiry, versions must expire: set the expiry too")]
    NothingExpires,
}

impl RotationPolicy {
    /// A policy that rotates at `rotate` and lets the versions that a rotation adds expire after so
    /// many days.
    ///
    /// # Errors
    /// [`InvalidRotationPolicy`]: 28 days to expiry at the least, and 7 days between a rotation and
    /// either end.
    pub const fn new(
        rotate: RotateWhen,
        expires_after_days: Option<u32>,
    ) -> Result<Self, InvalidRotationPolicy> {
        use InvalidRotationPolicy as E;
        if let Some(days) = expires_after_days
            && days < 28
        {
            return Err(E::ExpiryTooSoon { days });
        }
        let (after, before) = match (rotate, expires_after_days) {
            (RotateWhen::Never, _) => (None, None),
            (RotateWhen::AfterCreate { days }, None) => (Some(days), None),
            (RotateWhen::AfterCreate { days }, Some(life)) => {
                (Some(days), Some(life.saturating_sub(days)))
            }
            (RotateWhen::BeforeExpiry { .. }, None) => return Err(E::NothingExpires),
            (RotateWhen::BeforeExpiry { days }, Some(life)) => {
                (Some(life.saturating_sub(days)), Some(days))
            }
        };
        match (after, before) {
            (Some(days), _) if days < 7 => Err(E::TooSoonAfterCreation { days }),
            (_, Some(days)) if days < 7 => Err(E::TooCloseToExpiry { days }),
            _ => Ok(Self {
                rotate,
                expires_after_days,
            }),
        }
    }

    /// When it adds a version.
    #[must_use]
    pub const fn rotate(&self) -> RotateWhen {
        self.rotate
    }

    /// After how many days the versions that a rotation adds expire.
    #[must_use]
    pub const fn expires_after_days(&self) -> Option<u32> {
        self.expires_after_days
    }

    /// When a version that a rotation adds at `at` expires.
    pub(super) fn expiry_of_version_made(&self, at: Timestamp) -> Option<Timestamp> {
        self.expires_after_days
            .map(|days| at.saturating_add(DAY * days))
    }

    /// When it adds the next version, after one that was made at `created` and expires then, if it does.
    pub(super) fn due(&self, created: Timestamp, expires: Option<Timestamp>) -> Option<Timestamp> {
        match self.rotate {
            RotateWhen::Never => None,
            RotateWhen::AfterCreate { days } => Some(created.saturating_add(DAY * days)),
            RotateWhen::BeforeExpiry { days } => expires.map(|expires| {
                let before = u64::from(days) * 86_400_000;
                Timestamp::from_unix_millis(expires.as_unix_millis().saturating_sub(before))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_keeps_its_distances() {
        use InvalidRotationPolicy as E;
        use RotateWhen::{AfterCreate, BeforeExpiry, Never};
        for (rotate, expiry, expected) in [
            (Never, Some(27), E::ExpiryTooSoon { days: 27 }),
            (
                AfterCreate { days: 6 },
                None,
                E::TooSoonAfterCreation { days: 6 },
            ),
            (
                AfterCreate { days: 22 },
                Some(28),
                E::TooCloseToExpiry { days: 6 },
            ),
            (
                AfterCreate { days: 100 },
                Some(28),
                E::TooCloseToExpiry { days: 0 },
            ),
            (
                BeforeExpiry { days: 6 },
                Some(28),
                E::TooCloseToExpiry { days: 6 },
            ),
            (
                BeforeExpiry { days: 22 },
                Some(28),
                E::TooSoonAfterCreation { days: 6 },
            ),
            (BeforeExpiry { days: 7 }, None, E::NothingExpires),
        ] {
            assert_eq!(
                RotationPolicy::new(rotate, expiry),
                Err(expected),
                "{rotate:?}"
            );
        }
        for (rotate, expiry) in [
            (Never, None),
            (AfterCreate { days: 7 }, None),
            (AfterCreate { days: 21 }, Some(28)),
            (BeforeExpiry { days: 7 }, Some(28)),
        ] {
            assert!(RotationPolicy::new(rotate, expiry).is_ok(), "{rotate:?}");
        }
    }

    #[test]
    fn a_policy_says_what_it_was_made_of() {
        let rotate = RotateWhen::BeforeExpiry { days: 8 };
        let policy = RotationPolicy::new(rotate, Some(30)).unwrap();
        assert_eq!(policy.rotate(), rotate);
        assert_eq!(policy.expires_after_days(), Some(30));
        let never = RotationPolicy::default();
        assert_eq!(never.rotate(), RotateWhen::Never);
        assert_eq!(never.expires_after_days(), None);
    }
}
