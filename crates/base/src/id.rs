//! Ids: 128 bits each, drawn by a driver, one type a meaning.

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
            /// The id that these 16 bytes are. Any bytes are an id: uniqueness is the drawer's care.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the id, as they enter derivations and storage.
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

        // As it prints, so that one spelling of an id stands in storage, logs and answers.
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

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| InvalidId { kind: $kind, text: text.to_owned() })
            }
        }
    )+};
}

ids! {
    /// Joins the records of one request, across machines (R18).
    CorrelationId = "correlation id", hyphenated;
    /// Anyone who can authenticate: a user, an application, or a resource's managed identity.
    PrincipalId = "principal id", hyphenated;
    /// One audit record, of one or two chain entries (R18).
    RecordId = "record id", hyphenated;
    /// A resource for as long as it lives: drawn at creation, never reused, unchanged by move,
    /// rename, delete and recover. Every binding, storage prefix and check value uses it.
    ResourceUid = "resource uid", simple;
    /// A subscription: what a tenant owns and what holds resource groups.
    SubscriptionId = "subscription id", hyphenated;
    /// A tenant: one Entra directory.
    TenantId = "tenant id", hyphenated;
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
}
