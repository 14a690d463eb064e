//! The codes of errors are what documents, vectors and programs go by: they stay.

use strongroom_base::Outcome as _;
use strongroom_crypto::cobblestone::{OpenError, SealError};
use strongroom_crypto::{CryptoError, WrapAlgorithm};

#[test]
fn the_codes_of_sealing_stay() {
    let errors = [
        (SealError::TooLong { limit: 1 }, "ObjectTooLong"),
        (SealError::NotWholeChunks { length: 1 }, "WrongBufferLength"),
        (SealError::LastTooLong { length: 1 }, "WrongBufferLength"),
        (SealError::RunSpent { left: 1 }, "WrongBufferLength"),
        (SealError::Spent, "SealerSpent"),
        (
            SealError::Crypto(CryptoError::Random),
            CryptoError::Random.code(),
        ),
    ];
    for (error, code) in errors {
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn the_codes_of_opening_stay() {
    let (number, limit) = (1, 1);
    let errors = [
        (OpenError::Authentication, "AuthenticationFailed"),
        (OpenError::TooLong { number, limit }, "ObjectTooLong"),
        (OpenError::Truncated { length: 1 }, "ObjectTruncated"),
        (OpenError::NotWholeChunks { length: 1 }, "WrongBufferLength"),
        (
            OpenError::Crypto(CryptoError::Length),
            CryptoError::Length.code(),
        ),
    ];
    for (error, code) in errors {
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn the_codes_of_a_provider_stay() {
    let errors = [
        (CryptoError::Authentication, "AuthenticationFailed"),
        (CryptoError::Key, "UnusableKey"),
        (CryptoError::Length, "InputTooLong"),
        (CryptoError::Random, "RandomSourceFailed"),
    ];
    for (error, code) in errors {
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn algorithms_are_named_as_rfc_7518_has_them() {
    assert_eq!(WrapAlgorithm::RsaOaep.as_str(), "RSA-OAEP");
    assert_eq!(WrapAlgorithm::RsaOaep256.as_str(), "RSA-OAEP-256");
}
