//! A fault at the k-th step towards what is durable: it fails, or everything from it on does, or the
//! process ends there, or stands still before it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use strongroom::Faults;
use strongroom_base::Timestamp;
use strongroom_ledger::key_file::{KeyFile, KeyFileError};
use strongroom_ledger::{
    AggregateId, AuditRow, ChangeMark, Changed, Claim, ClaimOutcome, Commit, Committed, Find,
    Found, Head, Ledger, LedgerError, Page, Revised, Snapshot, Stored, Version,
};
use tokio::sync::Semaphore;

/// What becomes of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not done, and says so. Everything else works.
    Fails,
    /// It is done, and nobody hears of it. Everything else works.
    InDoubt,
    /// It is not done, and nothing is from then on: as if the process had been killed before it.
    DiesBefore,
    /// It is done, and nothing is from then on: as if the process had been killed after it.
    DiesAfter,
    /// The process ends before it.
    AbortsBefore,
    /// The process ends after it.
    AbortsAfter,
    /// It is done once it is let go: the process stands still before it, and others go on.
    Waits,
}

impl Fate {
    /// Those that a process outlives.
    pub const SURVIVED: [Self; 4] = [
        Self::Fails,
        Self::InDoubt,
        Self::DiesBefore,
        Self::DiesAfter,
    ];

    const fn before(self) -> bool {
        matches!(self, Self::Fails | Self::DiesBefore | Self::AbortsBefore)
    }
}

/// A fault at one step of many. A step is a commit, a claim, a release, or the writing or erasing of a
/// key.
#[derive(Clone, Debug)]
pub struct FaultPlan(Arc<Plan>);

#[derive(Debug)]
struct Plan {
    step: AtomicU64,
    at: AtomicU64,
    fate: Fate,
    dead: AtomicBool,
    arrived: Semaphore,
    let_go: Semaphore,
    watch_breaks: AtomicBool,
    read: Mutex<Vec<AggregateId>>,
}

impl FaultPlan {
    /// No step fails before [`arm`](Self::arm).
    #[must_use]
    pub fn new(fate: Fate) -> Self {
        Self(Arc::new(Plan {
            step: AtomicU64::new(0),
            at: AtomicU64::new(u64::MAX),
            fate,
            dead: AtomicBool::new(false),
            arrived: Semaphore::new(0),
            let_go: Semaphore::new(0),
            watch_breaks: AtomicBool::new(false),
            read: Mutex::default(),
        }))
    }

    /// Ends when a step that [waits](Fate::Waits) has come.
    pub async fn arrival(&self) {
        if let Ok(arrived) = self.0.arrived.acquire().await {
            arrived.forget();
        }
    }

    /// Lets it go.
    pub fn let_go(&self) {
        self.0.let_go.add_permits(1);
    }

    /// The next look for changes panics.
    pub fn break_the_watch(&self) {
        self.0.watch_breaks.store(true, Ordering::SeqCst);
    }

    /// Whether one will.
    #[must_use]
    pub fn watch_will_break(&self) -> bool {
        self.0.watch_breaks.load(Ordering::SeqCst)
    }

    /// The `at`-th step from now on, counted from 1, is the one.
    pub fn arm(&self, at: u64) {
        self.read().clear();
        self.0.step.store(0, Ordering::SeqCst);
        self.0.at.store(at, Ordering::SeqCst);
    }

    /// How many steps there were since it was armed.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.0.step.load(Ordering::SeqCst)
    }

    /// The records that were read since it was armed, in their order, as often as they were.
    #[must_use]
    pub fn reads(&self) -> Vec<AggregateId> {
        self.read().clone()
    }

    fn read(&self) -> MutexGuard<'_, Vec<AggregateId>> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the step has come.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.steps() >= self.0.at.load(Ordering::SeqCst)
    }

    fn alive(&self) -> Result<(), LedgerError> {
        if self.0.dead.load(Ordering::SeqCst) {
            Err(LedgerError::Closed)
        } else {
            Ok(())
        }
    }

    /// Does a step as the plan has it.
    async fn step<T, E: From<LedgerError>>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.alive()?;
        let Plan {
            step,
            at,
            fate,
            dead,
            arrived,
            let_go,
            watch_breaks: _,
            read: _,
        } = &*self.0;
        if step.fetch_add(1, Ordering::SeqCst) + 1 != at.load(Ordering::SeqCst) {
            return work.await;
        }
        if *fate == Fate::Waits {
            arrived.add_permits(1);
            if let Ok(gone) = let_go.acquire().await {
                gone.forget();
            }
            return work.await;
        }
        if !fate.before() {
            work.await?;
        }
        match fate {
            Fate::Fails | Fate::Waits => {}
            Fate::InDoubt => return Err(LedgerError::InDoubt { cause: None }.into()),
            Fate::DiesBefore | Fate::DiesAfter => dead.store(true, Ordering::SeqCst),
            Fate::AbortsBefore | Fate::AbortsAfter => std::process::abort(),
        }
        Err(LedgerError::Closed.into())
    }
}

impl Faults for FaultPlan {
    fn ledger(&self, real: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
        let plan = self.clone();
        Arc::new(FaultyLedger { real, plan })
    }

    fn key_file(&self, real: Arc<dyn KeyFile>) -> Arc<dyn KeyFile> {
        let plan = self.clone();
        Arc::new(FaultyKeyFile { real, plan })
    }
}

#[derive(Debug)]
struct FaultyLedger {
    real: Arc<dyn Ledger>,
    plan: FaultPlan,
}

#[async_trait]
impl Ledger for FaultyLedger {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        self.plan.alive()?;
        self.plan.read().push(id.clone());
        self.real.load(id).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, LedgerError> {
        self.plan.alive()?;
        Ok(Box::new(FaultySnapshot {
            real: self.real.snapshot().await?,
            plan: self.plan.clone(),
        }))
    }

    async fn commit(&self, commit: Commit, now: Timestamp) -> Result<Committed, LedgerError> {
        self.plan.step(self.real.commit(commit, now)).await
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        self.plan.alive()?;
        self.real.find(query, page).await
    }

    async fn find_sound(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        self.plan.alive()?;
        self.real.find_sound(query, page).await
    }

    async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<ClaimOutcome, LedgerError> {
        self.plan.step(self.real.claim(claim, now)).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), LedgerError> {
        self.plan.step(self.real.release(claim)).await
    }

    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        self.plan.alive()?;
        self.real.heads().await
    }

    async fn audit(
        &self,
        chain: &str,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, LedgerError> {
        self.plan.alive()?;
        self.real.audit(chain, after_sequence, limit).await
    }

    async fn revisions(
        &self,
        after: Option<&AggregateId>,
        limit: u32,
    ) -> Result<Vec<Revised>, LedgerError> {
        self.plan.alive()?;
        self.real.revisions(after, limit).await
    }

    async fn changed(&self) -> Result<ChangeMark, LedgerError> {
        self.plan.alive()?;
        let breaks = &self.plan.0.watch_breaks;
        assert!(!breaks.swap(false, Ordering::SeqCst), "the watch breaks");
        self.real.changed().await
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        self.plan.alive()?;
        self.real.newest().await
    }

    async fn changes(&self, after: Version, limit: u32) -> Result<Vec<Changed>, LedgerError> {
        self.plan.alive()?;
        self.real.changes(after, limit).await
    }

    async fn close(&self) -> Result<(), LedgerError> {
        self.real.close().await
    }
}

#[derive(Debug)]
struct FaultySnapshot {
    real: Box<dyn Snapshot>,
    plan: FaultPlan,
}

#[async_trait]
impl Snapshot for FaultySnapshot {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        self.plan.alive()?;
        self.plan.read().push(id.clone());
        self.real.load(id).await
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        self.plan.alive()?;
        self.real.find(query, page).await
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        self.plan.alive()?;
        self.real.newest().await
    }
}

#[derive(Debug)]
struct FaultyKeyFile {
    real: Arc<dyn KeyFile>,
    plan: FaultPlan,
}

#[async_trait]
impl KeyFile for FaultyKeyFile {
    async fn put(&self, id: &str, sealed: &[u8]) -> Result<(), KeyFileError> {
        self.plan.step(self.real.put(id, sealed)).await
    }

    async fn load(&self, id: &str) -> Result<Option<Bytes>, KeyFileError> {
        self.plan.alive()?;
        self.real.load(id).await
    }

    async fn erase(&self, id: &str) -> Result<bool, KeyFileError> {
        self.plan.step(self.real.erase(id)).await
    }

    async fn ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, KeyFileError> {
        self.plan.alive()?;
        self.real.ids(after, limit).await
    }

    async fn close(&self) -> Result<(), KeyFileError> {
        self.real.close().await
    }
}
