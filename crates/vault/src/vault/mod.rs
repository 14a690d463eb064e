//! The machine of a vault: its properties, access policies and firewall, and its way from creation
//! to purge.
//!
//! The aggregate is found by [`VaultName::lookup_key`](crate::VaultName::lookup_key): a name is one
//! in the whole installation, and stays taken until a purge has destroyed the last key. A vault's
//! keys are aggregates of their own; see [`key`](crate::key).

mod command;
mod decide;
mod event;
mod policy;
mod refusal;
mod state;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

use strongroom_base::{Machine, Timestamp};

pub use command::{NewVault, VaultAction, VaultCommand, VaultUpdate};
pub use decide::{Holder, Place, VaultFacts};
pub use event::VaultEvent;
pub use policy::{Grant, Grantee, Policies, PolicyChange, PolicyEntry, PolicySpec};
pub use refusal::VaultRefusal;
pub use state::{InvalidRetention, RetentionDays, Vault, VaultLife};

use crate::VaultName;
pub use crate::settings::{Authorization, Bypass, DefaultAction, Firewall, RecoveryLevel};

/// The machine of one vault. Its state is `None` while the name is free.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it names the machine and holds nothing"
)]
pub struct VaultMachine;

/// What the outside still owes a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must carry out each")]
pub enum VaultEffect {
    /// Purge every key of the vault ([`KeyAction::PurgeWithVault`](crate::key::KeyAction)), see each
    /// one's material erased; then answer [`VaultAction::KeysErased`].
    EraseKeys {
        /// The vault.
        vault: VaultName,
    },
}

impl Machine for VaultMachine {
    type State = Option<Vault>;
    type Command = VaultCommand;
    type Facts<'a> = VaultFacts;
    type Event = VaultEvent;
    type Effect = VaultEffect;
    type Refusal = VaultRefusal;

    fn decide(
        state: &Option<Vault>,
        command: &VaultCommand,
        facts: &VaultFacts,
    ) -> Result<Vec<VaultEvent>, VaultRefusal> {
        decide::decide(state.as_ref(), command, facts)
    }

    fn evolve(state: &mut Option<Vault>, event: &VaultEvent) {
        event::evolve(state, event);
    }

    fn effects(state: &Option<Vault>, _now: Timestamp) -> Vec<VaultEffect> {
        let Some(vault) = state else {
            return Vec::new();
        };
        match vault.life {
            VaultLife::Live | VaultLife::Deleted { .. } => Vec::new(),
            VaultLife::Purging { .. } => vec![VaultEffect::EraseKeys {
                vault: vault.name.clone(),
            }],
        }
    }

    fn wake_at(state: &Option<Vault>) -> Option<Timestamp> {
        match state.as_ref()?.life {
            VaultLife::Deleted { purge_at, .. } => Some(purge_at),
            VaultLife::Live | VaultLife::Purging { .. } => None,
        }
    }
}
