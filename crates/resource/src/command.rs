//! What can be asked of a resource.

use strongroom_base::{PrincipalId, Region, ResourceName, ResourceUid, Timestamp};
use strongroom_crypto::keyring::Keyring;
use strongroom_crypto::object::BindingMode;
use strongroom_crypto::{ServiceKeyId, WrapAlgorithm};
use strongroom_identity::{Action, Crossing, GroupUid};
use strongroom_vault::{KeyId, OpId};

use crate::{Reason, Refusal, Tier};

/// Something asked of a resource at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct ResourceCommand {
    /// The moment.
    pub at: Timestamp,
    /// What is asked.
    pub action: ResourceAction,
}

/// What can be asked of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every command is spelt in the table"
)]
pub enum ResourceAction {
    /// Create it.
    Create(Box<NewResource>),
    /// Change its pricing tier.
    SetTier {
        /// To which.
        tier: Tier,
    },
    /// Make its system-assigned identity: each time a new principal (R12).
    EnableIdentity {
        /// The object id, drawn by the driver.
        principal: PrincipalId,
    },
    /// Give its identity up (R12).
    DisableIdentity,
    /// Tell the directory what an earlier version still owed it ([`Resource::owes_directory`]): the commit does
    /// so. Strongroom's own.
    ///
    /// [`Resource::owes_directory`]: crate::Resource::owes_directory
    SettleDirectory,
    /// Go over to a customer's key: enabling it, another version of it, or another key (R11, R16).
    SetKey(SetKey),
    /// Go over to the latest version of the key that is followed (R16). Strongroom's own.
    Follow {
        /// Drawn by the driver.
        op: OpId,
    },
    /// Go back to a service-managed key.
    Reset {
        /// Drawn by the driver.
        op: OpId,
        /// A new key, in the key file already.
        key: ServiceKeyId,
    },
    /// Begin another generation under the same key-encryption key (R16).
    Rekey {
        /// Drawn by the driver.
        op: OpId,
    },
    /// The new key has wrapped and unwrapped. Strongroom's own.
    Prove {
        /// Of which change.
        op: OpId,
        /// The keyring to become the active one.
        pending: Keyring,
    },
    /// The keyring that was proven was opened from where it lies, and so was the active one, and neither lies
    /// further back than a lease would last: it becomes the active one. Strongroom's own.
    Activate {
        /// Of which change.
        op: OpId,
    },
    /// Give a change up, or take back what an earlier version has given up: the same commit takes back what it
    /// granted. Strongroom's own.
    Abandon {
        /// Which.
        op: OpId,
    },
    /// A service-managed key is erased. Strongroom's own.
    ServiceKeyErased {
        /// Which.
        key: ServiceKeyId,
    },
    /// The customer's key was asked for, and whoever has a say in it says no (R17). Strongroom's own.
    LoseAccess {
        /// Why.
        reason: Reason,
    },
    /// The customer's key was asked for, and unwrapped (R17). Strongroom's own.
    RegainAccess,
    /// Move it to a group, of the same or another subscription and tenant.
    Move {
        /// Where to.
        group: GroupUid,
    },
    /// Delete it; it can be recovered until its retention ends.
    Delete,
    /// Bring it back, with a new identity if it had one (R12).
    Recover {
        /// The object id of that identity, drawn by the driver.
        principal: PrincipalId,
    },
    /// Destroy it for good.
    Purge,
    /// Time alone: destroy it if its retention has ended.
    EndRetention,
    /// Keys and objects of a purged resource are gone. Strongroom's own.
    Forget,
}

/// A resource to be created. Nothing in it can ask for one that is not encrypted (R3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct NewResource {
    /// The uid, drawn by the driver.
    pub uid: ResourceUid,
    /// The name, which must be free in the group.
    pub name: ResourceName,
    /// The group to hold it.
    pub group: GroupUid,
    /// The region.
    pub region: Region,
    /// The pricing tier.
    pub tier: Tier,
    /// What its objects will be bound to.
    pub binding: BindingMode,
    /// The first keyring, under a service-managed key made for it alone (R4).
    pub keyring: Keyring,
}

/// A customer's key to go over to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct SetKey {
    /// Drawn by the driver.
    pub op: OpId,
    /// The key. Without a version it is followed, where the installation allows that (R16).
    pub key: KeyId,
    /// How it wraps.
    pub algorithm: WrapAlgorithm,
    /// The object id of the identity, should one have to be made: drawn by the driver.
    pub principal: PrincipalId,
}

impl ResourceAction {
    /// What the caller must be allowed where the resource is; for a creation, at the group that is to
    /// hold it. Nothing for what Strongroom does by itself.
    #[must_use]
    pub const fn requires(&self, crossing: Crossing) -> &'static [Action] {
        match self {
            Self::Create(_)
            | Self::SetTier { .. }
            | Self::EnableIdentity { .. }
            | Self::DisableIdentity
            | Self::SetKey(_)
            | Self::Reset { .. }
            | Self::Rekey { .. }
            | Self::Recover { .. } => &[Action::AccountsWrite],
            Self::Move { .. } => crossing.requires(),
            Self::Delete => &[Action::AccountsDelete],
            Self::Purge => &[Action::DeletedAccountsPurge],
            Self::SettleDirectory
            | Self::Follow { .. }
            | Self::Prove { .. }
            | Self::Activate { .. }
            | Self::Abandon { .. }
            | Self::ServiceKeyErased { .. }
            | Self::LoseAccess { .. }
            | Self::RegainAccess
            | Self::EndRetention
            | Self::Forget => &[],
        }
    }

    /// What the caller must be allowed at the group that a move goes to, and which.
    #[must_use]
    pub const fn requires_there(&self) -> Option<(GroupUid, Action)> {
        match self {
            Self::Move { group } => Some((*group, Action::GroupsWrite)),
            _ => None,
        }
    }
}

/// Whether a creation may go on: one that asks for a customer's key is refused whole (R8).
///
/// # Errors
/// [`Refusal::CmkAtCreation`].
pub fn at_creation(name: &ResourceName, customer_key: Option<&str>) -> Result<(), Refusal> {
    match customer_key {
        None => Ok(()),
        Some(key) => Err(Refusal::CmkAtCreation {
            name: name.clone(),
            key: key.to_owned(),
        }),
    }
}
