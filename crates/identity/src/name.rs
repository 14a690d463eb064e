//! Names that people choose for tenants, subscriptions and principals.

use core::fmt;
use core::str::FromStr;

/// A text that cannot be a display name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a name: expected 1 to 64 characters, no control characters, no blank at either end",
    text.escape_debug()
)]
pub struct InvalidDisplayName {
    text: String,
}

/// A display name: 1 to 64 characters, kept as given. It identifies nothing by itself.
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
        Self::try_from(text.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mislead_a_reader_is_no_name() {
        for bad in ["", " a", "a ", "a\nb", "a\u{1b}[2J", &"x".repeat(65)] {
            let error = bad.parse::<DisplayName>().unwrap_err().to_string();
            assert!(!error.chars().any(char::is_control), "{error:?}");
        }
        for good in ["Ada", "München Süd", &"ü".repeat(64)] {
            assert_eq!(good.parse::<DisplayName>().unwrap().as_str(), good);
        }
    }
}
