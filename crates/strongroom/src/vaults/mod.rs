//! Vaults: those that the installation keeps itself, and those outside it.

mod budget;
mod due;
mod effects;
mod facts;
mod guest;
mod key;
mod outside;
mod registry;
mod state;
#[cfg(test)]
mod suite;
mod vault;
mod view;

pub(crate) use self::budget::PATIENCE;
pub use self::budget::VaultBudget;
#[cfg(test)]
pub(crate) use self::budget::quota;
pub(crate) use self::effects::{keys_in, own_asker};
pub use self::facts::FactSettings;
pub(crate) use self::key::KeyRequest;
pub use self::outside::OutsideVault;
pub(crate) use self::registry::{Route, VaultRouter};
pub(crate) use self::state::{SeenVault, source};
pub(crate) use self::vault::{VaultRequest, for_operation};
pub use self::view::{KeyInfo, KeyVersionInfo, LifeInfo, VaultInfo};
