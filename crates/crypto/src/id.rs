//! Public ids of keys: 16 bytes, printed as 32 hexadecimal digits. They say nothing of the key.

use std::fmt;
use std::str::FromStr;

use crate::{CryptoError, SecureRandom};

/// A text that is not the id of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a {kind}: expected 32 hexadecimal digits")]
pub struct InvalidKeyId {
    kind: &'static str,
}

macro_rules! key_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id that these bytes are.
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
            type Err = InvalidKeyId;

            fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
                // The number parser alone would let a sign pass.
                let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                fits.then(|| u128::from_str_radix(text, 16).ok())
                    .flatten()
                    .map(|number| Self(number.to_be_bytes()))
                    .ok_or(InvalidKeyId { kind: $kind })
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

key_ids! {
    /// The public id of a root key, derived from it (F31): what is sealed under a root key names it,
    /// so that the root key can be rotated.
    RootKeyId = "root key id";
    /// The id of one service-managed key, drawn when the key is made.
    ServiceKeyId = "service-managed key id";
}

impl ServiceKeyId {
    /// A new id.
    ///
    /// # Errors
    /// [`CryptoError::Random`] if the random source fails.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, CryptoError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip() {
        let id = RootKeyId::from_bytes([0x0a; 16]);
        assert_eq!(id.to_string(), "0a".repeat(16));
        assert_eq!(id.to_string().parse(), Ok(id));
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
            let error = bad.parse::<ServiceKeyId>().unwrap_err();
            assert!(error.to_string().contains("32 hexadecimal digits"), "{bad}");
        }
    }
}
