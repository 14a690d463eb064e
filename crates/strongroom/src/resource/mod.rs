//! Resources: what stores customer data, always encrypted (R1, R3).

pub(crate) mod driver;
mod handle;
mod keys;
pub(crate) mod machine;
mod tier;

pub use self::handle::{EncryptionView, NewResource, ResourceHandle, ResourceState, ResourceView};
pub use self::machine::Refusal;
pub use self::tier::{Capability, Tier, UnknownTier};
