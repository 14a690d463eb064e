//! Resources: what stores customer data, always encrypted (R1, R3).

mod change;
mod effects;
mod explain;
mod handle;
pub(crate) mod keys;
mod operator;
pub(crate) mod request;
#[cfg(test)]
mod tests;
mod view;

pub use self::explain::{Explanation, Obstacle, Probe};
pub use self::handle::{NewResource, ResourceChange, ResourceHandle};
pub use self::view::{
    ChangeView, EncryptionView, IdentityView, KeySource, ResourceState, ResourceView,
};
