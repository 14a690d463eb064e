//! Names that people choose, held to what ARM accepts.

use core::fmt;
use core::str::FromStr;

/// A text that cannot be a name of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected {expected}")]
pub struct InvalidName {
    kind: &'static str,
    expected: &'static str,
    text: String,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $expected:literal, $parse:path;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                $parse(text).map(Self).ok_or_else(|| InvalidName {
                    kind: $kind,
                    expected: $expected,
                    text: text.to_owned(),
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    )+};
}

names! {
    /// A region: the ARM location, kept lower case and without blanks (R7), so that
    /// `West Europe` and `westeurope` are one region.
    Region = "region", "1 to 64 letters or digits (blanks are dropped)", region;
    /// A resource group's name. ARM compares it without regard to case; it is kept as given.
    ResourceGroupName = "resource group name",
        "1 to 90 letters, digits, `-`, `_`, `.` or parentheses, not ending in a period", group;
    /// A resource's name, unique in its group.
    ResourceName = "resource name",
        "2 to 64 letters, digits, `-`, `_` or `.`, starting with a letter or digit", resource;
}

fn region(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .filter(|c| *c != ' ')
        .collect::<String>()
        .to_ascii_lowercase();
    let fits = (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    fits.then_some(text)
}

fn group(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    let fits = (1..=90).contains(&text.len()) && text.chars().all(allowed) && !text.ends_with('.');
    fits.then(|| text.to_owned())
}

fn resource(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fits = (2..=64).contains(&text.len())
        && text.chars().all(allowed)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r07_a_region_is_lower_case_without_blanks() {
        let parsed: Region = "West Europe".parse().unwrap();
        assert_eq!(parsed.as_str(), "westeurope");
        assert!("".parse::<Region>().is_err());
        assert!("west/europe".parse::<Region>().is_err());
    }

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        for bad in [
            "",
            "a",
            "a/b",
            "..",
            ".hidden",
            "a b",
            "é1",
            &"x".repeat(65),
        ] {
            assert!(bad.parse::<ResourceName>().is_err(), "{bad:?}");
        }
        for good in ["notes", "a1", "Team-A_2.x"] {
            assert_eq!(good.parse::<ResourceName>().unwrap().as_str(), good);
        }
        assert!("group.".parse::<ResourceGroupName>().is_err());
    }
}
