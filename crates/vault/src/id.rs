//! Ids of the vault: 128 bits each, drawn by a driver, printed as 32 lower-case hexadecimal digits.

use std::fmt;
use std::str::FromStr;

/// A text that is not an id of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected 32 hexadecimal digits")]
pub struct InvalidId {
    kind: &'static str,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id that these 16 bytes are. Any bytes are an id: uniqueness is the drawer's care.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes of the id.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
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
                // The number parser alone would let a sign pass.
                let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                fits.then(|| u128::from_str_radix(text, 16).ok())
                    .flatten()
                    .map(|number| Self(number.to_be_bytes()))
                    .ok_or_else(|| InvalidId { kind: $kind, text: text.to_owned() })
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
    /// One version of a key: the last segment of its URI.
    KeyVersion = "key version";
    /// Where a version's private half lies. States hold this reference, never the material.
    MaterialRef = "reference to key material";
    /// The operation of another machine that a grant was made for, so that an undo finds it again.
    OpId = "operation id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_either_letter_case_is_read() {
        let version = KeyVersion::from_bytes([0xab; 16]);
        assert_eq!(version.to_string(), "ab".repeat(16));
        assert_eq!("AB".repeat(16).parse(), Ok(version));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in [
            "",
            "0a",
            &"+a".repeat(16),
            &"0g".repeat(16),
            &"é".repeat(16),
        ] {
            let error = bad.parse::<KeyVersion>().unwrap_err();
            assert!(error.to_string().contains("is not a key version"), "{bad}");
        }
    }
}
