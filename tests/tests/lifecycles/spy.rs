//! What the harness sees of the system from below and from outside: every commit that was made, every
//! sealed key that was read, every call to the outside vault. None of it is the system's own account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use strongroom::{AuditRecord, Faults};
use strongroom_base::Timestamp;
use strongroom_crypto::{ResourceKey, SecretBytes, WrapAlgorithm};
use strongroom_ledger::key_file::{KeyFile, KeyFileError};
use strongroom_ledger::{
    AggregateId, AuditRow, Change, ChangeMark, Changed, Claim, ClaimOutcome, Commit, Committed,
    Find, Found, Head, Ledger, LedgerError, Page, Phase, REVISIONS, Revised, Snapshot, Stored,
    Version,
};
use strongroom_vault::software::{MemoryState, SoftwareVault};
use strongroom_vault::{
    Caller, KeyId, KeyProperties, KeyVault, VaultAddress, VaultDirectory, VaultError,
    VaultProperties, Wrapped,
};

/// How often something was asked of a key, and how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) done: u64,
    pub(crate) failed: u64,
}

impl Count {
    pub(crate) fn add(&mut self, done: bool) {
        if done {
            self.done += 1;
        } else {
            self.failed += 1;
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    ledger: Option<Arc<dyn Ledger>>,
    key_files: Vec<Arc<dyn KeyFile>>,
    /// Every state that was written since the template, by its id.
    states: BTreeMap<String, Option<Bytes>>,
    records: Vec<(Phase, AuditRecord)>,
    entries: BTreeMap<String, u64>,
    /// Sealed service-managed keys that are, and that were.
    live: BTreeMap<String, Bytes>,
    erased: Vec<Bytes>,
    secrets: BTreeSet<Vec<u8>>,
    wraps: Count,
    unwraps: Count,
    gets: Count,
}

/// Sees everything, changes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spy {
    seen: Arc<Mutex<Seen>>,
    /// How often a service-managed key and a private half of a vault key was read.
    loads: Arc<[AtomicU64; 2]>,
}

/// What was used of keys, by the account of those who keep them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Real {
    pub(crate) service: u64,
    pub(crate) embedded: u64,
    pub(crate) wraps: Count,
    pub(crate) unwraps: Count,
    pub(crate) gets: Count,
}

impl Spy {
    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The states written so far.
    pub(crate) fn states(&self) -> BTreeMap<String, Option<Bytes>> {
        self.with(|seen| seen.states.clone())
    }

    /// The records since this was last asked.
    pub(crate) fn records(&self) -> Vec<(Phase, AuditRecord)> {
        self.with(|seen| std::mem::take(&mut seen.records))
    }

    /// How many entries each chain got.
    pub(crate) fn entries(&self) -> BTreeMap<String, u64> {
        self.with(|seen| seen.entries.clone())
    }

    /// Sealed service-managed keys that are erased, and whether there are new ones since.
    pub(crate) fn erased(&self) -> Vec<Bytes> {
        self.with(|seen| seen.erased.clone())
    }

    /// Sealed service-managed keys that are there.
    pub(crate) fn live(&self) -> Vec<Bytes> {
        self.with(|seen| seen.live.values().cloned().collect())
    }

    /// Clear resource keys that the outside vault gave out.
    pub(crate) fn secrets(&self) -> Vec<Vec<u8>> {
        self.with(|seen| seen.secrets.iter().cloned().collect())
    }

    pub(crate) fn ledger(&self) -> Option<Arc<dyn Ledger>> {
        self.with(|seen| seen.ledger.clone())
    }

    /// What was used of keys since this was last asked.
    pub(crate) fn real(&self) -> Real {
        let [service, embedded] = &*self.loads;
        let (service, embedded) = (
            service.swap(0, Ordering::SeqCst),
            embedded.swap(0, Ordering::SeqCst),
        );
        self.with(|seen| Real {
            service,
            embedded,
            wraps: std::mem::take(&mut seen.wraps),
            unwraps: std::mem::take(&mut seen.unwraps),
            gets: std::mem::take(&mut seen.gets),
        })
    }
}

impl Faults for Spy {
    fn ledger(&self, real: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
        self.with(|seen| {
            seen.ledger = Some(Arc::clone(&real));
            seen.key_files.clear();
        });
        Arc::new(SpiedLedger {
            real,
            spy: self.clone(),
        })
    }

    /// The file of service-managed keys comes first, then that of vault keys.
    fn key_file(&self, real: Arc<dyn KeyFile>) -> Arc<dyn KeyFile> {
        let which = self.with(|seen| {
            seen.key_files.push(Arc::clone(&real));
            seen.key_files.len() - 1
        });
        Arc::new(SpiedKeyFile {
            real,
            spy: self.clone(),
            which,
        })
    }
}

#[derive(Debug)]
struct SpiedLedger {
    real: Arc<dyn Ledger>,
    spy: Spy,
}

#[async_trait]
impl Ledger for SpiedLedger {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        self.real.load(id).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, LedgerError> {
        self.real.snapshot().await
    }

    async fn commit(&self, commit: Commit, now: Timestamp) -> Result<Committed, LedgerError> {
        let written: Vec<_> = commit
            .writes
            .iter()
            .map(|write| {
                let state = match &write.change {
                    Change::Put { state, .. } => Some(state.clone()),
                    Change::Remove => None,
                };
                (write.id.to_string(), state)
            })
            .collect();
        let entries = commit.audit.clone();
        // The ledger says by itself what became of a state where no record is due.
        let changes = commit.writes.iter().filter(|write| {
            write.expected != Version::ABSENT || matches!(write.change, Change::Put { .. })
        });
        let said_apart = changes.count().saturating_sub(entries.len()) as u64;
        let committed = self.real.commit(commit, now).await?;
        self.spy.with(|seen| {
            seen.states.extend(written);
            if said_apart > 0 {
                *seen.entries.entry(REVISIONS.to_owned()).or_default() += said_apart;
            }
            for entry in entries {
                *seen.entries.entry(entry.chain).or_default() += 1;
                if let Ok(record) = serde_json::from_slice(&entry.body) {
                    seen.records.push((entry.phase, record));
                }
            }
        });
        Ok(committed)
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        self.real.find(query, page).await
    }

    async fn find_sound(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        self.real.find_sound(query, page).await
    }

    async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<ClaimOutcome, LedgerError> {
        self.real.claim(claim, now).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), LedgerError> {
        self.real.release(claim).await
    }

    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        self.real.heads().await
    }

    async fn audit(
        &self,
        chain: &str,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, LedgerError> {
        self.real.audit(chain, after_sequence, limit).await
    }

    async fn revisions(
        &self,
        after: Option<&AggregateId>,
        limit: u32,
    ) -> Result<Vec<Revised>, LedgerError> {
        self.real.revisions(after, limit).await
    }

    async fn changed(&self) -> Result<ChangeMark, LedgerError> {
        self.real.changed().await
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        self.real.newest().await
    }

    async fn changes(&self, after: Version, limit: u32) -> Result<Vec<Changed>, LedgerError> {
        self.real.changes(after, limit).await
    }

    async fn close(&self) -> Result<(), LedgerError> {
        self.real.close().await
    }
}

#[derive(Debug)]
struct SpiedKeyFile {
    real: Arc<dyn KeyFile>,
    spy: Spy,
    which: usize,
}

#[async_trait]
impl KeyFile for SpiedKeyFile {
    async fn put(&self, id: &str, sealed: &[u8]) -> Result<(), KeyFileError> {
        self.real.put(id, sealed).await?;
        if self.which == 0 {
            let sealed = Bytes::copy_from_slice(sealed);
            self.spy
                .with(|seen| seen.live.insert(id.to_owned(), sealed));
        }
        Ok(())
    }

    async fn load(&self, id: &str) -> Result<Option<Bytes>, KeyFileError> {
        if let Some(loads) = self.spy.loads.get(self.which) {
            loads.fetch_add(1, Ordering::SeqCst);
        }
        self.real.load(id).await
    }

    async fn erase(&self, id: &str) -> Result<bool, KeyFileError> {
        let erased = self.real.erase(id).await?;
        if self.which == 0 {
            self.spy.with(|seen| {
                if let Some(sealed) = seen.live.remove(id) {
                    seen.erased.push(sealed);
                }
            });
        }
        Ok(erased)
    }

    async fn ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, KeyFileError> {
        self.real.ids(after, limit).await
    }

    async fn close(&self) -> Result<(), KeyFileError> {
        self.real.close().await
    }
}

/// The outside vault, each of its answers counted.
#[derive(Debug)]
pub(crate) struct SpiedVault {
    pub(crate) real: SoftwareVault<Arc<MemoryState>>,
    pub(crate) spy: Spy,
}

#[async_trait]
impl KeyVault for SpiedVault {
    async fn key(&self, caller: &Caller, key: &KeyId) -> Result<KeyProperties, VaultError> {
        let answer = self.real.key(caller, key).await;
        self.spy.with(|seen| seen.gets.add(answer.is_ok()));
        answer
    }

    async fn wrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        resource_key: &ResourceKey,
    ) -> Result<Wrapped, VaultError> {
        let answer = self.real.wrap(caller, key, algorithm, resource_key).await;
        self.spy.with(|seen| seen.wraps.add(answer.is_ok()));
        answer
    }

    async fn unwrap(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        let answer = self.real.unwrap(caller, key, algorithm, wrapped).await;
        self.spy.with(|seen| {
            seen.unwraps.add(answer.is_ok());
            if let Ok(secret) = &answer {
                seen.secrets.insert(secret.expose().to_vec());
            }
        });
        answer
    }

    async fn encrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Wrapped, VaultError> {
        self.real.encrypt(caller, key, algorithm, plaintext).await
    }

    async fn decrypt(
        &self,
        caller: &Caller,
        key: &KeyId,
        algorithm: WrapAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, VaultError> {
        self.real.decrypt(caller, key, algorithm, ciphertext).await
    }
}

#[async_trait]
impl VaultDirectory for SpiedVault {
    async fn vault(
        &self,
        caller: &Caller,
        vault: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        self.real.vault(caller, vault).await
    }
}
