//! Resources: what stores customer data, always encrypted (R1, R3).

mod change;
mod control;
mod due;
mod effects;
mod explain;
mod follow;
mod fresh;
mod handle;
mod keys;
mod proof;
pub(crate) mod request;
mod rights;
mod sighting;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use self::control::Control;
pub use self::explain::{Explanation, Obstacle, OnTheWay, Probe};
pub use self::handle::{NewResource, ResourceChange, ResourceHandle};
pub(crate) use self::keys::check_usable;
pub use self::view::{
    ChangeView, EncryptionView, IdentityView, KeySource, ResourceState, ResourceView,
};
