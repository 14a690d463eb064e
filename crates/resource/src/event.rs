//! What can have happened to a resource.

use strongroom_base::Machine as _;
use strongroom_base::{TenantId, Timestamp};
use strongroom_crypto::ServiceKeyId;
use strongroom_crypto::keyring::Keyring;
use strongroom_identity::{Descent, GroupUid, IdentityEvent, IdentityMachine};
use strongroom_vault::OpId;

use crate::state::{Registration, kek_of, service_key_of};
use crate::{ChangeKind, Inaccessible, KeyChange, Life, Resource, Step, Tier};

/// Something that happened to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[non_exhaustive]
pub enum ResourceEvent {
    /// It was created, so.
    Created(Box<Resource>),
    /// It has another pricing tier.
    TierChanged {
        /// Which.
        tier: Tier,
    },
    /// Its identity was made or given up.
    Identity(IdentityEvent),
    /// The directory was told what an earlier version still owed it.
    DirectorySettled,
    /// A change of its key began.
    ChangeBegun(Box<KeyChange>),
    /// The new key has wrapped and unwrapped.
    ChangeProven {
        /// The keyring to become the active one.
        pending: Keyring,
    },
    /// The change is done: the pending keyring is the active one.
    ChangeActivated {
        /// What it was.
        kind: ChangeKind,
    },
    /// The change is given up, and what it had granted is taken back: it is as if it had never begun.
    ChangeUndone {
        /// Which change.
        op: OpId,
    },
    /// A service-managed key is erased.
    ServiceKeyErased {
        /// Which.
        key: ServiceKeyId,
    },
    /// Its data went out of reach, or the cause is another one now (R17).
    AccessLost(Inaccessible),
    /// Its data came back.
    AccessRegained,
    /// It was moved.
    Moved {
        /// Where to.
        group: GroupUid,
        /// From the tenancy of that one to its own.
        descent: Descent,
        /// The tenant it left.
        from: TenantId,
        /// The tenant it is in now. Its identity stays where it was made (R13).
        to: TenantId,
    },
    /// It was deleted.
    Deleted {
        /// When.
        at: Timestamp,
        /// When its retention ends.
        purge_at: Timestamp,
        /// Whether it had an identity.
        had_identity: bool,
    },
    /// It was recovered.
    Recovered,
    /// Its purge began.
    PurgeStarted,
    /// Its keys and objects are gone.
    Forgotten,
}

/// Takes what happened into the state. An event of another life changes nothing.
pub(crate) fn evolve(state: &mut Option<Resource>, event: &ResourceEvent) {
    match event {
        ResourceEvent::Created(created) => *state = Some((**created).clone()),
        ResourceEvent::Forgotten => *state = None,
        other => {
            if let Some(resource) = state {
                take(resource, other);
            }
        }
    }
}

fn take(resource: &mut Resource, event: &ResourceEvent) {
    // Whatever happens, the same commit tells the directory.
    resource.registration = Registration::Settled;
    resource.retiring.clear();
    match event {
        ResourceEvent::Created(_) | ResourceEvent::Forgotten | ResourceEvent::DirectorySettled => {}
        ResourceEvent::TierChanged { tier } => resource.tier = *tier,
        ResourceEvent::Identity(event) => {
            IdentityMachine::evolve(&mut resource.identity, event);
        }
        ResourceEvent::ChangeBegun(change) => resource.change = Some(change.clone()),
        ResourceEvent::ChangeProven { pending } => {
            if let Some(change) = &mut resource.change {
                change.step = Step::Proven {
                    pending: pending.clone(),
                };
            }
        }
        ResourceEvent::ChangeActivated { .. } => activate(resource),
        ResourceEvent::ChangeUndone { .. } => {
            let kept = resource.service_key();
            if let Some(change) = resource.change.take() {
                // Made for this change alone: what it wraps is wrapped otherwise as well.
                let made = service_key_of(&change.target).filter(|made| Some(*made) != kept);
                resource.erasing.extend(made);
            }
        }
        ResourceEvent::ServiceKeyErased { key } => {
            resource.erasing.remove(key);
        }
        ResourceEvent::AccessLost(found) => resource.inaccessible = Some(*found),
        ResourceEvent::AccessRegained => resource.inaccessible = None,
        ResourceEvent::Moved { group, descent, .. } => {
            resource.group = *group;
            resource.descent = *descent;
        }
        ResourceEvent::Deleted {
            at,
            purge_at,
            had_identity,
        } => {
            resource.life = Life::Deleted {
                at: *at,
                purge_at: *purge_at,
                had_identity: *had_identity,
            };
        }
        ResourceEvent::Recovered => resource.life = Life::Active,
        ResourceEvent::PurgeStarted => resource.life = Life::Purging,
    }
}

fn activate(resource: &mut Resource) {
    let Some(change) = resource.change.take() else {
        return;
    };
    let KeyChange { step, follows, .. } = *change;
    if let Step::Proven { pending } = step {
        let before = resource.service_key();
        let after = kek_of(&pending).and_then(service_key_of);
        resource.keyring = pending;
        resource.follows = follows;
        // Only now that the whole keyring has been opened from its new wrapping (R11).
        resource
            .erasing
            .extend(before.filter(|before| Some(*before) != after));
    }
}
