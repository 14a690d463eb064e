//! The machine of a key with all its versions: creation, import, rotation, attributes, soft delete,
//! purge; and what each version may be used for at a moment.
//!
//! States hold a *reference* to private material ([`MaterialRef`]), never the
//! material. A driver stores the material under the reference before it commits the version, and
//! sweeps references that no state holds.

mod command;
mod decide;
mod event;
mod refusal;
mod rotation;
mod state;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod usage;

use strongroom_base::{Machine, Timestamp};

pub use command::{
    AttributeChange, KeyAction, KeyCommand, MintedVersion, NewVersion, TimeChange, Validity,
};
pub use decide::KeyFacts;
pub use event::KeyEvent;
pub use refusal::KeyRefusal;
pub use rotation::{InvalidRotationPolicy, RotateWhen, RotationPolicy};
pub use state::{Key, KeyLife, Version};
pub use usage::KeyView;

use crate::{KeyName, KeySpec, MaterialRef, VaultName};

/// The machine of one key. Its state is `None` while the name is free in its vault.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it names the machine and holds nothing"
)]
pub struct KeyMachine;

/// What the outside still owes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must carry out each")]
pub enum KeyEffect {
    /// The rotation policy is due: make material of this kind, then ask
    /// [`KeyAction::RotateIfDue`].
    Rotate {
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
        /// What to make.
        spec: KeySpec,
    },
    /// The key was purged: destroy this material, then answer [`KeyAction::MaterialErased`].
    EraseMaterial {
        /// The vault.
        vault: VaultName,
        /// The key.
        name: KeyName,
        /// All that its versions refer to.
        material: Vec<MaterialRef>,
    },
}

impl Machine for KeyMachine {
    type State = Option<Key>;
    type Command = KeyCommand;
    type Facts<'a> = KeyFacts<'a>;
    type Event = KeyEvent;
    type Effect = KeyEffect;
    type Refusal = KeyRefusal;

    fn decide(
        state: &Option<Key>,
        command: &KeyCommand,
        facts: &KeyFacts<'_>,
    ) -> Result<Vec<KeyEvent>, KeyRefusal> {
        decide::decide(state.as_ref(), command, facts)
    }

    fn evolve(state: &mut Option<Key>, event: &KeyEvent) {
        event::evolve(state, event);
    }

    fn effects(state: &Option<Key>, now: Timestamp) -> Vec<KeyEffect> {
        let Some(key) = state else { return Vec::new() };
        match key.life {
            KeyLife::Live => key
                .rotation_due()
                .filter(|due| *due <= now)
                .and_then(|_| key.latest())
                .map(|latest| KeyEffect::Rotate {
                    vault: key.vault.clone(),
                    name: key.name.clone(),
                    spec: latest.public.spec(),
                })
                .into_iter()
                .collect(),
            KeyLife::Deleted { .. } => Vec::new(),
            KeyLife::Purging { .. } => vec![KeyEffect::EraseMaterial {
                vault: key.vault.clone(),
                name: key.name.clone(),
                material: key
                    .versions
                    .iter()
                    .map(|version| version.material)
                    .collect(),
            }],
        }
    }

    fn wake_at(state: &Option<Key>) -> Option<Timestamp> {
        let key = state.as_ref()?;
        match key.life {
            KeyLife::Live => key.rotation_due(),
            KeyLife::Deleted { purge_at, .. } => Some(purge_at),
            KeyLife::Purging { .. } => None,
        }
    }
}
