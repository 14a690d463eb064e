//! The machine of one resource.

use strongroom_base::{Machine, ResourceUid, Timestamp};
use strongroom_crypto::ServiceKeyId;
use strongroom_vault::OpId;

use crate::{
    Life, Refusal, Resource, ResourceCommand, ResourceEvent, ResourceFacts, decide, event,
};

/// The machine of one resource. Its state is `None` before it is created and after it is purged.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it names the machine and holds nothing"
)]
pub struct ResourceMachine;

/// What the outside still owes a resource. Each can be done twice without harm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must carry out each")]
pub enum ResourceEffect {
    /// Ask for [`ResourceAction::SettleDirectory`](crate::ResourceAction::SettleDirectory): an earlier version has left something to be told.
    SettleDirectory,
    /// Go on with a change of key that was cut off: give it up while it prepares, complete it once it
    /// is proven (R11). Completion never grants.
    GoOn {
        /// Which change.
        op: OpId,
    },
    /// Erase a service-managed key, then answer [`ResourceAction::ServiceKeyErased`](crate::ResourceAction::ServiceKeyErased).
    EraseServiceKey {
        /// Which.
        key: ServiceKeyId,
    },
    /// The resource is purged: erase these keys first, for what they wrapped is noise from then on;
    /// then remove its objects, and answer [`ResourceAction::Forget`](crate::ResourceAction::Forget).
    Destroy {
        /// The resource.
        uid: ResourceUid,
        /// All service-managed keys that it names.
        keys: Vec<ServiceKeyId>,
    },
}

impl Machine for ResourceMachine {
    type State = Option<Resource>;
    type Command = ResourceCommand;
    type Facts<'a> = ResourceFacts<'a>;
    type Event = ResourceEvent;
    type Effect = ResourceEffect;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Resource>,
        command: &ResourceCommand,
        facts: &ResourceFacts<'_>,
    ) -> Result<Vec<ResourceEvent>, Refusal> {
        decide::decide(state.as_ref(), command, facts)
    }

    fn evolve(state: &mut Option<Resource>, event: &ResourceEvent) {
        event::evolve(state, event);
    }

    fn effects(state: &Option<Resource>, _now: Timestamp) -> Vec<ResourceEffect> {
        let Some(resource) = state else {
            return Vec::new();
        };
        let mut owed = Vec::new();
        if resource.owes_directory() {
            owed.push(ResourceEffect::SettleDirectory);
        }
        if resource.life == Life::Purging {
            let keys = resource.service_keys();
            owed.push(ResourceEffect::Destroy {
                uid: resource.uid,
                keys: keys.union(&resource.erasing).copied().collect(),
            });
            return owed;
        }
        let change = resource.change.iter();
        owed.extend(change.map(|change| ResourceEffect::GoOn { op: change.op }));
        let erasing = resource.erasing.iter();
        owed.extend(erasing.map(|key| ResourceEffect::EraseServiceKey { key: *key }));
        owed
    }

    fn wake_at(state: &Option<Resource>) -> Option<Timestamp> {
        match state.as_ref()?.life {
            Life::Deleted { purge_at, .. } => Some(purge_at),
            Life::Active | Life::Purging => None,
        }
    }
}
