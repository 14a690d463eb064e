//! All leases of a process, and what they rest on: whatever changes of it voids them at once.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_base::{Clock, ResourceUid};
use strongroom_crypto::Provider;
use strongroom_ledger::{AggregateId, Version};

use super::findings::{Findings, Watching};
use super::key_source::KeySource;
#[cfg(feature = "fault-injection")]
use super::settings::Danger;
use super::settings::LeaseSettings;
use super::source::{LeaseBasis, LeaseSource, overdue};
use crate::clock::Moment;
use crate::core::Observer;

/// The leases of a process.
pub(crate) struct Leases {
    basis: LeaseBasis,
    sources: Mutex<HashMap<ResourceUid, Arc<LeaseSource>>>,
    findings: Findings,
    #[cfg(feature = "fault-injection")]
    danger: Danger,
}

impl Leases {
    pub(crate) fn new(settings: LeaseSettings, clock: Arc<dyn Clock>, provider: Provider) -> Self {
        let basis = LeaseBasis {
            settings,
            is_checked: true,
            clock,
            provider,
        };
        Self {
            basis,
            sources: Mutex::default(),
            findings: Findings::default(),
            #[cfg(feature = "fault-injection")]
            danger: Danger::default(),
        }
    }

    #[cfg(feature = "fault-injection")]
    pub(crate) fn with_danger(mut self, danger: Danger) -> Self {
        self.basis.is_checked = !danger.unchecked_leases;
        Self { danger, ..self }
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
        &self.basis.settings
    }

    /// The one source of a resource's leases in this process.
    pub(crate) fn source(&self, keys: &Arc<dyn KeySource>, uid: ResourceUid) -> Arc<LeaseSource> {
        let mut sources = self.sources();
        let source = sources.entry(uid).or_insert_with(|| {
            Arc::new(LeaseSource::new(
                self.basis.clone(),
                Arc::downgrade(keys),
                uid,
            ))
        });
        Arc::clone(source)
    }

    /// What was found of `uid` rests on these states, at these versions.
    pub(crate) fn watch(
        &self,
        uid: ResourceUid,
        rests_on: &BTreeMap<AggregateId, Version>,
    ) -> Watching {
        self.findings.watch(uid, rests_on)
    }

    /// Nobody can tell what has changed: everything that was found is void.
    pub(super) fn drop_all(&self, now: Moment) {
        let all: Vec<ResourceUid> = self.sources().keys().copied().collect();
        for uid in all {
            self.drop_lease(uid, now);
        }
    }

    fn drop_lease(&self, uid: ResourceUid, now: Moment) {
        self.findings.remove_all(uid);
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
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Leases {
    /// What was found of a resource was written down in its state: what rests on that rests on what it has
    /// become.
    fn marked(&self, id: &AggregateId, from: Version, to: Option<Version>) {
        self.findings.moved(id, from, to.unwrap_or(Version::ABSENT));
    }

    /// A state has changed, or may have: whatever was found of it at another version is void.
    fn changed(&self, id: &AggregateId, to: Option<Version>, now: Moment) {
        for uid in self.findings.stale(id, to) {
            self.drop_lease(uid, now);
        }
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases")
            .field("settings", &self.basis.settings)
            .finish_non_exhaustive()
    }
}
