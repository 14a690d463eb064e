//! What leases, and failures that are remembered, rest on: which states, at which versions.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_base::ResourceUid;
use strongroom_ledger::{AggregateId, Version};

/// All that was found and is still rested on.
#[derive(Clone, Default)]
pub(super) struct Findings(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// At which version each was read, by what was found for whom.
    readers: HashMap<AggregateId, HashMap<Finding, (ResourceUid, Version)>>,
    read: HashMap<ResourceUid, HashMap<Finding, Vec<AggregateId>>>,
    last: u64,
}

/// Numbers what was found once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Finding(u64);

impl Findings {
    /// What was found of `uid` rests on these states, at these versions.
    pub(super) fn watch(
        &self,
        uid: ResourceUid,
        rests_on: &BTreeMap<AggregateId, Version>,
    ) -> Watching {
        let mut inner = self.lock();
        inner.last = inner.last.wrapping_add(1);
        let finding = Finding(inner.last);
        for (id, version) in rests_on {
            let readers = inner.readers.entry(id.clone()).or_default();
            readers.insert(finding, (uid, *version));
        }
        let findings = inner.read.entry(uid).or_default();
        findings.insert(finding, rests_on.keys().cloned().collect());
        Watching {
            findings: self.clone(),
            uid,
            finding,
        }
    }

    /// What rests on a state at the version `from` rests on what it has become.
    pub(super) fn moved(&self, id: &AggregateId, from: Version, to: Version) {
        let mut inner = self.lock();
        let readers = inner.readers.get_mut(id).into_iter().flatten();
        for (_, (_, version)) in readers.filter(|(_, (_, version))| *version == from) {
            *version = to;
        }
    }

    /// Of which resources something rests on a state at any other version.
    pub(super) fn stale(&self, id: &AggregateId, to: Option<Version>) -> Vec<ResourceUid> {
        let inner = self.lock();
        let readers = inner.readers.get(id).into_iter().flatten();
        readers
            .filter(|(_, (_, version))| to != Some(*version))
            .map(|(_, (uid, _))| *uid)
            .collect()
    }

    /// Nothing that was found of a resource is rested on any more.
    pub(super) fn remove_all(&self, uid: ResourceUid) {
        let mut inner = self.lock();
        for (finding, rested_on) in inner.read.remove(&uid).unwrap_or_default() {
            inner.forget(rested_on, finding);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
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
    findings: Findings,
    uid: ResourceUid,
    finding: Finding,
}

impl Watching {
    /// Whether nothing of it has changed, as far as this process has heard.
    pub(super) fn is_undisturbed(&self) -> bool {
        let inner = self.findings.lock();
        let findings = inner.read.get(&self.uid);
        findings.is_some_and(|findings| findings.contains_key(&self.finding))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.findings.lock().remove(self.uid, self.finding);
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching")
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}
