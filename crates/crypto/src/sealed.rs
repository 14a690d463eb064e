//! What lies sealed under the root key: a head that names the root key and what it is (F40, F43), then
//! AES-256-GCM with a nonce that the provider draws.

use std::ops::RangeInclusive;

use crate::encoding::join;
use crate::{NONCE_LEN, RootKeyId, TAG_LEN};

/// Magic, version, the id of the root key, and the id of what is sealed.
pub(crate) const HEAD_LEN: usize = 8 + 1 + 16 + 16;
/// Bytes that sealing adds: nonce and tag.
pub(crate) const SEALING_LEN: usize = NONCE_LEN + TAG_LEN;

const VERSION: u8 = 1;

/// Why bytes are not of the kind asked for. Nothing is authenticated yet.
pub(crate) enum Flaw {
    Malformed,
    UnknownVersion(u8),
}

/// Takes the stored bytes apart: the two ids, and the rest.
pub(crate) fn split(magic: [u8; 8], bytes: &[u8]) -> Result<(RootKeyId, [u8; 16], &[u8]), Flaw> {
    let rest = bytes.strip_prefix(&magic).ok_or(Flaw::Malformed)?;
    let (&[version], rest) = rest.split_first_chunk().ok_or(Flaw::Malformed)?;
    if version != VERSION {
        return Err(Flaw::UnknownVersion(version));
    }
    let (root, rest) = rest.split_first_chunk().ok_or(Flaw::Malformed)?;
    let (id, sealed) = rest.split_first_chunk().ok_or(Flaw::Malformed)?;
    Ok((RootKeyId::from_bytes(*root), *id, sealed))
}

/// The head as it is stored.
pub(crate) fn head(magic: [u8; 8], root: RootKeyId, id: &[u8; 16]) -> [u8; HEAD_LEN] {
    join(&[&magic, &[VERSION], root.as_bytes(), id])
}

/// How many bytes a kind has, as an error says it.
pub(crate) fn span(lengths: &RangeInclusive<usize>) -> String {
    let (least, most) = (lengths.start(), lengths.end());
    if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    }
}

/// Defines the type of one kind, over its magic, its stored lengths and the error that
/// [`sealed_errors!`] defines. Its `to_bytes` is the caller's to write, since only some kinds have one
/// length.
macro_rules! sealed_types {
    (
        $(#[$doc:meta])*
        $name:ident($body:ty) = $magic:expr, $lengths:ident, $error:ident::$other:ident;
        $(#[$id_doc:meta])*
        $accessor:ident: $id:ty;
    ) => {
        $(#[$doc])*
        pub struct $name {
            root: $crate::RootKeyId,
            id: $id,
            sealed: $body,
        }

        impl $name {
            /// The root key that it is sealed under.
            #[must_use]
            pub fn root_key(&self) -> $crate::RootKeyId {
                self.root
            }

            $(#[$id_doc])*
            #[must_use]
            pub fn $accessor(&self) -> $id {
                self.id
            }

            /// Reads the bytes as they are stored. Nothing is authenticated yet.
            ///
            /// # Errors
            #[doc = concat!("[`", stringify!($error), "::Malformed`] or [`", stringify!($error), "::UnknownVersion`].")]
            pub fn parse(bytes: &[u8]) -> Result<Self, $error> {
                let malformed = || $error::Malformed {
                    length: bytes.len(),
                };
                let (root, id, sealed) =
                    $crate::sealed::split($magic, bytes).map_err(|flaw| match flaw {
                        $crate::sealed::Flaw::Malformed => malformed(),
                        $crate::sealed::Flaw::UnknownVersion(version) => {
                            $error::UnknownVersion(version)
                        }
                    })?;
                if !$lengths.contains(&bytes.len()) {
                    return Err(malformed());
                }
                Ok(Self {
                    root,
                    id: <$id>::from_bytes(id),
                    sealed: sealed.try_into().map_err(|_| malformed())?,
                })
            }

            /// Refuses by name what cannot open, before it is tried.
            fn check(&self, present: $crate::RootKeyId, expected: $id) -> Result<(), $error> {
                if self.root != present {
                    return Err($error::OtherRootKey {
                        sealed_under: self.root,
                        present,
                    });
                }
                if self.id != expected {
                    return Err($error::$other {
                        expected,
                        found: self.id,
                    });
                }
                Ok(())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("root", &self.root)
                    .field(stringify!($accessor), &self.id)
                    .finish_non_exhaustive()
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use base64ct::{Base64, Encoding};
                serializer.serialize_str(&Base64::encode_string(&self.to_bytes()))
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use base64ct::{Base64, Encoding};
                use serde::de::Error;
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let bytes = Base64::decode_vec(&text)
                    .map_err(|_| D::Error::custom("expected standard base64 with padding"))?;
                Self::parse(&bytes).map_err(D::Error::custom)
            }
        }
    };
}

/// Defines the error of whoever reads or opens one kind.
macro_rules! sealed_errors {
    (
        $(#[$doc:meta])*
        $error:ident = $kind:literal, $lengths:ident, $malformed:literal;
        $other:ident($id:ty) = $id_kind:literal, $other_code:literal;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum $error {
            #[doc = concat!("Not the bytes of a ", $kind, ".")]
            #[error(
                "{length} bytes are not a {}: it has {} and begins with its magic bytes",
                $kind,
                $crate::sealed::span(&$lengths)
            )]
            Malformed {
                /// How many bytes there are.
                length: usize,
            },
            /// A version that is not known.
            #[error(
                "sealed key version {0} is not known here (1 is): a newer version may have written it"
            )]
            UnknownVersion(u8),
            /// Sealed under another root key than the present one.
            #[error(
                "the key is sealed under root key {sealed_under}, the present root key is {present}"
            )]
            OtherRootKey {
                /// The root key that it names.
                sealed_under: $crate::RootKeyId,
                /// The root key that was tried.
                present: $crate::RootKeyId,
            },
            #[doc = concat!("Another ", $id_kind, " than the one that was asked for.")]
            #[error("this is {} {found}, not {expected}", $id_kind)]
            $other {
                /// What was asked for.
                expected: $id,
                /// What it says it is.
                found: $id,
            },
            /// It does not authenticate, or the provider failed.
            #[error(transparent)]
            Crypto(#[from] $crate::CryptoError),
        }

        impl strongroom_base::Outcome for $error {
            fn code(&self) -> &'static str {
                match self {
                    Self::Malformed { .. } => $malformed,
                    Self::UnknownVersion(_) => "UnknownFormat",
                    Self::OtherRootKey { .. } => "OtherRootKey",
                    Self::$other { .. } => $other_code,
                    Self::Crypto(error) => error.code(),
                }
            }

            fn kind(&self) -> strongroom_base::OutcomeKind {
                use strongroom_base::OutcomeKind;
                match self {
                    Self::Malformed { .. } | Self::UnknownVersion(_) | Self::$other { .. } => {
                        OutcomeKind::Damaged
                    }
                    // The installation was started with another root key.
                    Self::OtherRootKey { .. } => OutcomeKind::BadInput,
                    Self::Crypto(error) => error.kind(),
                }
            }

            fn retry(&self) -> strongroom_base::Retry {
                use strongroom_base::Retry;
                match self {
                    Self::Malformed { .. } | Self::$other { .. } => Retry::Never,
                    Self::UnknownVersion(_) | Self::OtherRootKey { .. } => Retry::AfterRepair,
                    Self::Crypto(error) => error.retry(),
                }
            }
        }
    };
}

pub(crate) use {sealed_errors, sealed_types};
