//! Drives the resource machine: load, decide, commit, then carry out what the new state owes.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use strongroom_base::{Machine, Outcome, ResourceName, ResourceUid, Timestamp};
use strongroom_ledger::{
    AggregateId, Change, Claim, ClaimOutcome, Commit, Find, Guard, IndexRow, LedgerError, Page,
    Write,
};

use super::machine::{Command, Effect, Event, Life, Resource, ResourceMachine};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::{Core, Loaded};
use crate::directory::GroupId;
use crate::store::Place;

/// The index that finds the resource which a service-managed key belongs to.
pub(crate) const SERVICE_KEY_INDEX: &str = "resource.service-key";
/// The index that finds a resource by its name in its group; unique.
pub(crate) const NAME_INDEX: &str = "resource.name";
/// The index of resources that time will change, by when.
const WAKE_INDEX: &str = "resource.wake";
/// The index of resources that still owe something.
const OWING_INDEX: &str = "resource.owing";

/// How often a decision is taken anew because what it was based on has changed.
const DECIDE_RETRIES: usize = 64;
/// How long one process may take to carry out what a state owes before another takes over.
const EFFECTS_CLAIMED_FOR: Duration = Duration::from_mins(1);
/// How long a staged copy may take before it counts as abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);
/// How many index rows are read at once.
const PAGE: u32 = 1_000;

/// What a commit asserts beside the state that it writes.
#[derive(Debug, Default)]
pub(crate) struct Assertions {
    pub(crate) guards: Vec<Guard>,
    pub(crate) holding: Vec<Claim>,
}

impl Core {
    /// Decides `command`, commits what follows, and records it; a refusal is recorded too.
    pub(crate) async fn submit(
        &self,
        uid: ResourceUid,
        command: &Command,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Option<Resource>, Error> {
        let id = aggregate(uid)?;
        let Assertions { guards, holding } = assertions;
        for _ in 0..DECIDE_RETRIES {
            let Loaded {
                state: before,
                version,
            } = self.load::<Resource>(&id).await?;
            let now = self.now();
            let events = match ResourceMachine::decide(&before, command, &()) {
                Ok(events) => events,
                Err(refusal) => {
                    if let Some(refused) = refused(command, before.as_ref(), uid) {
                        self.record(vec![refused.failed(refusal.code())], caller)
                            .await?;
                    }
                    return Err(refusal.into());
                }
            };
            let mut after = before.clone();
            for event in &events {
                ResourceMachine::evolve(&mut after, event);
            }
            let subject = after.as_ref().or(before.as_ref());
            let happened = events
                .iter()
                .flat_map(|event| happened(event, subject))
                .collect();
            let write = Write {
                id: id.clone(),
                expected: version,
                change: self.change(&id, after.as_ref(), now)?,
            };
            let audit = self.entries(happened, caller, now)?;
            let commit = Commit {
                write: Some(write),
                guards: guards.clone(),
                holding: holding.clone(),
                audit,
            };
            match self.ledger.commit(commit, now).await {
                Ok(_) => {
                    if after.is_some() {
                        self.end_leases(uid);
                    } else {
                        self.forget_leases(uid);
                    }
                    return Ok(after);
                }
                // Somebody else changed this very state: decide again on what it is now.
                Err(LedgerError::Conflict {
                    id: conflicting, ..
                }) if conflicting == id => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended { id })
    }

    fn change(
        &self,
        id: &AggregateId,
        after: Option<&Resource>,
        now: Timestamp,
    ) -> Result<Change, Error> {
        match after {
            None => Ok(Change::Remove),
            Some(resource) => Ok(Change::Put {
                state: self.encode(id, resource)?,
                index: index_rows(resource, now),
            }),
        }
    }

    /// Does what the state of `uid` owes the outside.
    ///
    /// Fails with [`Error::HeldElsewhere`] if another process is at it, or was until it was cut off.
    pub(crate) async fn settle(&self, uid: ResourceUid, caller: &Caller) -> Result<(), Error> {
        let Some(resource) = self.load::<Resource>(&aggregate(uid)?).await?.state else {
            return Ok(());
        };
        let effects = ResourceMachine::effects(&Some(resource.clone()), self.now());
        if effects.is_empty() {
            return Ok(());
        }
        let claim = self.claim_effects(uid).await?;
        let settled = self.settle_under(&claim, effects, &resource, caller).await;
        // Released whatever came of it: who tries again need not wait.
        let released = self.ledger.release(&claim).await;
        settled.and(released.map_err(Error::from))
    }

    async fn settle_under(
        &self,
        claim: &Claim,
        effects: Vec<Effect>,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<(), Error> {
        for effect in effects {
            self.carry_out(effect, resource).await?;
        }
        // It may have taken longer than it was claimed for.
        self.claim_effects(resource.uid).await?;
        let assertions = Assertions {
            holding: vec![claim.clone()],
            ..Assertions::default()
        };
        self.submit(resource.uid, &Command::Forget, assertions, caller)
            .await?;
        Ok(())
    }

    async fn claim_effects(&self, uid: ResourceUid) -> Result<Claim, Error> {
        let now = self.now();
        let claim = Claim {
            name: format!("effects/{uid}"),
            owner: self.owner.clone(),
            expires: now.saturating_add(EFFECTS_CLAIMED_FOR),
        };
        match self.ledger.claim(&claim, now).await? {
            ClaimOutcome::Held { .. } => Ok(claim),
            ClaimOutcome::HeldBy { expires, .. } => Err(Error::HeldElsewhere {
                uid,
                wait: expires.saturating_since(now),
            }),
        }
    }

    async fn carry_out(&self, effect: Effect, resource: &Resource) -> Result<(), Error> {
        match effect {
            Effect::EraseServiceKey { key } => {
                self.service_keys.erase(&key.to_string()).await?;
            }
            Effect::DeleteObjects { uid } => {
                self.delete_below(Place::new(uid, resource.binding).all())
                    .await?;
            }
        }
        Ok(())
    }

    /// Removes everything in the inner store below `prefix`. What is gone already is no error.
    pub(crate) async fn delete_below(
        &self,
        prefix: &object_store::path::Path,
    ) -> Result<(), Error> {
        let found = self
            .objects
            .list(Some(prefix))
            .map(|entry| entry.map(|meta| meta.location));
        let mut deleted = self.objects.delete_stream(found.boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Removes what a copy that was cut off has left in a resource's staging place.
    pub(crate) async fn sweep_staging(&self, place: &Place) -> Result<(), Error> {
        let now = self.now();
        let mut staged = self.objects.list(Some(place.staging()));
        while let Some(entry) = staged.try_next().await? {
            let millis = u64::try_from(entry.last_modified.timestamp_millis()).unwrap_or(0);
            if now.saturating_since(Timestamp::from_unix_millis(millis)) < ABANDONED_AFTER {
                continue;
            }
            match self.objects.delete(&entry.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Goes on with what was cut off, and purges what has outlived its retention.
    ///
    /// What cannot be done for one resource stays owing and is logged; it does not keep the others
    /// waiting.
    pub(crate) async fn resume(&self, caller: &Caller) -> Result<(), Error> {
        let now = self.now();
        for uid in self.due(now).await? {
            let expire = Command::Expire { now };
            match self
                .submit(uid, &expire, Assertions::default(), caller)
                .await
            {
                // Another process was faster, or it was recovered meanwhile.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => tracing::error!(%uid, %error, "a resource could not be purged"),
            }
        }
        for (_, uid) in self.find_all(&Find::prefix(OWING_INDEX, "")).await? {
            match self.settle(uid, caller).await {
                Ok(()) | Err(Error::HeldElsewhere { .. }) => {}
                Err(error) => tracing::error!(%uid, %error, "a resource still owes something"),
            }
        }
        Ok(())
    }

    /// The resources whose time has come, each once.
    async fn due(&self, now: Timestamp) -> Result<Vec<ResourceUid>, Error> {
        let query = Find::prefix(WAKE_INDEX, "");
        let mut due = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let found = self.ledger.find(&query, page).await?;
            let Some(last) = found.last() else {
                return Ok(due);
            };
            page = Page::after(last, PAGE);
            for row in found {
                if row.key > wake_key(now) {
                    return Ok(due);
                }
                due.push(row.id.id().parse()?);
            }
        }
    }

    /// All rows that a query finds.
    pub(crate) async fn find_all(&self, find: &Find) -> Result<Vec<(String, ResourceUid)>, Error> {
        let mut all = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let found = self.ledger.find(find, page).await?;
            let Some(last) = found.last() else {
                return Ok(all);
            };
            page = Page::after(last, PAGE);
            for row in found {
                all.push((row.key, row.id.id().parse()?));
            }
        }
    }
}

/// The id of a resource's state in the ledger.
pub(crate) fn aggregate(uid: ResourceUid) -> Result<AggregateId, Error> {
    Ok(AggregateId::new("resource", &uid.to_string())?)
}

fn index_rows(resource: &Resource, now: Timestamp) -> Vec<IndexRow> {
    let mut rows = vec![IndexRow::unique(NAME_INDEX, name_key(resource))];
    if let Some(key) = resource.service_key() {
        rows.push(IndexRow::unique(SERVICE_KEY_INDEX, key.to_string()));
    }
    let state = Some(resource.clone());
    if let Some(at) = ResourceMachine::wake_at(&state) {
        rows.push(IndexRow::shared(WAKE_INDEX, wake_key(at)));
    }
    if !ResourceMachine::effects(&state, now).is_empty() {
        rows.push(IndexRow::shared(OWING_INDEX, resource.uid.to_string()));
    }
    rows
}

/// Sorts as the time does.
fn wake_key(at: Timestamp) -> String {
    format!("{:020}", at.as_unix_millis())
}

/// A resource's place in the index of names. ARM compares names without regard to case.
pub(crate) fn name_key(resource: &Resource) -> String {
    format!(
        "{}{}",
        resource.group.index_prefix(),
        resource.name.as_str().to_ascii_lowercase()
    )
}

/// The records of what an event did.
fn happened(event: &Event, subject: Option<&Resource>) -> Vec<Happened> {
    let Some(resource) = subject else {
        return Vec::new();
    };
    let target = resource.arm_id();
    let one = |operation| Happened::new(operation, target.clone());
    let with_key = |operation| one(operation).with_key(resource.key_name());
    match event {
        Event::Created(_) => vec![
            with_key(Operation::ServiceKeyCreate),
            with_key(Operation::GenerationCreate),
            with_key(Operation::WrapKey),
            one(Operation::ResourceCreate),
        ],
        Event::Deleted { .. } => vec![one(Operation::ResourceDelete)],
        Event::Recovered => vec![one(Operation::ResourceRecover)],
        Event::PurgeStarted => vec![one(Operation::ResourcePurge)],
        Event::Forgotten => vec![
            with_key(Operation::ServiceKeyDestroy),
            with_key(Operation::GenerationDestroy),
        ],
    }
}

/// The record of a refused command; what the driver asks of itself leaves none.
fn refused(command: &Command, before: Option<&Resource>, uid: ResourceUid) -> Option<Happened> {
    let operation = match command {
        Command::Create(_) => Operation::ResourceCreate,
        Command::Delete { .. } => Operation::ResourceDelete,
        Command::Recover { .. } => Operation::ResourceRecover,
        Command::Purge => Operation::ResourcePurge,
        Command::Expire { .. } | Command::Forget => return None,
    };
    let target = before.map_or_else(|| format!("resource/{uid}"), Resource::arm_id);
    Some(Happened::new(operation, target))
}

/// The ARM id of the resource of this name in a group.
pub(crate) fn arm_id(group: &GroupId, name: &ResourceName) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.CognitiveServices/accounts/{name}",
        group.subscription, group.name
    )
}

impl Resource {
    /// The ARM id, as audit records name it.
    pub(crate) fn arm_id(&self) -> String {
        arm_id(&self.group, &self.name)
    }

    /// The key-encryption key, as audit records name it.
    pub(crate) fn key_name(&self) -> String {
        self.service_key()
            .map_or_else(String::new, |key| format!("service-key/{key}"))
    }

    /// Refuses the use of its data unless it is there to be used.
    pub(crate) fn check_usable(&self) -> Result<(), Error> {
        match self.life {
            Life::Active => Ok(()),
            Life::Deleted { .. } => Err(super::Refusal::Deleted.into()),
            Life::Purging => Err(super::Refusal::Purging.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use strongroom_base::OutcomeKind;

    use super::*;
    use crate::resource::NewResource;
    use crate::{InitOptions, Options, Strongroom};

    #[tokio::test]
    async fn a_purge_that_another_process_holds_says_so_and_can_be_done_later() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(crate::aws_lc_rs::PROVIDER);
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        resource.delete().await.unwrap();
        let core = room.core();
        let theirs = Claim {
            name: format!("effects/{}", resource.uid()),
            owner: "somebody-else".to_owned(),
            expires: core.now().saturating_add(Duration::from_mins(1)),
        };
        let _ = core.ledger.claim(&theirs, core.now()).await.unwrap();

        let held = resource.purge().await.unwrap_err();
        assert!(matches!(held, Error::HeldElsewhere { .. }), "{held:?}");
        assert_eq!(held.kind(), OutcomeKind::Unavailable);
        assert!(resource.show().await.is_ok());

        core.ledger.release(&theirs).await.unwrap();
        resource.purge().await.unwrap();
        assert!(resource.show().await.is_err());
        assert!(core.service_keys.ids(None, 10).await.unwrap().is_empty());
        room.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_forged_index_row_holds_no_start_up() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(crate::aws_lc_rs::PROVIDER);
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let core = room.core();
        let id = aggregate(resource.uid()).unwrap();
        let Loaded { state, version } = core.load::<Resource>(&id).await.unwrap();
        let state = state.unwrap();
        let mut index = index_rows(&state, core.now());
        // Due, and owing, by the index alone.
        index.push(IndexRow::shared(WAKE_INDEX, wake_key(core.now())));
        index.push(IndexRow::shared(OWING_INDEX, state.uid.to_string()));
        let change = Change::Put {
            state: core.encode(&id, &state).unwrap(),
            index,
        };
        let write = Some(Write {
            id,
            expected: version,
            change,
        });
        core.ledger
            .commit(
                Commit {
                    write,
                    ..Commit::default()
                },
                core.now(),
            )
            .await
            .unwrap();
        room.close().await.unwrap();

        let room = Strongroom::open(&data, &options).await.unwrap();
        assert_eq!(room.resources().await.unwrap().len(), 1);
        room.close().await.unwrap();
    }
}
