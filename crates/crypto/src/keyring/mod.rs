//! Keyrings: the generations of a resource key, wrapped and authenticated.
//!
//! Only the newest generation is wrapped by the key-encryption key; each older one is sealed under
//! the next newer. So opening costs one unwrap, whatever the number of generations. Whoever can write
//! the database can also wrap a key of their own for a resource, so every record carries a MAC under
//! a key derived from the root key, and nothing of a keyring can be unwrapped, opened or changed but
//! through these steps:
//!
//! ```text
//! Keyring ── verify(MAC) ──> VerifiedKeyring ── open(newest key) ──> OpenedKeyring ──> a new Keyring
//! ```

mod check;
mod error;
mod mac;
mod opened;
mod record;
#[cfg(feature = "serde")]
mod schema;
mod seal;
mod stored;
mod verified;

pub use check::CheckValue;
pub use error::KeyringError;
pub use mac::KeyringMac;
pub use opened::OpenedKeyring;
pub use record::{GenerationState, Kek, KeyringRecord, WrappedKey, Wrapping};
pub use stored::Keyring;
pub use verified::VerifiedKeyring;
