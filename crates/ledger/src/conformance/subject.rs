//! A ledger under test, and what is put into it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_base::{RecordId, Timestamp};

use crate::{AggregateId, AuditEntry, ChainKey, Ledger, Phase, Version};

/// Makes ledgers to check.
#[async_trait]
pub trait Factory: Send + Sync {
    /// A new, empty ledger.
    async fn fresh(&self) -> Box<dyn Subject>;
}

/// A ledger under test, and the ways behind its back.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The ledger.
    fn ledger(&self) -> Arc<dyn Ledger>;

    /// The key of its chains.
    fn chain_key(&self) -> Arc<dyn ChainKey>;

    /// Carries out statements on the database itself, as somebody would who can write it but does
    /// not have the key. Foreign keys and checks may be off.
    async fn execute(&self, statements: &[String]);
}

pub(super) const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

pub(super) fn id(id: &str) -> AggregateId {
    AggregateId::new("thing", id).expect("a name for a test")
}

pub(super) fn record(number: u64) -> RecordId {
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .rev()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    RecordId::from_bytes(bytes)
}

pub(super) fn entry(chain: &str, number: u64, phase: Phase) -> AuditEntry {
    let body = Bytes::from(format!("{phase:?} of {number}"));
    AuditEntry {
        chain: chain.to_owned(),
        record: record(number),
        phase,
        at: NOW,
        body,
    }
}

pub(super) async fn version_of(ledger: &dyn Ledger, id: &AggregateId) -> Version {
    let stored = ledger.load(id).await.expect("a record is loaded");
    stored.map_or(Version::ABSENT, |stored| stored.version)
}
