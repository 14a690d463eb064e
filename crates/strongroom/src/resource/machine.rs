//! The life of a resource, as a pure machine: created, deleted, recovered, purged.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_base::{
    Machine, Outcome, OutcomeKind, Region, ResourceName, ResourceUid, Retry, Timestamp,
};
use strongroom_crypto::ServiceKeyId;
use strongroom_crypto::keyring::{Kek, Keyring, Wrapping};
use strongroom_crypto::object::BindingMode;

use super::Tier;
use crate::directory::GroupId;

/// How long a deleted resource can be recovered: as long as Azure keeps a deleted account.
pub(crate) const RETENTION: Duration = Duration::from_hours(48);

/// What is stored of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) uid: ResourceUid,
    pub(crate) name: ResourceName,
    pub(crate) group: GroupId,
    pub(crate) region: Region,
    pub(crate) tier: Tier,
    pub(crate) binding: BindingMode,
    pub(crate) created: Timestamp,
    pub(crate) life: Life,
    pub(crate) keyring: Keyring,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "is")]
pub(crate) enum Life {
    Active,
    /// Can be recovered until it is purged, by command or at `purge_at`.
    Deleted {
        at: Timestamp,
        purge_at: Timestamp,
    },
    /// Its keys are being destroyed, then its objects.
    Purging,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create(Box<Created>),
    Delete {
        now: Timestamp,
    },
    Recover {
        now: Timestamp,
    },
    Purge,
    /// The retention of a deleted resource is over.
    Expire {
        now: Timestamp,
    },
    /// The effects of a purge are done.
    Forget,
}

/// Everything that a driver draws, makes and wraps for a new resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Created {
    pub(crate) uid: ResourceUid,
    pub(crate) name: ResourceName,
    pub(crate) group: GroupId,
    pub(crate) region: Region,
    pub(crate) tier: Tier,
    pub(crate) binding: BindingMode,
    pub(crate) now: Timestamp,
    pub(crate) keyring: Keyring,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Created(Box<Created>),
    Deleted { at: Timestamp, purge_at: Timestamp },
    Recovered,
    PurgeStarted,
    Forgotten,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Destroys the key; what it wrapped is noise from then on.
    EraseServiceKey { key: ServiceKeyId },
    /// Removes what is left of the objects.
    DeleteObjects { uid: ResourceUid },
}

/// Why a command about a resource was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such resource.
    #[error("there is no such resource")]
    Absent,
    /// It is deleted: its data is out of reach until it is recovered.
    #[error("the resource is deleted: recover it with `strongroom resource recover NAME`")]
    Deleted,
    /// It is not deleted.
    #[error(
        "the resource is not deleted: only a deleted resource can be recovered or purged, so \
             delete it first with `strongroom resource delete NAME`"
    )]
    NotDeleted,
    /// It is already so.
    #[error("nothing to do: the resource is deleted already")]
    AlreadyDeleted,
    /// Its keys are destroyed.
    #[error("the resource is being purged: its keys are destroyed and nothing brings it back")]
    Purging,
    /// The time to recover it is over.
    #[error("the resource was deleted more than its retention ago: it is being purged")]
    RetentionEnded,
    /// A uid is drawn once and never reused.
    #[error("a resource with this uid exists already")]
    Exists,
}

impl Outcome for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent => "ResourceNotFound",
            Self::Deleted => "ResourceDeleted",
            Self::NotDeleted => "ResourceNotDeleted",
            Self::AlreadyDeleted => "ResourceAlreadyDeleted",
            Self::Purging => "ResourcePurging",
            Self::RetentionEnded => "RetentionEnded",
            Self::Exists => "ResourceExists",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Absent => OutcomeKind::BadInput,
            Self::Deleted
            | Self::NotDeleted
            | Self::AlreadyDeleted
            | Self::Purging
            | Self::RetentionEnded
            | Self::Exists => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Deleted | Self::NotDeleted => Retry::AfterRepair,
            Self::Absent
            | Self::AlreadyDeleted
            | Self::Purging
            | Self::RetentionEnded
            | Self::Exists => Retry::Never,
        }
    }
}

/// The machine itself: it has no state of its own.
#[derive(Debug)]
pub(crate) struct ResourceMachine;

impl Machine for ResourceMachine {
    type State = Option<Resource>;
    type Command = Command;
    type Facts<'a> = ();
    type Event = Event;
    type Effect = Effect;
    type Refusal = Refusal;

    fn decide(state: &Option<Resource>, command: &Command, (): &()) -> Result<Vec<Event>, Refusal> {
        let life = state.as_ref().map(|resource| &resource.life);
        match (life, command) {
            (None, Command::Create(created)) => Ok(vec![Event::Created(created.clone())]),
            (
                None,
                Command::Delete { .. }
                | Command::Recover { .. }
                | Command::Purge
                | Command::Expire { .. }
                | Command::Forget,
            ) => Err(Refusal::Absent),
            (Some(_), Command::Create(_)) => Err(Refusal::Exists),
            (Some(Life::Active), Command::Delete { now }) => {
                let purge_at = now.saturating_add(RETENTION);
                Ok(vec![Event::Deleted { at: *now, purge_at }])
            }
            (
                Some(Life::Active),
                Command::Recover { .. } | Command::Purge | Command::Expire { .. } | Command::Forget,
            ) => Err(Refusal::NotDeleted),
            (Some(Life::Deleted { .. }), Command::Delete { .. }) => Err(Refusal::AlreadyDeleted),
            (Some(Life::Deleted { purge_at, .. }), Command::Recover { now }) => {
                if now < purge_at {
                    Ok(vec![Event::Recovered])
                } else {
                    Err(Refusal::RetentionEnded)
                }
            }
            (Some(Life::Deleted { .. }), Command::Purge) => Ok(vec![Event::PurgeStarted]),
            (Some(Life::Deleted { purge_at, .. }), Command::Expire { now }) => {
                if now < purge_at {
                    Err(Refusal::Deleted)
                } else {
                    Ok(vec![Event::PurgeStarted])
                }
            }
            (Some(Life::Deleted { .. }), Command::Forget) => Err(Refusal::Deleted),
            (Some(Life::Purging), Command::Forget) => Ok(vec![Event::Forgotten]),
            (
                Some(Life::Purging),
                Command::Delete { .. }
                | Command::Recover { .. }
                | Command::Purge
                | Command::Expire { .. },
            ) => Err(Refusal::Purging),
        }
    }

    fn evolve(state: &mut Option<Resource>, event: &Event) {
        match event {
            Event::Created(created) => *state = Some(Resource::new(created)),
            Event::Deleted { at, purge_at } => {
                set_life(
                    state,
                    Life::Deleted {
                        at: *at,
                        purge_at: *purge_at,
                    },
                );
            }
            Event::Recovered => set_life(state, Life::Active),
            Event::PurgeStarted => set_life(state, Life::Purging),
            Event::Forgotten => *state = None,
        }
    }

    fn effects(state: &Option<Resource>, _now: Timestamp) -> Vec<Effect> {
        match state {
            Some(resource) if resource.life == Life::Purging => {
                // The key goes first: from then on what is left of the objects is noise.
                let key = resource
                    .service_key()
                    .map(|key| Effect::EraseServiceKey { key });
                key.into_iter()
                    .chain([Effect::DeleteObjects { uid: resource.uid }])
                    .collect()
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn wake_at(state: &Option<Resource>) -> Option<Timestamp> {
        match state.as_ref()?.life {
            Life::Deleted { purge_at, .. } => Some(purge_at),
            Life::Active | Life::Purging => None,
        }
    }
}

impl Resource {
    fn new(created: &Created) -> Self {
        let Created {
            uid,
            name,
            group,
            region,
            tier,
            binding,
            now,
            keyring,
        } = created.clone();
        let life = Life::Active;
        Self {
            uid,
            name,
            group,
            region,
            tier,
            binding,
            created: now,
            life,
            keyring,
        }
    }

    /// The service-managed key that wraps the newest generation (R4).
    pub(crate) fn service_key(&self) -> Option<ServiceKeyId> {
        match self.keyring.records().last()?.wrapping() {
            Wrapping::Kek(Kek::ServiceManaged { key }) => Some(*key),
            Wrapping::Kek(Kek::CustomerManaged { .. }) | Wrapping::UnderGeneration(_) => None,
        }
    }
}

fn set_life(state: &mut Option<Resource>, life: Life) {
    if let Some(resource) = state {
        resource.life = life;
    }
}
