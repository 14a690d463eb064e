//! Vaults: those that the installation keeps itself, and those outside it.

mod budget;
mod effects;
mod guest;
mod key;
mod operator;
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
pub(crate) use self::effects::own_asker;
pub(crate) use self::key::KeyRequest;
pub use self::operator::{
    KeyCensus, KeyInfo, KeyVersionInfo, LifeInfo, NewKey, NewVault, VaultInfo, VersionInUse,
};
pub use self::outside::OutsideVault;
pub(crate) use self::registry::{Route, VaultRouter};
pub(crate) use self::state::SeenVault;
pub(crate) use self::vault::{VaultRequest, for_operation};
