//! Ids that no other room has: drawn at creation, never reused, kept for life.

use core::fmt;
use core::str::FromStr;

use uuid::Uuid;

/// A text that is not an id of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected 32 hexadecimal digits, with or without hyphens")]
pub struct InvalidId {
    kind: &'static str,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $shape:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The uid that these 16 bytes are. Any bytes are one: uniqueness is the drawer's care.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.$shape().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| InvalidId { kind: $kind, text: text.to_owned() })
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// The client id of an application. It is not the object id of its principal.
    AppId = "client id", hyphenated;
    /// A resource group for as long as it lives. Resources and vaults name their group by it, so
    /// that a group moves in one row.
    GroupUid = "group uid", simple;
    /// A vault for as long as it lives. Vault names are used again after a purge: rights bound to a
    /// name would pass to a stranger, rights bound to a uid do not.
    VaultUid = "vault uid", simple;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_a_bad_uid_is_refused_by_kind() {
        let uid = GroupUid::from_bytes([0xab; 16]);
        assert_eq!(uid.to_string(), "ab".repeat(16));
        assert_eq!(uid.to_string().parse(), Ok(uid));
        let error = "default".parse::<VaultUid>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`default` is not a vault uid: expected 32 hexadecimal digits, with or without hyphens"
        );
    }
}
