//! Names of vaults and keys. Both are compared without regard to letter case and echoed as created.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A text that cannot be a name of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected {expected}")]
pub struct InvalidName {
    kind: &'static str,
    expected: &'static str,
    text: String,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $expected:literal, $fits:path;)+) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(String);

        impl $name {
            /// The name as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name by which it is stored and found: lower case, one for all spellings.
            #[must_use]
            pub fn lookup_key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                let folded = |name: &Self| name.0.clone().into_bytes().to_ascii_lowercase();
                folded(self).cmp(&folded(other))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.lookup_key().hash(state);
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
                if $fits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName {
                        kind: $kind,
                        expected: $expected,
                        text: text.to_owned(),
                    })
                }
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
    /// A vault's name: one in the whole installation, since it is the first label of its host.
    VaultName = "vault name",
        "3 to 24 letters, digits or hyphens, beginning with a letter, ending with a letter or digit, \
         without two hyphens in a row", vault;
    /// A key's name: one in its vault.
    KeyName = "key name", "1 to 127 letters, digits or hyphens", key;
}

fn vault(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && !text.contains("--")
}

fn key(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r06_a_vault_name_is_one_label_of_a_host() {
        for good in ["abc", "Contoso-Keys-1", &"v".repeat(24)] {
            assert_eq!(good.parse::<VaultName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "ab",
            "1abc",
            "-abc",
            "abc-",
            "a--c",
            "a.b",
            "a_b",
            "abç",
            &"v".repeat(25),
        ] {
            let error = bad.parse::<VaultName>().unwrap_err().to_string();
            assert!(error.contains("3 to 24"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_key_name_may_begin_with_a_digit_or_hyphen() {
        for good in ["k", "1", "-k-", &"k".repeat(127)] {
            assert!(good.parse::<KeyName>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a.b", "é", &"k".repeat(128)] {
            assert!(bad.parse::<KeyName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_one_in_every_letter_case() {
        let a: KeyName = "MyKey".parse().unwrap();
        let b: KeyName = "mykey".parse().unwrap();
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
        assert_eq!(a.lookup_key(), b.lookup_key());
        assert_eq!(a.to_string(), "MyKey");
    }
}
