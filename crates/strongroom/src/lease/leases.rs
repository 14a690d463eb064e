//! All leases of a process, and what they rest on: whatever changes of it voids them at once.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_base::{Clock, ResourceUid};
use strongroom_crypto::Provider;
use strongroom_ledger::{AggregateId, Version};

#[cfg(feature = "fault-injection")]
use super::Danger;
use super::source::overdue;
use super::{KeySource, LeaseSettings, LeaseSource};
use crate::clock::Moment;
use crate::core::Observer;

/// The leases of a process.
pub(crate) struct Leases {
    settings: LeaseSettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) provider: Provider,
    sources: Mutex<HashMap<ResourceUid, Arc<LeaseSource>>>,
    watched: Arc<Mutex<Watched>>,
    #[cfg(feature = "fault-injection")]
    danger: Danger,
}

/// What leases, and failures that are remembered, rest on.
#[derive(Default)]
struct Watched {
    /// At which version each was read, by what was found for whom.
    readers: HashMap<AggregateId, HashMap<Finding, (ResourceUid, Version)>>,
    read: HashMap<ResourceUid, HashMap<Finding, Vec<AggregateId>>>,
    last: u64,
}

/// Numbers what was found once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Finding(u64);

impl Watched {
    fn remove(&mut self, uid: ResourceUid, finding: Finding) {
        let Some(findings) = self.read.get_mut(&uid) else {
            return;
        };
        let rested_on = findings.remove(&finding);
        if findings.is_empty() {
            self.read.remove(&uid);
        }
        self.forget(rested_on.unwrap_or_default(), finding);
    }

    fn remove_all(&mut self, uid: ResourceUid) {
        for (finding, rested_on) in self.read.remove(&uid).unwrap_or_default() {
            self.forget(rested_on, finding);
        }
    }

    fn forget(&mut self, rested_on: Vec<AggregateId>, finding: Finding) {
        for id in rested_on {
            if let Some(readers) = self.readers.get_mut(&id) {
                readers.remove(&finding);
                if readers.is_empty() {
                    self.readers.remove(&id);
                }
            }
        }
    }
}

/// What was found rests on states that are watched for as long as this is there: as long as the lease is out,
/// or the failure is remembered.
pub(crate) struct Watching {
    watched: Arc<Mutex<Watched>>,
    uid: ResourceUid,
    finding: Finding,
}

impl Watching {
    /// Whether nothing of it has changed, as far as this process has heard.
    pub(super) fn is_undisturbed(&self) -> bool {
        let watched = lock(&self.watched);
        let findings = watched.read.get(&self.uid);
        findings.is_some_and(|findings| findings.contains_key(&self.finding))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        lock(&self.watched).remove(self.uid, self.finding);
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching")
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Leases {
    pub(crate) fn new(settings: LeaseSettings, clock: Arc<dyn Clock>, provider: Provider) -> Self {
        Self {
            settings,
            clock,
            provider,
            sources: Mutex::default(),
            watched: Arc::default(),
            #[cfg(feature = "fault-injection")]
            danger: Danger::default(),
        }
    }

    #[cfg(feature = "fault-injection")]
    pub(crate) fn with_danger(self, danger: Danger) -> Self {
        Self { danger, ..self }
    }

    /// Whether operations that go on are asked again.
    #[cfg_attr(
        not(feature = "fault-injection"),
        expect(clippy::unused_self, reason = "it always is, but in a control")
    )]
    pub(super) fn are_checked(&self) -> bool {
        #[cfg(feature = "fault-injection")]
        let checked = !self.danger.unchecked_leases;
        #[cfg(not(feature = "fault-injection"))]
        let checked = true;
        checked
    }

    /// Whether other processes' changes are looked for.
    #[cfg_attr(
        not(feature = "fault-injection"),
        expect(clippy::unused_self, reason = "they always are, but in a control")
    )]
    pub(super) fn are_watched(&self) -> bool {
        #[cfg(feature = "fault-injection")]
        let watched = !self.danger.unwatched_changes;
        #[cfg(not(feature = "fault-injection"))]
        let watched = true;
        watched
    }

    pub(crate) fn settings(&self) -> &LeaseSettings {
        &self.settings
    }

    /// The one source of a resource's leases in this process.
    pub(crate) fn source(&self, keys: &Arc<dyn KeySource>, uid: ResourceUid) -> Arc<LeaseSource> {
        let mut sources = self.sources();
        let source = sources
            .entry(uid)
            .or_insert_with(|| Arc::new(LeaseSource::new(self, Arc::downgrade(keys), uid)));
        Arc::clone(source)
    }

    /// What was found of `uid` rests on these states, at these versions.
    pub(crate) fn watch(
        &self,
        uid: ResourceUid,
        rests_on: &BTreeMap<AggregateId, Version>,
    ) -> Watching {
        let mut watched = lock(&self.watched);
        watched.last = watched.last.wrapping_add(1);
        let finding = Finding(watched.last);
        for (id, version) in rests_on {
            let readers = watched.readers.entry(id.clone()).or_default();
            readers.insert(finding, (uid, *version));
        }
        let findings = watched.read.entry(uid).or_default();
        findings.insert(finding, rests_on.keys().cloned().collect());
        Watching {
            watched: Arc::clone(&self.watched),
            uid,
            finding,
        }
    }

    /// Nobody can tell what has changed: everything that was found is void.
    pub(super) fn drop_all(&self, now: Moment) {
        let all: Vec<ResourceUid> = self.sources().keys().copied().collect();
        for uid in all {
            self.drop_lease(uid, now);
        }
    }

    fn drop_lease(&self, uid: ResourceUid, now: Moment) {
        lock(&self.watched).remove_all(uid);
        let source = self.sources().get(&uid).cloned();
        if let Some(source) = source {
            source.desk().drop_lease(now);
        }
    }

    /// Keys that may not be used any more do not stay in memory; nor does what nobody comes back to.
    pub(super) fn sweep(&self, now: Moment) {
        let due: Vec<(ResourceUid, Arc<LeaseSource>)> = {
            let sources = self.sources();
            let due = sources.iter().filter(|(_, source)| {
                let wakes = source.desk().wake_at();
                wakes.is_none_or(|wakes| wakes <= now.boot)
            });
            due.map(|(uid, source)| (*uid, Arc::clone(source)))
                .collect()
        };
        for (uid, source) in due {
            if !source.desk().wake(now, overdue) {
                continue;
            }
            let mut sources = self.sources();
            // The map's and ours: nobody else has it, and nobody can get it meanwhile.
            if Arc::strong_count(&source) == 2 {
                sources.remove(&uid);
            }
        }
    }

    /// How many resources are in use, or were lately.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sources().len()
    }

    fn sources(&self) -> MutexGuard<'_, HashMap<ResourceUid, Arc<LeaseSource>>> {
        lock(&self.sources)
    }
}

impl Observer for Leases {
    /// What was found of a resource was written down in its state: what rests on that rests on what it has
    /// become.
    fn marked(&self, id: &AggregateId, from: Version, to: Option<Version>) {
        let mut watched = lock(&self.watched);
        let readers = watched.readers.get_mut(id).into_iter().flatten();
        for (_, (_, version)) in readers.filter(|(_, (_, version))| *version == from) {
            *version = to.unwrap_or(Version::ABSENT);
        }
    }

    /// A state has changed, or may have: whatever was found of it at another version is void.
    fn changed(&self, id: &AggregateId, to: Option<Version>, now: Moment) {
        let stale: Vec<ResourceUid> = {
            let watched = lock(&self.watched);
            let readers = watched.readers.get(id).into_iter().flatten();
            readers
                .filter(|(_, (_, version))| to != Some(*version))
                .map(|(_, (uid, _))| *uid)
                .collect()
        };
        for uid in stale {
            self.drop_lease(uid, now);
        }
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
