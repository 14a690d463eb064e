//! The life of a resource as a pure machine: created, its tier and identity changed, its key changed by
//! its customer, moved, deleted, recovered, purged.
//!
//! A resource is what stores customer data. It is always encrypted: under a service-managed key made
//! for it alone (R4), or under a customer's key in a vault (R5–R11). A change of key-encryption key or
//! of generation spans several aggregates, and is one saga inside the resource's state
//! ([`KeyChange`]): while it is under way data is read and written with the active keyring, and
//! wherever it is cut off it is completed or undone.
//!
//! This room reads no clock, draws no random number and does no I/O: times, ids, key material and
//! what is seen of vaults arrive in commands and facts.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
#[cfg(test)]
mod answers;
mod command;
mod conditions;
mod decide;
#[cfg(test)]
mod diagram;
mod event;
mod explain;
mod facts;
#[cfg(all(test, feature = "serde"))]
mod golden;
mod refusal;
mod report;
#[cfg(test)]
mod samples;
mod state;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod tier;

use strongroom_base::{Machine, ResourceUid, Timestamp};
use strongroom_crypto::ServiceKeyId;
use strongroom_vault::OpId;

pub use access::{Inaccessible, Reason};
pub use command::{NewResource, ResourceAction, ResourceCommand, SetKey, at_creation};
pub use conditions::{NEEDED, same_region};
pub use event::ResourceEvent;
pub use explain::against;
pub use facts::{Candidate, Granting, ResourceFacts, SeenKey};
pub use refusal::Refusal;
pub use report::{Report, reports};
pub use state::{
    ChangeKind, ForDirectory, KeyChange, Life, RETENTION, Registration, Resource, Step, WantedGrant,
};
pub use tier::{Capability, Tier, UnknownTier};

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
    /// Ask for [`ResourceAction::SettleDirectory`]: an earlier version has left something to be told.
    SettleDirectory,
    /// Go on with a change of key that was cut off: give it up while it prepares, complete it once it
    /// is proven (R11). Completion never grants.
    GoOn {
        /// Which change.
        op: OpId,
    },
    /// Erase a service-managed key, then answer [`ResourceAction::ServiceKeyErased`].
    EraseServiceKey {
        /// Which.
        key: ServiceKeyId,
    },
    /// The resource is purged: erase these keys first, for what they wrapped is noise from then on;
    /// then remove its objects, and answer [`ResourceAction::Forget`].
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
