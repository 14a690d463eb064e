//! Resources: what stores customer data, always encrypted (R1, R3).

mod change;
mod effects;
mod explain;
mod follow;
mod fresh;
mod handle;
mod keys;
mod operator;
pub(crate) mod request;
#[cfg(test)]
mod tests;
mod view;

pub use self::explain::{Explanation, Obstacle, OnTheWay, Probe};
pub use self::handle::{NewResource, ResourceChange, ResourceHandle};
pub(crate) use self::keys::{Proof, USE_RETRIES, check_usable};
pub use self::view::{
    ChangeView, EncryptionView, IdentityView, KeySource, ResourceState, ResourceView,
};
