//! One job within the writer's transaction. All checks come before the first write: a refusal has
//! written nothing, so that the others of its group go on in the same transaction (I8).

use std::collections::{BTreeMap, HashMap};

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use strongroom_base::{RecordId, Timestamp};

use super::fault::Fault;
use super::{change, damaged, row};
use crate::{
    AggregateId, AuditEntry, ChainKey, Change, Claim, ClaimOutcome, Commit, Committed, Damage,
    Head, IndexRow, Invalid, LedgerError, Phase, Revised, Tag, Version, Write, sql, text,
};

/// What a transaction knows of itself, so that it need not ask twice.
pub(super) struct Batch<'a> {
    connection: &'a mut SqliteConnection,
    key: &'a dyn ChainKey,
    /// As read, and as drawn up to now.
    counter: (u64, u64),
    heads: HashMap<String, Head>,
}

/// Why a job was not carried out.
pub(super) enum Failure {
    /// It was refused, before anything was written.
    Refused(Box<LedgerError>),
    /// The database failed: so did the transaction.
    Broken(Fault),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        LedgerError::from(invalid).into()
    }
}

type IndexRows = BTreeMap<(String, String), bool>;

/// The index rows to take away and to add.
#[derive(Default)]
struct IndexDiff {
    gone: Vec<(String, String)>,
    added: Vec<(String, String, bool)>,
}

impl<'a> Batch<'a> {
    pub(super) async fn begin(
        connection: &'a mut SqliteConnection,
        key: &'a dyn ChainKey,
    ) -> Result<Self, Fault> {
        let counter: i64 = sqlx::query_scalar(sql::COUNTER)
            .fetch_optional(&mut *connection)
            .await
            .map_err(damaged(Damage::Counter))?
            .ok_or_else(|| Fault::damaged(Damage::Counter))?;
        let counter = u64::try_from(counter).map_err(|_| Fault::damaged(Damage::Counter))?;
        Ok(Self {
            connection,
            key,
            counter: (counter, counter),
            heads: HashMap::new(),
        })
    }

    pub(super) async fn end(self) -> Result<(), Fault> {
        let (read, drawn) = self.counter;
        if read != drawn {
            let drawn = i64::try_from(drawn).map_err(|_| Fault::damaged(Damage::Counter))?;
            let set = sqlx::query(sql::SET_COUNTER).bind(drawn);
            change(self.connection, set, 1, || Damage::Counter).await?;
        }
        Ok(())
    }

    pub(super) async fn commit(
        &mut self,
        commit: &Commit,
        now: Timestamp,
    ) -> Result<Committed, Failure> {
        let Commit {
            writes,
            guards,
            holding,
            only_while,
            audit,
        } = commit;
        if only_while.as_ref().is_some_and(|it| !it.holds()) {
            return Err(LedgerError::Lapsed.into());
        }
        for guard in guards {
            self.check_version(&guard.id, guard.version).await?;
        }
        for claim in holding {
            self.check_claim(claim, now).await?;
        }
        let diffs = self.check_writes(writes).await?;
        self.check_records(audit).await?;
        // Nothing below this line refuses.
        let revised = self.write(writes, diffs).await?;
        // Each entry says what became of one record; for those that are left, there is one of their own.
        let mut unsaid = revised.iter().flatten();
        for entry in audit {
            self.append(entry, unsaid.next()).await?;
        }
        for revised in unsaid {
            self.append(&AuditEntry::of_revision(now), Some(revised))
                .await?;
        }
        let versions = revised.iter().map(|revised| match revised {
            Some(revised) if !revised.removed => revised.version,
            _ => Version::ABSENT,
        });
        Ok(Committed::new(versions.collect()))
    }

    pub(super) async fn claim(
        &mut self,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<ClaimOutcome, Fault> {
        let damage = || Damage::Claim(claim.name.clone());
        // A longer one was made by a clock that stood ahead: nobody waits until that time has come.
        let longest = now.saturating_add(Claim::LONGEST);
        let expires = match self.claimed(&claim.name).await? {
            Some((owner, expires)) if owner == claim.owner => expires.max(claim.expires),
            Some((owner, expires)) if expires > now && expires <= longest => {
                return Ok(ClaimOutcome::HeldBy { owner, expires });
            }
            _ => claim.expires,
        };
        let expires = expires.min(longest);
        let stored =
            i64::try_from(expires.as_unix_millis()).map_err(|_| Fault::damaged(damage()))?;
        let put = sqlx::query(sql::CLAIM_PUT)
            .bind(&claim.name)
            .bind(&claim.owner)
            .bind(stored);
        change(self.connection, put, 1, damage).await?;
        Ok(ClaimOutcome::Held { expires })
    }

    pub(super) async fn release(&mut self, claim: &Claim) -> Result<(), Fault> {
        match self.claimed(&claim.name).await? {
            Some((owner, _)) if owner == claim.owner => {}
            _ => return Ok(()),
        }
        let drop = sqlx::query(sql::CLAIM_DROP)
            .bind(&claim.name)
            .bind(&claim.owner);
        let damage = || Damage::Claim(claim.name.clone());
        change(self.connection, drop, 1, damage).await
    }

    async fn check_version(&mut self, id: &AggregateId, expected: Version) -> Result<(), Failure> {
        let damage = || Damage::Record(id.clone());
        let found: Option<i64> = sqlx::query_scalar(sql::VERSION)
            .bind(id.as_str())
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(damaged(damage()))?;
        let found = u64::try_from(found.unwrap_or(0)).map_err(|_| Fault::damaged(damage()))?;
        let found = Version::from_u64(found);
        if found == expected {
            Ok(())
        } else {
            Err(LedgerError::Conflict {
                id: id.clone(),
                expected,
                found,
            }
            .into())
        }
    }

    async fn check_claim(&mut self, claim: &Claim, now: Timestamp) -> Result<(), Failure> {
        match self.claimed(&claim.name).await? {
            Some((owner, expires)) if owner == claim.owner && expires > now => Ok(()),
            holder => {
                let Claim {
                    name,
                    owner,
                    expires: _,
                } = claim.clone();
                Err(LedgerError::NotHeld {
                    name,
                    owner,
                    holder,
                }
                .into())
            }
        }
    }

    async fn claimed(&mut self, name: &str) -> Result<Option<(String, Timestamp)>, Fault> {
        let damage = || Damage::Claim(name.to_owned());
        let row = sqlx::query(sql::CLAIM)
            .bind(name)
            .fetch_optional(&mut *self.connection)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let owner: String = row.try_get(0).map_err(damaged(damage()))?;
        let expires: i64 = row.try_get(1).map_err(damaged(damage()))?;
        let expires = u64::try_from(expires).map_err(|_| Fault::damaged(damage()))?;
        Ok(Some((owner, Timestamp::from_unix_millis(expires))))
    }

    /// What the writes change of the index, if each is of the version that it expects and no row is in the
    /// way of another once all of them are written.
    async fn check_writes(&mut self, writes: &[Write]) -> Result<Vec<IndexDiff>, Failure> {
        let mut diffs = Vec::with_capacity(writes.len());
        let mut placed: BTreeMap<(String, String), (bool, &AggregateId)> = BTreeMap::new();
        for Write {
            id,
            expected,
            change,
        } in writes
        {
            self.check_version(id, *expected).await?;
            let wanted = match change {
                Change::Put { index, .. } => wanted(index),
                Change::Remove => IndexRows::new(),
            };
            for (place, unique) in &wanted {
                let (alone, holder) = placed.entry(place.clone()).or_insert((*unique, id));
                if *holder != id && (*alone || *unique) {
                    let (index, key) = place.clone();
                    let holder = holder.clone();
                    return Err(LedgerError::Taken { index, key, holder }.into());
                }
            }
            diffs.push(self.check_index(id, wanted, writes).await?);
        }
        Ok(diffs)
    }

    /// What must change for `id` to have the wanted rows and no others, if no record is in the way that is
    /// not written, too.
    async fn check_index(
        &mut self,
        id: &AggregateId,
        mut wanted: IndexRows,
        writes: &[Write],
    ) -> Result<IndexDiff, Failure> {
        let damage = || Damage::IndexRow(id.to_string());
        let rows = sqlx::query(sql::INDEX_OF)
            .bind(id.as_str())
            .fetch_all(&mut *self.connection)
            .await?;
        let mut diff = IndexDiff::default();
        for row in rows {
            let index: String = row.try_get(0).map_err(damaged(damage()))?;
            let key: String = row.try_get(1).map_err(damaged(damage()))?;
            let unique: bool = row.try_get(2).map_err(damaged(damage()))?;
            let had = (index, key);
            if wanted.get(&had) == Some(&unique) {
                wanted.remove(&had);
            } else {
                diff.gone.push(had);
            }
        }
        // One more than can be among the others that are written.
        let enough = i64::try_from(writes.len()).unwrap_or(i64::MAX);
        for ((index, key), unique) in wanted {
            let others = if unique {
                sql::INDEX_OTHERS
            } else {
                sql::INDEX_OTHERS_UNIQUE
            };
            let holders: Vec<String> = sqlx::query_scalar(others)
                .bind(&index)
                .bind(&key)
                .bind(id.as_str())
                .bind(enough)
                .fetch_all(&mut *self.connection)
                .await
                .map_err(damaged(damage()))?;
            for holder in holders {
                let holder: AggregateId = holder.parse().map_err(|_| Fault::damaged(damage()))?;
                if !writes.iter().any(|write| write.id == holder) {
                    return Err(LedgerError::Taken { index, key, holder }.into());
                }
            }
            diff.added.push((index, key, unique));
        }
        Ok(diff)
    }

    /// A record is one whole entry, or an intent and then its outcome (I7).
    async fn check_records(&mut self, audit: &[AuditEntry]) -> Result<(), Failure> {
        let mut begun: HashMap<(&str, RecordId), Vec<Phase>> = HashMap::new();
        for entry in audit {
            let AuditEntry {
                chain,
                record,
                phase,
                at: _,
                body: _,
            } = entry;
            let place = (chain.as_str(), *record);
            let phases = match begun.remove(&place) {
                Some(phases) => phases,
                None => self.phases(chain, *record).await?,
            };
            let fits = match phase {
                Phase::Whole | Phase::Intent => phases.is_empty(),
                Phase::Outcome => phases == [Phase::Intent],
                Phase::Revision => false,
            };
            if !fits {
                let (chain, record, phase) = (chain.clone(), *record, *phase);
                return Err(LedgerError::RecordOrder {
                    chain,
                    record,
                    phase,
                }
                .into());
            }
            begun.insert(place, [phases, vec![*phase]].concat());
        }
        Ok(())
    }

    async fn phases(&mut self, chain: &str, record: RecordId) -> Result<Vec<Phase>, Fault> {
        let numbers: Vec<i64> = sqlx::query_scalar(sql::ENTRY_PHASES)
            .bind(record.as_bytes().as_slice())
            .bind(chain)
            .fetch_all(&mut *self.connection)
            .await?;
        let phase = |number: i64| u8::try_from(number).ok().and_then(Phase::from_number);
        numbers
            .into_iter()
            .map(|number| {
                let damage = || Damage::Entry {
                    chain: chain.to_owned(),
                    after: 0,
                };
                phase(number).ok_or_else(|| Fault::damaged(damage()))
            })
            .collect()
    }

    /// What the writes make of their records: nothing, where one removes what is not there.
    async fn write(
        &mut self,
        writes: &[Write],
        diffs: Vec<IndexDiff>,
    ) -> Result<Vec<Option<Revised>>, Fault> {
        let mut revised = Vec::with_capacity(writes.len());
        for (Write { id, .. }, IndexDiff { gone, .. }) in writes.iter().zip(&diffs) {
            let damage = || Damage::IndexRow(id.to_string());
            for (index, key) in gone {
                let drop = sqlx::query(sql::INDEX_DROP).bind(index).bind(key);
                change(self.connection, drop.bind(id.as_str()), 1, damage).await?;
            }
        }
        for write in writes {
            revised.push(self.write_state(write).await?);
        }
        for (Write { id, .. }, IndexDiff { added, .. }) in writes.iter().zip(&diffs) {
            let damage = || Damage::IndexRow(id.to_string());
            for (index, key, unique) in added {
                let put = sqlx::query(sql::INDEX_PUT)
                    .bind(index)
                    .bind(key)
                    .bind(id.as_str())
                    .bind(unique);
                change(self.connection, put, 1, damage).await?;
            }
        }
        Ok(revised)
    }

    async fn write_state(&mut self, write: &Write) -> Result<Option<Revised>, Fault> {
        let Write {
            id,
            expected,
            change: wanted,
        } = write;
        let state = match wanted {
            Change::Put { state, index: _ } => Some(state),
            Change::Remove => None,
        };
        let absent = *expected == Version::ABSENT;
        if absent && state.is_none() {
            return Ok(None);
        }
        let revision = self.revision(id, absent).await?.saturating_add(1);
        let drawn = self.counter.1.saturating_add(1);
        let number = |value, damage| i64::try_from(value).map_err(|_| Fault::damaged(damage));
        let stored = number(drawn, Damage::Counter)?;
        let revision_stored = number(revision, Damage::Record(id.clone()))?;
        let tag = Tag::of_state(self.key, id, revision, state.map(|state| &**state));
        let damage = || Damage::Record(id.clone());
        match state {
            None => {
                let remove = sqlx::query(sql::REMOVE).bind(id.as_str());
                change(self.connection, remove, 1, damage).await?;
                // A removal has its place among the changes, too.
                let removed = sqlx::query(sql::REMOVED)
                    .bind(id.as_str())
                    .bind(stored)
                    .bind(revision_stored)
                    .bind(tag.as_bytes().as_slice());
                change(self.connection, removed, 1, damage).await?;
            }
            Some(state) => {
                let put = sqlx::query(sql::PUT)
                    .bind(id.as_str())
                    .bind(stored)
                    .bind(revision_stored)
                    .bind([tag.as_bytes(), &**state].concat());
                change(self.connection, put, 1, damage).await?;
                if absent {
                    self.back_again(id).await?;
                }
            }
        }
        self.counter.1 = drawn;
        Ok(Some(Revised {
            id: id.clone(),
            version: Version::from_u64(drawn),
            revision,
            removed: state.is_none(),
            tag,
        }))
    }

    /// Which revision a record is at: 0 if it never was there. One that comes back goes on counting.
    async fn revision(&mut self, id: &AggregateId, absent: bool) -> Result<u64, Fault> {
        let damage = || Damage::Record(id.clone());
        let wanted = if absent { sql::REMOVAL } else { sql::REVISION };
        let row = sqlx::query(wanted)
            .bind(id.as_str())
            .fetch_optional(&mut *self.connection)
            .await?;
        let Some(row) = row else { return Ok(0) };
        let revision: i64 = row.try_get(0).map_err(damaged(damage()))?;
        let revision = u64::try_from(revision).map_err(|_| Fault::damaged(damage()))?;
        if absent {
            let tag: Vec<u8> = row.try_get(1).map_err(damaged(damage()))?;
            let written = Tag::of_state(self.key, id, revision, None);
            if tag != written.as_bytes() {
                return Err(Fault::damaged(Damage::Forged(id.clone())));
            }
        }
        Ok(revision)
    }

    /// What is there again has not been removed.
    async fn back_again(&mut self, id: &AggregateId) -> Result<(), Fault> {
        let damage = || Damage::Record(id.clone());
        let removed: i64 = sqlx::query_scalar(sql::IS_REMOVED)
            .bind(id.as_str())
            .fetch_one(&mut *self.connection)
            .await
            .map_err(damaged(damage()))?;
        if removed == 0 {
            return Ok(());
        }
        let back = sqlx::query(sql::BACK_AGAIN).bind(id.as_str());
        change(self.connection, back, 1, damage).await
    }

    /// Adds an entry behind the head that this transaction sees: of several processes, each goes on
    /// where the last one stopped.
    pub(super) async fn append(
        &mut self,
        entry: &AuditEntry,
        revised: Option<&Revised>,
    ) -> Result<(), Fault> {
        let AuditEntry {
            chain,
            record,
            phase,
            at,
            body,
        } = entry;
        let head = match self.heads.remove(chain) {
            Some(head) => head,
            None => self.head(chain).await?,
        };
        let sequence = head.sequence.saturating_add(1);
        let number = |value| text::number("", value).map_err(|_| Fault::damaged(Damage::Head));
        let (stored, at_ms) = (number(sequence)?, number(at.as_unix_millis())?);
        let tag = Tag::of_entry(self.key, head.tag, sequence, entry, revised);
        let damage = || Damage::Entry {
            chain: chain.clone(),
            after: head.sequence,
        };
        let version = revised.map(|one| number(one.version.as_u64()));
        let revision = revised.map(|one| number(one.revision));
        let (version, revision) = (version.transpose()?, revision.transpose()?);
        let put = sqlx::query(sql::ENTRY_PUT)
            .bind(chain)
            .bind(stored)
            .bind(record.as_bytes().as_slice())
            .bind(phase.number())
            .bind(at_ms)
            .bind(body.as_ref())
            .bind(tag.as_bytes().as_slice())
            .bind(revised.map_or("", |one| one.id.as_str()))
            .bind(version)
            .bind(revision)
            .bind(revised.map(|one| one.removed))
            .bind(revised.map(|one| one.tag.as_bytes().as_slice()));
        change(self.connection, put, 1, damage).await?;
        let put = sqlx::query(sql::HEAD_PUT)
            .bind(chain)
            .bind(stored)
            .bind(tag.as_bytes().as_slice());
        change(self.connection, put, 1, || Damage::Head).await?;
        self.heads.insert(
            chain.clone(),
            Head {
                chain: chain.clone(),
                sequence,
                tag,
            },
        );
        Ok(())
    }

    async fn head(&mut self, chain: &str) -> Result<Head, Fault> {
        let row = sqlx::query(sql::HEAD)
            .bind(chain)
            .fetch_optional(&mut *self.connection)
            .await?;
        let Some(row) = row else {
            return Ok(Head {
                chain: chain.to_owned(),
                sequence: 0,
                tag: Tag::ZERO,
            });
        };
        let sequence: i64 = row.try_get(0).map_err(damaged(Damage::Head))?;
        let tag: Vec<u8> = row.try_get(1).map_err(damaged(Damage::Head))?;
        row::head_of(chain.to_owned(), sequence, tag)
    }
}

/// The rows asked for, each once.
fn wanted(rows: &[IndexRow]) -> IndexRows {
    let mut wanted = IndexRows::new();
    for IndexRow { index, key, unique } in rows {
        *wanted.entry((index.clone(), key.clone())).or_default() |= *unique;
    }
    wanted
}
