//! What whoever manages an installation may ask of its vaults and keys.

mod admission;
mod census;
mod keys;
mod management;
mod policies;
mod reading;
mod use_of_keys;

pub use self::census::{KeyCensus, VersionInUse};
pub use self::keys::NewKey;
pub use self::management::NewVault;
