//! The line between denied and unavailable, for the software vault: here and nowhere else.

use strongroom_crypto::CryptoError;

use super::StateError;
use crate::{Denial, KeyType, Unavailable, VaultError};

/// Why an operation did not work.
#[derive(Debug)]
pub(super) enum Cause {
    /// The vault's rules judged a whole snapshot, and say no.
    Denied(Denial),
    /// The state could not be read or written.
    State(StateError),
    /// The key is of a type that cannot do it.
    Type(KeyType),
    /// The plaintext does not fit.
    TooLong { len: usize, max: usize },
    /// The stored key itself is not usable.
    Stored(CryptoError),
    /// The operation on the caller's bytes failed.
    Crypto(CryptoError),
}

/// What the caller is told. Only the vault's own judgement is a denial: a fault of the store, of the
/// random source or of stored bytes never revokes anything (R17).
pub(super) fn verdict(cause: Cause) -> VaultError {
    match cause {
        Cause::Denied(denial) => VaultError::Denied(denial),
        Cause::State(source) => VaultError::Unavailable {
            unavailable: Unavailable::State,
            source: Some(source),
        },
        Cause::Type(key_type) => VaultError::KeyTypeCannot { key_type },
        Cause::TooLong { len, max } => VaultError::TooLong { len, max },
        Cause::Stored(CryptoError::Random) | Cause::Crypto(CryptoError::Random) => {
            VaultError::Unavailable {
                unavailable: Unavailable::Random,
                source: Some(Box::new(CryptoError::Random)),
            }
        }
        Cause::Stored(_) | Cause::Crypto(_) => VaultError::Damaged,
    }
}
