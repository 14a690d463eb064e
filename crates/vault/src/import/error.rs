//! Why key material is not taken.

use strongroom_base::{Outcome, OutcomeKind, Retry};
use strongroom_crypto::CryptoError;

/// Why key material is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Not PEM.
    #[error("the text is not PEM (RFC 7468): it begins with -----BEGIN PRIVATE KEY-----")]
    Pem,
    /// PEM of something else.
    #[error(
        "this is {what} (`{label}`), and a vault takes an unencrypted PKCS#8 `PRIVATE KEY`: {mend}"
    )]
    Label {
        /// What it says it holds.
        label: String,
        /// What that is.
        what: &'static str,
        /// What to do about it.
        mend: &'static str,
    },
    /// Something else that is known by its beginning.
    #[error("this is {what}, and not PEM (RFC 7468): {mend}")]
    NotPem {
        /// What it is.
        what: &'static str,
        /// What to do about it.
        mend: &'static str,
    },
    /// Not PKCS#8.
    #[error("the PEM does not hold PKCS#8 (RFC 5208)")]
    Pkcs8,
    /// Not a JWK.
    #[error(
        "the text is not a JWK (RFC 7517), a JSON object with text members such as `kty`; PEM is imported \
         with --pem-file"
    )]
    Jwk,
    /// A member of the JWK is missing.
    #[error("the JWK has no member `{member}`, and an import takes the whole private key")]
    Missing {
        /// Which.
        member: &'static str,
    },
    /// A member of the JWK is malformed.
    #[error("the member `{member}` of the JWK is not base64url without padding (RFC 7518 §2)")]
    Member {
        /// Which.
        member: &'static str,
    },
    /// A `key_ops` that no key can do.
    #[error("the JWK has a `key_ops` that a vault does not know")]
    Operation(#[source] crate::UnknownWord),
    /// Another type, size or curve.
    #[error("a vault takes RSA of 2048, 3072 or 4096 bits and EC P-256, and this key is neither")]
    Type,
    /// An RSA key of another size.
    #[error(
        "the RSA key has {bits} bits, and a vault takes 2048, 3072 or 4096 (a resource 2048 alone, R15): \
         make another, as with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem"
    )]
    RsaSize {
        /// How many.
        bits: usize,
    },
    /// The numbers do not make a key.
    #[error("the key is malformed, or its numbers do not belong together")]
    Inconsistent,
    /// Built without elliptic curves.
    #[error("this program was built without EC keys (feature `p256`): use RSA")]
    NoEllipticCurves,
    /// The provider failed.
    #[error("the cryptographic provider could not make the key")]
    Provider(#[source] CryptoError),
}

impl ImportError {
    /// What it means that the provider did not take a private key.
    pub(super) fn of_key(error: CryptoError) -> Self {
        match error {
            CryptoError::Random => Self::Provider(error),
            _ => Self::Inconsistent,
        }
    }
}

impl Outcome for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.code(),
            Self::NoEllipticCurves => "KeyTypeNotSupported",
            _ => "BadParameter",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Provider(error) => error.kind(),
            Self::NoEllipticCurves => OutcomeKind::Refused,
            _ => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Provider(error) => error.retry(),
            _ => Retry::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That there was no randomness is no fault of the key, and passes.
    #[test]
    fn r17_a_failure_of_the_provider_is_told_as_its_own() {
        let failed = ImportError::of_key(CryptoError::Random);
        assert_eq!(failed, ImportError::Provider(CryptoError::Random));
        let provider = CryptoError::Random;
        assert_eq!(
            (failed.code(), failed.kind(), failed.retry()),
            (provider.code(), provider.kind(), provider.retry())
        );
        assert_ne!(failed.kind(), OutcomeKind::BadInput);
        assert_ne!(failed.retry(), Retry::Never);
        let other = ImportError::of_key(CryptoError::Key);
        assert_eq!(other, ImportError::Inconsistent);
    }

    #[test]
    fn r15_a_program_without_elliptic_curves_says_so_and_does_not_blame_the_key() {
        let error = ImportError::NoEllipticCurves;
        assert_eq!(
            (error.code(), error.kind(), error.retry()),
            ("KeyTypeNotSupported", OutcomeKind::Refused, Retry::Never)
        );
    }
}
