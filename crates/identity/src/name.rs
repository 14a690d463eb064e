//! Names that people choose for tenants, subscriptions and principals.

use core::fmt;
use core::str::FromStr;

use strongroom_base::{hides, seen};

/// A text that cannot be a display name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a name: expected 1 to 64 characters that can be seen, and no blank at either end; controls, \
     marks that turn the direction of writing and characters without a shape are left out",
    seen(text)
)]
pub struct InvalidDisplayName {
    text: String,
}

/// A display name: 1 to 64 characters, kept as given. It identifies nothing by itself.
///
/// One that somebody chooses is parsed: each of its characters must be seen as what it is. One that was
/// stored is converted, and may hold what earlier versions let through: all but controls.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct DisplayName(String);

impl DisplayName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it enters an index: two names that differ in case alone are one.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisplayName({:?})", self.0)
    }
}

impl FromStr for DisplayName {
    type Err = InvalidDisplayName;

    fn from_str(text: &str) -> Result<Self, InvalidDisplayName> {
        let text = text.to_owned();
        if text.chars().any(hides) {
            return Err(InvalidDisplayName { text });
        }
        Self::try_from(text)
    }
}

impl TryFrom<String> for DisplayName {
    type Error = InvalidDisplayName;

    fn try_from(text: String) -> Result<Self, InvalidDisplayName> {
        let fits = (1..=64).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidDisplayName { text })
        }
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

/// Whether a name is free where it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other")]
pub enum NameUse {
    /// Nobody has it.
    Free,
    /// Somebody else has it, in the same or another case.
    Taken,
}

#[cfg(test)]
mod tests {
    use strongroom_base::{ResourceUid, Timestamp};

    use super::*;
    use crate::table::{tenant, user};
    use crate::{
        Principal, PrincipalKind, PrincipalLife, principal_name_key, subscription_name_key,
        tenant_name_key,
    };

    #[test]
    fn what_would_mislead_a_reader_is_no_name() {
        for bad in [
            "",
            " a",
            "a ",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{9b}2J",
            "gpj\u{202e}.exe",
            "\u{2066}a\u{2069}",
            "a\u{200b}b",
            "a\u{2028}b",
            "a\u{ad}b",
            "\u{feff}a",
            "a\u{a0}b",
            "a\u{3164}",
            &"x".repeat(65),
        ] {
            let error = bad.parse::<DisplayName>().unwrap_err().to_string();
            assert!(!error.chars().any(hides), "{error:?}");
        }
        for good in ["Ada", "München Süd", &"ü".repeat(64)] {
            assert_eq!(good.parse::<DisplayName>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_name_that_an_earlier_version_stored_is_still_one() {
        let stored = "gpj\u{202e}.exe".to_owned();
        assert_eq!(
            DisplayName::try_from(stored.clone()).unwrap().as_str(),
            stored
        );
        assert!(DisplayName::try_from("a\u{1b}".to_owned()).is_err());
    }

    #[test]
    fn a_name_is_printed_as_it_was_given() {
        let name: DisplayName = "München Süd".parse().unwrap();
        assert_eq!(name.to_string(), "München Süd");
        assert_eq!(format!("{name:?}"), "DisplayName(\"München Süd\")");
    }

    #[test]
    fn names_that_differ_in_case_alone_have_one_key_in_one_tenant() {
        type Key = fn(u8, &DisplayName) -> String;
        let of_user: Key = |home, name| {
            let name = name.clone();
            let user = Principal {
                name,
                ..user(1, home)
            };
            principal_name_key(&user).unwrap()
        };
        let of_subscription: Key = |home, name| subscription_name_key(tenant(home), name);
        let name = |text: &str| text.parse::<DisplayName>().unwrap();
        for key in [of_user, of_subscription] {
            assert_eq!(key(1, &name("Süd")), key(1, &name("SÜD")));
            assert_ne!(key(1, &name("Süd")), key(1, &name("Nord")));
            assert_ne!(key(1, &name("Süd")), key(2, &name("Süd")));
        }
        // A tenant is in no other.
        assert_eq!(tenant_name_key(&name("Süd")), tenant_name_key(&name("SÜD")));
        assert_ne!(
            tenant_name_key(&name("Süd")),
            tenant_name_key(&name("Nord"))
        );
    }

    #[test]
    fn r12_a_managed_identity_and_a_deleted_principal_keep_no_name_from_others() {
        let of = ResourceUid::from_bytes([9; 16]);
        let identity = Principal {
            kind: PrincipalKind::ManagedIdentity { of },
            ..user(1, 1)
        };
        let deleted = Principal {
            life: PrincipalLife::Deleted {
                at: Timestamp::from_unix_millis(1),
            },
            ..user(1, 1)
        };
        for nameless in [identity, deleted] {
            assert_eq!(principal_name_key(&nameless), None);
        }
    }
}
