//! What a key version is made of, without its private half.

use std::fmt;

use strongroom_crypto::RsaKeySize;

/// The type and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "R15 must judge each")]
pub enum KeySpec {
    /// RSA with a modulus of this size.
    Rsa(RsaKeySize),
    /// Elliptic curve P-256 (FIPS 186-5). It signs, and wraps nothing.
    EcP256,
}

impl KeySpec {
    /// The type, as a JWK has it (RFC 7518 §6.1).
    #[must_use]
    pub const fn key_type(self) -> KeyType {
        match self {
            Self::Rsa(_) => KeyType::Rsa,
            Self::EcP256 => KeyType::Ec,
        }
    }

    /// Bits of the modulus or of the curve's field.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Rsa(size) => size.bits(),
            Self::EcP256 => 256,
        }
    }
}

impl fmt::Display for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(size) => write!(f, "RSA {}", size.bits()),
            Self::EcP256 => f.write_str("EC P-256"),
        }
    }
}

/// The types of key that a vault may report (RFC 7518 §6.1 and Azure's `-HSM`). A resource takes
/// [`Rsa`](KeyType::Rsa) of 2048 bits alone (R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "R15 must judge each")]
pub enum KeyType {
    /// RSA in software.
    Rsa,
    /// RSA in a hardware module.
    RsaHsm,
    /// An elliptic curve, in software.
    Ec,
    /// An elliptic curve, in a hardware module.
    EcHsm,
    /// A symmetric key, in software.
    Oct,
    /// A symmetric key, in a hardware module.
    OctHsm,
}

impl KeyType {
    /// The word on the wire (`kty`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::RsaHsm => "RSA-HSM",
            Self::Ec => "EC",
            Self::EcHsm => "EC-HSM",
            Self::Oct => "oct",
            Self::OctHsm => "oct-HSM",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The public half of a key version. Numbers are big-endian, without leading zeros for RSA and of 32
/// bytes for P-256.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kty", deny_unknown_fields))]
#[expect(clippy::exhaustive_enums, reason = "each has its own members in a JWK")]
pub enum PublicKey {
    /// An RSA key.
    #[cfg_attr(feature = "serde", serde(rename = "RSA"))]
    Rsa {
        /// The size of the modulus.
        size: RsaKeySize,
        /// The modulus.
        #[cfg_attr(feature = "serde", serde(with = "crate::encoding::base64url"))]
        n: Vec<u8>,
        /// The public exponent.
        #[cfg_attr(feature = "serde", serde(with = "crate::encoding::base64url"))]
        e: Vec<u8>,
    },
    /// A point of P-256.
    #[cfg_attr(feature = "serde", serde(rename = "EC"))]
    EcP256 {
        /// Its first coordinate.
        #[cfg_attr(feature = "serde", serde(with = "crate::encoding::base64url"))]
        x: Vec<u8>,
        /// Its second coordinate.
        #[cfg_attr(feature = "serde", serde(with = "crate::encoding::base64url"))]
        y: Vec<u8>,
    },
}

impl PublicKey {
    /// Type and size.
    #[must_use]
    pub const fn spec(&self) -> KeySpec {
        match self {
            Self::Rsa { size, .. } => KeySpec::Rsa(*size),
            Self::EcP256 { .. } => KeySpec::EcP256,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.spec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_types_and_sizes_are_called_as_a_jwk_and_openssl_call_them() {
        for (key_type, word) in [
            (KeyType::Rsa, "RSA"),
            (KeyType::RsaHsm, "RSA-HSM"),
            (KeyType::Ec, "EC"),
            (KeyType::EcHsm, "EC-HSM"),
            (KeyType::Oct, "oct"),
            (KeyType::OctHsm, "oct-HSM"),
        ] {
            assert_eq!(
                (key_type.as_str(), key_type.to_string().as_str()),
                (word, word)
            );
        }
        let rsa = PublicKey::Rsa {
            size: RsaKeySize::Rsa3072,
            n: vec![7; 384],
            e: vec![1, 0, 1],
        };
        let ec = PublicKey::EcP256 {
            x: vec![7; 32],
            y: vec![7; 32],
        };
        for (public, word) in [(rsa, "RSA 3072"), (ec, "EC P-256")] {
            assert_eq!(public.spec().to_string(), word);
            assert_eq!(format!("{public:?}"), format!("PublicKey({word})"));
        }
    }
}
