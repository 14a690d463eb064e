//! Random work against a naive model of the trait's contract: the same answers, and what was
//! refused changes nothing (I8).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use common::{Folder, NOW, entry, key};
use proptest::prelude::*;
use strongroom_base::{Outcome as _, Timestamp};
use strongroom_ledger::audit::{verify, verify_whole};
use strongroom_ledger::{
    AggregateId, AuditEntry, Change, Claim, ClaimOutcome, Commit, Find, Guard, IndexRow, Ledger,
    LedgerError, Page, Phase, REVISIONS, Snapshot, Version, Write,
};

const IDS: usize = 4;
const CHAINS: [&str; 2] = ["chain0", "chain1"];
const INDEXES: [&str; 2] = ["index0", "index1"];

fn id(number: usize) -> AggregateId {
    AggregateId::new("thing", &number.to_string()).unwrap()
}

fn at(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn claim(name: usize, owner: usize, expires: Timestamp) -> Claim {
    Claim {
        name: format!("claim{name}"),
        owner: format!("owner{owner}"),
        expires,
    }
}

/// How a version is given: the one it has, or one it does not have.
#[derive(Clone, Copy, Debug)]
enum Given {
    Right,
    Absent,
    Early,
}

#[derive(Clone, Debug)]
enum Step {
    Commit {
        writes: Vec<(usize, Given, Option<Vec<IndexRow>>)>,
        guards: Vec<(usize, Given)>,
        holding: Vec<(usize, usize)>,
        audit: Vec<(usize, u128, Phase)>,
    },
    Claim {
        name: usize,
        owner: usize,
        seconds: u64,
    },
    Release {
        name: usize,
        owner: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let given =
        || prop_oneof![6 => Just(Given::Right), 1 => Just(Given::Absent), 1 => Just(Given::Early)];
    let row = (0..2_usize, 0..4_u8, any::<bool>()).prop_map(|(index, key, unique)| IndexRow {
        index: format!("index{index}"),
        key: format!("k{key}"),
        unique,
    });
    let rows = proptest::collection::vec(row, 0..4);
    let change = prop_oneof![4 => rows.prop_map(Some), 1 => Just(None)];
    let writes = proptest::collection::vec((0..IDS, given(), change), 0..3);
    let guards = proptest::collection::vec((0..IDS, given()), 0..3);
    let holding = proptest::collection::vec((0..2_usize, 0..2_usize), 0..2);
    let phase = prop_oneof![
        Just(Phase::Whole),
        Just(Phase::Intent),
        Just(Phase::Outcome)
    ];
    let audit = proptest::collection::vec((0..2_usize, 0..40_u128, phase), 0..3);
    let commit = (writes, guards, holding, audit).prop_map(|(writes, guards, holding, audit)| {
        Step::Commit {
            writes,
            guards,
            holding,
            audit,
        }
    });
    prop_oneof![
        6 => commit,
        2 => (0..2_usize, 0..2_usize, 0..6_u64)
            .prop_map(|(name, owner, seconds)| Step::Claim { name, owner, seconds }),
        1 => (0..2_usize, 0..2_usize).prop_map(|(name, owner)| Step::Release { name, owner }),
    ]
}

type Rows = BTreeMap<(String, String), bool>;

#[derive(Clone, Debug, Default)]
struct Model {
    drawn: u64,
    /// When a thing was removed that has not come back.
    removed: BTreeMap<AggregateId, u64>,
    things: BTreeMap<AggregateId, (u64, String, Rows)>,
    claims: BTreeMap<String, (String, Timestamp)>,
    chains: BTreeMap<String, Vec<Entry>>,
    revisions: BTreeMap<AggregateId, u64>,
}

/// An entry: its record, its phase, and which record of the ledger it says something of: its revision, and
/// whether it was removed.
type Entry = (u128, Phase, Option<(AggregateId, u64, bool)>);

/// What a ledger may answer: every reason to refuse that holds is a right one to give.
#[derive(Debug)]
enum Expected {
    Committed(Vec<u64>),
    Refused(BTreeSet<&'static str>),
    Claimed(ClaimOutcome),
    Released,
}

#[derive(Debug)]
enum Request {
    Commit(Commit),
    Claim(Claim),
    Release(Claim),
}

#[derive(Debug)]
enum Answer {
    Committed(Vec<u64>),
    Refused(LedgerError),
    Claimed(ClaimOutcome),
    Released,
}

impl Model {
    fn version(&self, id: &AggregateId) -> u64 {
        self.things.get(id).map_or(0, |thing| thing.0)
    }

    fn given(&self, id: &AggregateId, given: Given) -> Version {
        let version = self.version(id);
        Version::from_u64(match given {
            Given::Right => version,
            Given::Absent => 0,
            Given::Early => version.saturating_sub(1),
        })
    }

    /// The request that a step makes, as things stand now.
    fn request(&self, step: &Step, number: usize, now: Timestamp) -> Request {
        match step {
            Step::Commit {
                writes,
                guards,
                holding,
                audit,
            } => {
                let write =
                    |(thing, given, change): &(usize, Given, Option<Vec<IndexRow>>)| Write {
                        id: id(*thing),
                        expected: self.given(&id(*thing), *given),
                        change: match change {
                            None => Change::Remove,
                            Some(index) => {
                                let state = format!("state {number}").into();
                                Change::Put {
                                    state,
                                    index: index.clone(),
                                }
                            }
                        },
                    };
                let guard = |(thing, given): &(usize, Given)| Guard {
                    id: id(*thing),
                    version: self.given(&id(*thing), *given),
                };
                Request::Commit(Commit {
                    writes: writes.iter().map(write).collect(),
                    guards: guards.iter().map(guard).collect(),
                    holding: holding
                        .iter()
                        .map(|(name, owner)| claim(*name, *owner, now))
                        .collect(),
                    audit: audit
                        .iter()
                        .map(|(c, r, phase)| entry(&format!("chain{c}"), *r, *phase))
                        .collect(),
                    only_while: None,
                })
            }
            Step::Claim {
                name,
                owner,
                seconds,
            } => {
                let expires = now.saturating_add(Duration::from_secs(*seconds));
                Request::Claim(claim(*name, *owner, expires))
            }
            Step::Release { name, owner } => Request::Release(claim(*name, *owner, now)),
        }
    }

    fn apply(&mut self, request: &Request, now: Timestamp) -> Expected {
        match request {
            Request::Commit(commit) => {
                let mut next = self.clone();
                let mut refusals = BTreeSet::new();
                let version = next.commit(commit, now, &mut refusals);
                if refusals.is_empty() {
                    *self = next;
                    Expected::Committed(version)
                } else {
                    Expected::Refused(refusals)
                }
            }
            Request::Claim(claim) if claim.expires <= now => {
                Expected::Refused(["LedgerClaimExpired"].into())
            }
            Request::Claim(Claim {
                name,
                owner,
                expires,
            }) => {
                let expires = match self.claims.get(name) {
                    Some((holder, until)) if holder == owner => *until.max(expires),
                    Some((holder, until)) if *until > now => {
                        let owner = holder.clone();
                        return Expected::Claimed(ClaimOutcome::HeldBy {
                            owner,
                            expires: *until,
                        });
                    }
                    _ => *expires,
                };
                self.claims.insert(name.clone(), (owner.clone(), expires));
                Expected::Claimed(ClaimOutcome::Held { expires })
            }
            Request::Release(Claim { name, owner, .. }) => {
                if self
                    .claims
                    .get(name)
                    .is_some_and(|(holder, _)| holder == owner)
                {
                    self.claims.remove(name);
                }
                Expected::Released
            }
        }
    }

    fn commit(
        &mut self,
        commit: &Commit,
        now: Timestamp,
        refusals: &mut BTreeSet<&'static str>,
    ) -> Vec<u64> {
        let Commit {
            writes,
            guards,
            holding,
            only_while: _,
            audit,
        } = commit;
        for Guard { id, version } in guards {
            if self.version(id) != version.as_u64() {
                refusals.insert("LedgerVersionConflict");
            }
        }
        for Claim { name, owner, .. } in holding {
            if !self
                .claims
                .get(name)
                .is_some_and(|(holder, until)| holder == owner && *until > now)
            {
                refusals.insert("LedgerClaimNotHeld");
            }
        }
        for entry in audit {
            let record = u128::from_be_bytes(*entry.record.as_bytes());
            let chain = self.chains.entry(entry.chain.clone()).or_default();
            let had: Vec<Phase> = chain
                .iter()
                .filter(|(r, ..)| *r == record)
                .map(|(_, p, _)| *p)
                .collect();
            let fits = match entry.phase {
                Phase::Outcome => had == [Phase::Intent],
                Phase::Whole | Phase::Intent => had.is_empty(),
                Phase::Revision => false,
            };
            if !fits {
                refusals.insert("LedgerAuditRecordOrder");
            }
            chain.push((record, entry.phase, None));
        }
        let mut rows_of = BTreeMap::new();
        for Write {
            id,
            expected,
            change,
        } in writes
        {
            if self.version(id) != expected.as_u64() {
                refusals.insert("LedgerVersionConflict");
            }
            let mut rows = Rows::new();
            if let Change::Put { index, .. } = change {
                for row in index {
                    *rows
                        .entry((row.index.clone(), row.key.clone()))
                        .or_default() |= row.unique;
                }
            }
            if rows_of.insert(id.clone(), rows).is_some() {
                refusals.insert("LedgerWrittenTwice");
            }
        }
        let mut versions = Vec::new();
        let mut entries = audit.iter();
        for Write { id, change, .. } in writes {
            let Change::Put { state, .. } = change else {
                if self.things.remove(id).is_some() {
                    self.drawn += 1;
                    self.removed.insert(id.clone(), self.drawn);
                    self.revise(id, true, entries.next(), audit);
                }
                versions.push(0);
                continue;
            };
            self.drawn += 1;
            let state = String::from_utf8(state.to_vec()).unwrap();
            let rows = rows_of.get(id).cloned().unwrap_or_default();
            self.things.insert(id.clone(), (self.drawn, state, rows));
            self.removed.remove(id);
            self.revise(id, false, entries.next(), audit);
            versions.push(self.drawn);
        }
        // What counts is how all of them lie together in the end.
        for (id, rows) in &rows_of {
            let others = self.things.iter().filter(|(other, _)| *other != id);
            for (place, unique) in rows {
                if others
                    .clone()
                    .any(|(_, thing)| thing.2.get(place).is_some_and(|theirs| *theirs || *unique))
                {
                    refusals.insert("LedgerKeyTaken");
                }
            }
        }
        versions
    }

    /// The rows of an index, in the order of their keys.
    fn rows(&self, index: &str) -> Vec<(String, AggregateId)> {
        let rows = |(id, thing): (&AggregateId, &(u64, String, Rows))| {
            let rows = thing.2.keys().filter(|(name, _)| name == index);
            rows.map(|(_, key)| (key.clone(), id.clone()))
                .collect::<Vec<_>>()
        };
        let mut rows: Vec<_> = self.things.iter().flat_map(rows).collect();
        rows.sort();
        rows
    }

    /// An entry of the commit says it, or one of its own.
    fn revise(
        &mut self,
        id: &AggregateId,
        removed: bool,
        entry: Option<&AuditEntry>,
        audit: &[AuditEntry],
    ) {
        let revision = self.revisions.entry(id.clone()).or_default();
        *revision += 1;
        let said = Some((id.clone(), *revision, removed));
        let Some(entry) = entry else {
            let chain = self.chains.entry(REVISIONS.to_owned()).or_default();
            chain.push((0, Phase::Revision, said));
            return;
        };
        // Entries of a commit are the last ones of their chains, in its order.
        let at = audit
            .iter()
            .position(|one| std::ptr::eq(one, entry))
            .unwrap();
        let behind = audit[at..].iter().filter(|one| one.chain == entry.chain);
        let chain = self.chains.get_mut(&entry.chain).unwrap();
        let place = chain.len() - behind.count();
        chain[place].2 = said;
    }
}

async fn ask(ledger: Arc<dyn Ledger>, request: Request, now: Timestamp) -> Answer {
    let done = match request {
        Request::Commit(commit) => ledger.commit(commit, now).await.map(|done| {
            Answer::Committed(done.versions.into_iter().map(Version::as_u64).collect())
        }),
        Request::Claim(claim) => ledger.claim(&claim, now).await.map(Answer::Claimed),
        Request::Release(claim) => ledger.release(&claim).await.map(|()| Answer::Released),
    };
    done.unwrap_or_else(Answer::Refused)
}

/// What a snapshot shows is what the model was then.
async fn compare_snapshot(snapshot: &dyn Snapshot, model: &Model) {
    for thing in (0..IDS).map(id) {
        let stored = snapshot.load(&thing).await.unwrap();
        let found = stored.map(|stored| (stored.version.as_u64(), stored.state));
        let expected = model.things.get(&thing);
        let expected = expected.map(|(version, state, _)| (*version, state.clone().into()));
        assert_eq!(found, expected);
    }
    for index in INDEXES {
        let query = Find::prefix(index, "");
        let found = snapshot.find(&query, Page::first(100)).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|row| (row.key, row.id)).collect();
        assert_eq!(found, model.rows(index));
    }
    assert_eq!(snapshot.newest().await.unwrap().as_u64(), model.drawn);
}

async fn compare(ledger: &dyn Ledger, model: &Model) {
    for thing in (0..IDS).map(id) {
        let stored = ledger.load(&thing).await.unwrap();
        let stored = stored.map(|s| {
            (
                s.version.as_u64(),
                String::from_utf8(s.state.into()).unwrap(),
            )
        });
        let expected = model
            .things
            .get(&thing)
            .map(|(version, state, _)| (*version, state.clone()));
        assert_eq!(stored, expected);
    }
    let there = model.things.iter().map(|(id, thing)| (thing.0, id, true));
    let gone = model.removed.iter().map(|(id, at)| (*at, id, false));
    let mut expected: Vec<_> = there.chain(gone).collect();
    expected.sort();
    let changes = ledger.changes(Version::ABSENT, 1_000).await.unwrap();
    let told = changes.iter().map(|change| {
        let there = change.version != Version::ABSENT;
        (change.at.as_u64(), &change.id, there)
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(ledger.newest().await.unwrap().as_u64(), model.drawn);
    for index in INDEXES {
        let found = ledger
            .find(&Find::prefix(index, ""), Page::first(100))
            .await
            .unwrap();
        let found: Vec<_> = found.into_iter().map(|row| (row.key, row.id)).collect();
        assert_eq!(found, model.rows(index));
    }
    let revisions = ledger.revisions(None, 1_000).await.unwrap();
    let revisions = revisions
        .into_iter()
        .map(|one| ((one.id, one.revision), one.removed));
    let known = model.revisions.iter().map(|(id, revision)| {
        let removed = model.removed.contains_key(id);
        ((id.clone(), *revision), removed)
    });
    assert_eq!(revisions.collect::<Vec<_>>(), known.collect::<Vec<_>>());
    for chain in CHAINS.into_iter().chain([REVISIONS]) {
        let rows = ledger.audit(chain, 0, 1_000).await.unwrap();
        let rows: Vec<Entry> = rows
            .into_iter()
            .map(|row| {
                (
                    u128::from_be_bytes(*row.entry.record.as_bytes()),
                    row.entry.phase,
                    row.revised.map(|one| (one.id, one.revision, one.removed)),
                )
            })
            .collect();
        assert_eq!(rows, model.chains.get(chain).cloned().unwrap_or_default());
    }
}

async fn run(groups: Vec<Vec<Step>>) {
    let folder = Folder::new();
    let ledger: Arc<dyn Ledger> = Arc::new(folder.ledger().await);
    let mut model = Model::default();
    for (number, group) in groups.into_iter().enumerate() {
        let now = at(number as u64);
        let (snapshot, shown) = (ledger.snapshot().await.unwrap(), model.clone());
        // On one thread, tasks ask in the order in which they are spawned: the whole group waits
        // for the writer together.
        let mut asked = Vec::new();
        for step in &group {
            let request = model.request(step, number, now);
            let expected = model.apply(&request, now);
            asked.push((
                expected,
                tokio::spawn(ask(Arc::clone(&ledger), request, now)),
            ));
        }
        for ((expected, answer), step) in asked.into_iter().zip(&group) {
            let answer = answer.await.unwrap();
            let same = match (&expected, &answer) {
                (Expected::Committed(one), Answer::Committed(other)) => one == other,
                (Expected::Claimed(one), Answer::Claimed(other)) => one == other,
                (Expected::Released, Answer::Released) => true,
                (Expected::Refused(codes), Answer::Refused(error)) => codes.contains(error.code()),
                _ => false,
            };
            assert!(same, "{step:?}: {answer:?} instead of {expected:?}");
        }
        compare(&*ledger, &model).await;
        compare_snapshot(&*snapshot, &shown).await;
    }
    for chain in CHAINS {
        let verified = verify(&*ledger, &*key(), chain, &[]).await.unwrap();
        let entries = model.chains.get(chain).map_or(0, Vec::len);
        assert_eq!(verified.entries, entries as u64);
    }
    let whole = verify_whole(&*ledger, &*key(), &[]).await.unwrap();
    assert_eq!(whole.records, model.revisions.len() as u64);
    ledger.close().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn i08_the_ledger_answers_as_the_model(
        groups in proptest::collection::vec(proptest::collection::vec(step(), 1..5), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(groups));
    }
}
