//! The audit chains: their key, what they hold, their heads' way out of the data folder, and their verification.

use std::collections::BTreeSet;
use std::sync::Arc;

use strongroom_base::{RecordId, TenantId, Timestamp};
use strongroom_crypto::{CryptoError, HmacKey, RootKeys};
use strongroom_ledger::audit::verify_whole;
use strongroom_ledger::checkpoint::{CheckpointSink, Checkpointer};
use strongroom_ledger::{AuditRow, ChainKey, Phase};
use tokio::sync::Mutex;

use crate::Error;
use crate::audit::AuditRecord;
use crate::core::Core;

/// How many entries are read at once in search of outcomes.
const LATER: u32 = 1_000;

/// The keys of the audit chains (F33) and of the states (F36), derived from the root key.
pub(crate) struct AuditChainKey {
    chain: Box<dyn HmacKey>,
    state: Box<dyn HmacKey>,
}

impl AuditChainKey {
    pub(crate) fn new(root: &RootKeys) -> Result<Self, CryptoError> {
        Ok(Self {
            chain: root.audit_chain()?,
            state: root.state_mac()?,
        })
    }
}

impl std::fmt::Debug for AuditChainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditChainKey").finish_non_exhaustive()
    }
}

impl ChainKey for AuditChainKey {
    fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
        self.chain.tag(message)
    }

    fn state_tag(&self, message: &[&[u8]]) -> [u8; 32] {
        self.state.tag(message)
    }
}

/// The audit of all tenants.
#[derive(Debug)]
pub(crate) struct AuditChains {
    pub(crate) records: Arc<Core>,
    pub(crate) key: Arc<AuditChainKey>,
    /// Where the heads go, outside the data folder.
    pub(crate) heads: Arc<dyn CheckpointSink>,
    /// What was written last; none before the first time.
    pub(crate) written: Mutex<Option<Checkpointer>>,
}

impl AuditChains {
    /// Writes the heads of the chains out.
    pub(crate) async fn write_heads(&self) -> Result<(), Error> {
        let mut last = self.written.lock().await;
        let checkpointer = match &mut *last {
            Some(checkpointer) => checkpointer,
            None => last.insert(Checkpointer::resume(&*self.records.ledger, &*self.heads).await?),
        };
        let round = checkpointer
            .round(
                &*self.records.ledger,
                &*self.key,
                &*self.heads,
                self.records.now(),
            )
            .await?;
        for chain in round.went_back {
            tracing::error!(
                chain,
                "an audit chain ends before its last head: run `audit verify`"
            );
        }
        Ok(())
    }

    /// Verifies all chains against their key and the heads outside the data folder, and every state against
    /// the chains; what it tells of is one tenant's chain.
    pub(crate) async fn verify_audit(&self, tenant: TenantId) -> Result<VerifiedAudit, Error> {
        let heads = self.heads.read_all().await?;
        let whole = verify_whole(&*self.records.ledger, &*self.key, &heads).await?;
        // What is passed over each time that it is due is told of here.
        self.records.check_due().await?;
        let chain = tenant.to_string();
        let own = || heads.iter().filter(|head| head.head.chain == chain);
        let verified = whole.chains.iter().find(|one| one.chain == chain);
        Ok(VerifiedAudit {
            records: verified.map_or(0, |verified| verified.records),
            entries: verified.map_or(0, |verified| verified.entries),
            unknown: verified.map_or(0, |verified| verified.unknown),
            heads: own().count() as u64,
            newest_head: own().map(|head| head.at).max(),
            states: whole.records,
        })
    }

    /// At most `limit` records of one tenant's chain from after `after_sequence`, oldest first; fewer
    /// only at its end. A record of two entries stands where its outcome does; one without an outcome
    /// stands where its intent does, and its result is unknown (R18).
    pub(crate) async fn audit_page(
        &self,
        tenant: TenantId,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<Audited>, Error> {
        let chain = tenant.to_string();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut records = Vec::new();
        let mut after = after_sequence;
        while records.len() < wanted {
            let rows = self.records.ledger.audit(&chain, after, limit).await?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            let settled = self.settled(&chain, &rows).await?;
            let left = wanted - records.len();
            let shown = rows
                .into_iter()
                .filter(|row| {
                    row.entry.phase != Phase::Intent || !settled.contains(&row.entry.record)
                })
                .take(left);
            for row in shown {
                records.push(Audited::read(row)?);
            }
        }
        Ok(records)
    }

    /// The newest records of one tenant's chain, at most `limit`, oldest first.
    pub(crate) async fn newest_audit(
        &self,
        tenant: TenantId,
        limit: u32,
    ) -> Result<Vec<Audited>, Error> {
        let length = self.audit_length(tenant).await?;
        // Of twice as many entries at most half are intents that have their outcome among them.
        let window = limit.saturating_mul(2);
        let first = length.saturating_sub(u64::from(window));
        let mut records = self.audit_page(tenant, first, window).await?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let before = records.len().saturating_sub(wanted);
        Ok(records.split_off(before))
    }

    /// Which of the intents among `rows` have their outcome, there or later in the chain.
    async fn settled(&self, chain: &str, rows: &[AuditRow]) -> Result<BTreeSet<RecordId>, Error> {
        let of = |rows: &[AuditRow], phase| -> BTreeSet<RecordId> {
            let of_phase = rows.iter().filter(|row| row.entry.phase == phase);
            of_phase.map(|row| row.entry.record).collect()
        };
        let intents = of(rows, Phase::Intent);
        let mut settled: BTreeSet<RecordId> = &intents & &of(rows, Phase::Outcome);
        let mut after = rows.last().map_or(0, |row| row.sequence);
        while settled.len() < intents.len() {
            let later = self.records.ledger.audit(chain, after, LATER).await?;
            let Some(last) = later.last() else { break };
            after = last.sequence;
            settled.extend(&intents & &of(&later, Phase::Outcome));
        }
        Ok(settled)
    }

    /// The sequence of the newest entry of one tenant's chain.
    pub(crate) async fn audit_length(&self, tenant: TenantId) -> Result<u64, Error> {
        let chain = tenant.to_string();
        let heads = self.records.ledger.heads().await?;
        Ok(heads
            .iter()
            .find(|head| head.chain == chain)
            .map_or(0, |head| head.sequence))
    }
}

/// An audit chain in which nothing was removed, changed or reordered; nor was anything in the others, and no
/// state was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedAudit {
    /// How many records there are.
    pub records: u64,
    /// How many entries they consist of.
    pub entries: u64,
    /// How many records have no outcome: what was asked of a remote key when a process was cut off.
    pub unknown: u64,
    /// How many heads outside the data folder it was held against. Without one, a tail that was cut
    /// off would not be seen.
    pub heads: u64,
    /// When the newest of them was written.
    pub newest_head: Option<Timestamp>,
    /// How many states of the whole installation are the ones that its chains name last, removed ones
    /// included.
    pub states: u64,
}

/// One record of an audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited {
    /// The place in the chain, from 1, of its entry; of the last one, if it has two.
    pub sequence: u64,
    /// The id of its record.
    pub id: RecordId,
    /// What it says.
    pub record: AuditRecord,
}

impl Audited {
    fn read(row: AuditRow) -> Result<Self, Error> {
        let AuditRow {
            sequence, entry, ..
        } = row;
        let record = serde_json::from_slice(&entry.body)
            .map_err(|source| Error::DamagedRecord { sequence, source })?;
        Ok(Self {
            sequence,
            id: entry.record,
            record,
        })
    }
}
