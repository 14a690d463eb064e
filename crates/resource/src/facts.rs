//! What has to be known of the rest of the world.

use strongroom_identity::{NameUse, Verdict};
use strongroom_vault::vault::Holder;
use strongroom_vault::{Denial, KeyId, KeyProperties, VaultProperties};

/// What has to be known to decide.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct ResourceFacts<'a> {
    /// Whether the caller has what [`ResourceAction::requires`](crate::ResourceAction::requires) and
    /// [`requires_there`](crate::ResourceAction::requires_there): the first that says no.
    pub authority: Verdict,
    /// The group that holds the resource now.
    pub present: Holder,
    /// The group that the command names; [`Holder::Nowhere`] for a command that names none.
    pub target: Holder,
    /// Whether the resource's name is free where the command takes it.
    pub name: NameUse,
    /// The key that the command needs.
    pub candidate: Candidate<'a>,
}

/// What is known of the key that a command needs, and of its vault.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver makes it from these parts"
)]
pub enum Candidate<'a> {
    /// The command needs none.
    NotAsked,
    /// The vault, or its directory, says no before anything of it is seen.
    Unseen {
        /// Which key.
        key: &'a KeyId,
        /// Why.
        denial: Denial,
    },
    /// It was looked at.
    Seen(&'a SeenKey),
}

/// A customer's key and its vault, as they were seen for the resource's identity.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct SeenKey {
    /// As it was asked for.
    pub asked: KeyId,
    /// The vault. Its permissions are those of the present identity: none, if there is none.
    pub vault: VaultProperties,
    /// The key version, or why there is none to use.
    pub key: Result<KeyProperties, Denial>,
    /// Who can grant what is missing.
    pub granting: Granting,
    /// Whether this installation lets a resource follow a key without a version (R16).
    pub following_allowed: bool,
}

/// Who can write the policies of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver makes it from these parts"
)]
pub enum Granting {
    /// The caller, if this says so.
    Caller(Verdict),
    /// Its owner, elsewhere: Strongroom does not write the policies of an outside vault.
    Owner,
}
