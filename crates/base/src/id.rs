//! Ids: 128 bits each, drawn by a driver, one type a meaning.

use core::fmt;

use uuid::Uuid;

/// A text that is not an id of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected {}", shape.expected())]
pub struct InvalidId {
    kind: &'static str,
    shape: IdShape,
    text: String,
}

/// How the ids of one kind are printed, and which texts are read as one: either letter case always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdShape {
    /// Printed in groups with hyphens, as Azure prints its ids; read with or without them.
    Hyphenated,
    /// Printed as 32 hexadecimal digits; read with or without hyphens.
    Simple,
    /// Printed as 32 hexadecimal digits, and read as nothing else: for what stands in an address or
    /// in a stored state, where one id has one spelling.
    Digits,
}

impl IdShape {
    /// Reads the 16 bytes of an id of the kind.
    ///
    /// # Errors
    /// [`InvalidId`] says which kind and shape were expected.
    pub fn read(self, kind: &'static str, text: &str) -> Result<[u8; 16], InvalidId> {
        let fits = self != Self::Digits || text.len() == 32;
        fits.then(|| Uuid::try_parse(text).ok())
            .flatten()
            .map(Uuid::into_bytes)
            .ok_or_else(|| InvalidId {
                kind,
                shape: self,
                text: text.to_owned(),
            })
    }

    /// Prints the 16 bytes of an id.
    ///
    /// # Errors
    /// As the formatter's.
    pub fn write(self, bytes: [u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = Uuid::from_bytes(bytes);
        match self {
            Self::Hyphenated => fmt::Display::fmt(&id.hyphenated(), f),
            Self::Simple | Self::Digits => fmt::Display::fmt(&id.simple(), f),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Hyphenated | Self::Simple => "32 hexadecimal digits, with or without hyphens",
            Self::Digits => "32 hexadecimal digits",
        }
    }
}

/// Defines ids: types of 16 bytes that print and parse in an [`IdShape`], each with the words by which
/// [`InvalidId`] names it. With this crate's feature `serde` they are stored as they print.
///
/// ```
/// strongroom_base::ids! {
///     /// A shelf for as long as it stands.
///     pub ShelfUid = "shelf uid", Simple;
/// }
///
/// let shelf = ShelfUid::from_bytes([0xab; 16]);
/// assert_eq!(shelf.to_string().parse(), Ok(shelf));
/// assert!("top".parse::<ShelfUid>().unwrap_err().to_string().contains("is not a shelf uid"));
/// ```
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $vis:vis $name:ident = $kind:literal, $shape:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name([u8; 16]);

        impl $name {
            /// The id that these 16 bytes are. Any bytes are an id: uniqueness is the drawer's care.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes of the id, as they enter derivations and storage.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::IdShape::$shape.write(self.0, f)
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::write!(f, ::core::concat!(::core::stringify!($name), "({})"), self)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::InvalidId;

            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::InvalidId> {
                $crate::IdShape::$shape.read($kind, text).map(Self)
            }
        }

        $crate::__store_as_text!($name);
    )+};
}

// Two macros rather than a `cfg` in the one above: there it would ask for a feature of the crate
// that the ids are defined in.

/// As it prints, so that one spelling of an id stands in storage, logs and answers.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __store_as_text {
    ($name:ident) => {
        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let text =
                    <::std::borrow::Cow<'de, str> as $crate::__serde::Deserialize>::deserialize(
                        deserializer,
                    )?;
                text.parse().map_err($crate::__serde::de::Error::custom)
            }
        }
    };
}

/// Nothing is stored.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __store_as_text {
    ($name:ident) => {};
}

ids! {
    /// Joins the records of one request, across machines (R18).
    pub CorrelationId = "correlation id", Hyphenated;
    /// Where the private half of one key version lies, and what its sealing is bound to. States hold
    /// this reference, never the material.
    pub MaterialRef = "reference to key material", Digits;
    /// Anyone who can authenticate: a user, an application, or a resource's managed identity.
    pub PrincipalId = "principal id", Hyphenated;
    /// One audit record, of one or two chain entries (R18).
    pub RecordId = "record id", Hyphenated;
    /// A resource for as long as it lives: drawn at creation, never reused, unchanged by move,
    /// rename, delete and recover. Every binding, storage prefix and check value uses it.
    pub ResourceUid = "resource uid", Simple;
    /// A subscription: what a tenant owns and what holds resource groups.
    pub SubscriptionId = "subscription id", Hyphenated;
    /// A tenant: one Entra directory.
    pub TenantId = "tenant id", Hyphenated;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_in_both_shapes() {
        let tenant = TenantId::from_bytes(*b"0123456789abcdef");
        assert_eq!(tenant.to_string(), "30313233-3435-3637-3839-616263646566");
        assert_eq!(tenant.to_string().parse(), Ok(tenant));
        let uid = ResourceUid::from_bytes(*tenant.as_bytes());
        assert_eq!(uid.to_string(), "30313233343536373839616263646566");
        assert_eq!(uid.to_string().parse(), Ok(uid));
    }

    #[test]
    fn a_bad_id_is_refused_by_kind_and_text() {
        let error = "default".parse::<TenantId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`default` is not a tenant id: expected 32 hexadecimal digits, with or without hyphens"
        );
    }
    #[test]
    fn one_spelling_alone_is_read_where_an_id_has_one() {
        let material = MaterialRef::from_bytes([0xab; 16]);
        assert_eq!(material.to_string(), "ab".repeat(16));
        assert_eq!("AB".repeat(16).parse(), Ok(material));
        let hyphenated = TenantId::from_bytes([0xab; 16]).to_string();
        let braced = format!("{{{}}}", "ab".repeat(15));
        for bad in [
            "",
            "0a",
            &hyphenated,
            &braced,
            &"+a".repeat(16),
            &"é".repeat(16),
        ] {
            let error = bad.parse::<MaterialRef>().unwrap_err().to_string();
            assert!(
                error.ends_with(
                    "is not a reference to key material: expected 32 hexadecimal digits"
                ),
                "{error}"
            );
        }
    }
}
