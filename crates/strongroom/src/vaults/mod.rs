//! Vaults: those that the installation keeps itself, and those outside it.

mod effects;
mod key;
mod outside;
mod registry;
mod state;
mod vault;

pub(crate) use self::effects::own_asker;
pub(crate) use self::key::KeyRequest;
pub use self::outside::OutsideVault;
pub(crate) use self::registry::{Route, Vaults};
pub(crate) use self::vault::{VaultRequest, for_operation};
