//! What whoever manages an installation may ask of its vaults and keys.

mod admission;
mod census;
mod keys;
mod policies;
mod reading;
mod use_of_keys;
mod vaults;

pub use self::census::{KeyCensus, VersionInUse};
pub use self::keys::NewKey;
pub use self::vaults::NewVault;
pub use super::view::{KeyInfo, KeyVersionInfo, LifeInfo, VaultInfo};
