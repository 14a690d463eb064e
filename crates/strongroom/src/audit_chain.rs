//! The audit chains: their key, what they hold, their heads' way out of the data folder, and their verification.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use strongroom_base::{RecordId, TenantId, Timestamp};
use strongroom_crypto::{CryptoError, HmacKey, RootKeys};
use strongroom_ledger::audit::verify_whole;
use strongroom_ledger::checkpoint::{CheckpointSink, Checkpointer};
use strongroom_ledger::{AuditRow, ChainKey, Phase};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;

use crate::Error;
use crate::audit::AuditRecord;
use crate::core::Core;

/// How often the heads are written out (R18).
const HEADS_EVERY: Duration = Duration::from_mins(1);

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

/// Writes the audit heads out once a minute, while an installation is open.
#[derive(Debug)]
pub(crate) struct HeadWriter {
    task: JoinHandle<()>,
    stop: Arc<Notify>,
}

impl HeadWriter {
    pub(crate) fn start(chains: &Arc<AuditChains>) -> Self {
        let stop = Arc::new(Notify::new());
        let writing = write_heads(Arc::downgrade(chains), Arc::clone(&stop), HEADS_EVERY);
        Self {
            task: chains.records.runtime.spawn(writing),
            stop,
        }
    }

    /// Stops once a round under way is done, and writes the heads out a last time.
    pub(crate) async fn stop(self, chains: &AuditChains) -> Result<(), Error> {
        self.stop.notify_one();
        // A round that failed has said so.
        let _ = chains.records.runtime.wait(self.task).await;
        chains.write_heads().await
    }
}

async fn write_heads(chains: Weak<AuditChains>, stop: Arc<Notify>, every: Duration) {
    loop {
        tokio::select! {
            () = stop.notified() => return,
            () = tokio::time::sleep(every) => {}
        }
        let Some(chains) = chains.upgrade() else {
            return;
        };
        // It must not end with the first round that fails as none ever should.
        match AssertUnwindSafe(chains.write_heads()).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the audit heads could not be written"),
            Err(_) => tracing::error!("the audit heads were not written: it is tried again"),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use strongroom_base::Clock;

    use super::*;
    use crate::fresh::Fresh;
    use crate::{Options, ResourceChange};

    const IN_TIME: Duration = Duration::from_secs(20);

    /// A clock that breaks down for a while.
    #[derive(Debug, Default)]
    struct Broken {
        left: AtomicU64,
        ended: Notify,
    }

    impl Clock for Broken {
        fn now(&self) -> Timestamp {
            let left = |left: u64| left.checked_sub(1);
            let broken = self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left);
            if broken == Ok(1) {
                self.ended.notify_one();
            }
            assert!(broken.is_err(), "the clock is broken");
            Timestamp::from_unix_millis(1_800_000_000_000)
        }
    }

    #[tokio::test]
    async fn r18_heads_are_written_on_after_a_round_that_panicked() {
        let clock = Arc::new(Broken::default());
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock.clone());
        let fresh = Fresh::with(options).await;
        let chains = fresh.room.chains();
        let stop = Arc::new(Notify::new());
        let rounds = tokio::spawn(write_heads(
            Arc::downgrade(chains),
            Arc::clone(&stop),
            Duration::from_millis(5),
        ));
        // The watch over what others change reads this clock as well, and less often.
        clock.left.store(20, Ordering::SeqCst);
        let ended = tokio::time::timeout(IN_TIME, clock.ended.notified()).await;
        ended.expect("further rounds");
        fresh
            .resource
            .change(ResourceChange::EnableIdentity)
            .await
            .unwrap();

        let newest = chains.records.ledger.heads().await.unwrap();
        let is_written = async || {
            let written = chains.heads.read_all().await.unwrap();
            newest
                .iter()
                .all(|head| written.iter().any(|line| line.head == *head))
        };
        let written = async {
            while !is_written().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let written = tokio::time::timeout(IN_TIME, written).await;
        written.expect("the heads are written");
        stop.notify_one();
        rounds.await.unwrap();
        fresh.room.close().await.unwrap();
    }
}
