//! The codes of errors are what documents, vectors and programs go by: they stay.

use strongroom_base::Outcome as _;
use strongroom_crypto::CryptoError;
use strongroom_crypto::cobblestone::{OpenError, SealError};

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
