//! What a record is called, and how its changes are counted.

use core::fmt;
use core::str::FromStr;

use crate::invalid::Invalid;

const MAX_KIND: usize = 32;
const MAX_ID: usize = 255;

/// The name of one record: its kind, a slash, its id, as in `resource/5f3a`.
///
/// A kind is 1 to 32 lower-case letters, digits or hyphens, starting with a letter. An id is 1 to
/// 255 visible ASCII characters, slashes included.
///
/// ```
/// use strongroom_ledger::AggregateId;
///
/// let id = AggregateId::new("resource", "5f3a")?;
/// assert_eq!((id.kind(), id.id(), id.as_str()), ("resource", "5f3a", "resource/5f3a"));
/// assert_eq!("resource/5f3a".parse(), Ok(id));
/// assert!(AggregateId::new("Resource", "5f3a").is_err());
/// # Ok::<(), strongroom_ledger::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AggregateId(String);

impl AggregateId {
    /// The record `id` among those of `kind`.
    ///
    /// # Errors
    /// [`Invalid::AggregateId`] if either part breaks its rule.
    pub fn new(kind: &str, id: &str) -> Result<Self, Invalid> {
        format!("{kind}/{id}").parse()
    }

    /// What kind of record it names.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// Which record of its kind it names.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }

    /// The whole name, as it is stored and ordered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AggregateId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = text.split_once('/').is_some_and(|(kind, id)| {
            (1..=MAX_KIND).contains(&kind.len())
                && kind.starts_with(|c: char| c.is_ascii_lowercase())
                && kind
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                && (1..=MAX_ID).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::AggregateId {
                text: text.chars().take(300).collect(),
            })
        }
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AggregateId({})", self.0)
    }
}

/// Which state of a record: a number that rises over the whole ledger and is never used twice,
/// not even for a record that was removed and made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of what does not exist.
    pub const ABSENT: Self = Self(0);

    /// The version that this number is; zero is [`ABSENT`](Self::ABSENT).
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The version as a number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ABSENT {
            f.write_str("absent")
        } else {
            self.0.fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_valid_id_round_trips(kind in "[a-z][a-z0-9-]{0,31}", id in "[!-~]{1,255}") {
            let made = AggregateId::new(&kind, &id).unwrap();
            prop_assert_eq!((made.kind(), made.id()), (kind.as_str(), id.as_str()));
            prop_assert_eq!(made.to_string().parse(), Ok(made));
        }

        #[test]
        fn any_text_is_taken_whole_or_refused(text in any::<String>()) {
            if let Ok(id) = text.parse::<AggregateId>() {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }

    #[test]
    fn what_breaks_the_rule_is_refused() {
        for bad in [
            "", "/", "a/", "/b", "A/b", "a b/c", "1a/b", "a/b c", "a/é", "a_b/c",
        ] {
            let error = bad.parse::<AggregateId>().unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
        assert!(AggregateId::new("a/b", "c").is_ok_and(|id| id.kind() == "a"));
    }
}
