//! What every ledger must do, as checks that any implementation can run.
//!
//! Implement [`Factory`] for the ledger under test and call [`all`], or the checks one by one. A
//! check panics where the ledger does otherwise; run each on its own test to see them all.
#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    clippy::panic,
    reason = "checks say what is wrong by panicking, as tests do"
)]

mod chains;
mod claims;
mod edit;
mod index;
mod records;
mod revisions;
mod snapshots;
mod tamper;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_base::{RecordId, Timestamp};

pub use self::chains::{audit_is_atomic, chains_grow, tampering_is_found};
pub use self::claims::claims;
pub use self::edit::{Behind, edit};
pub use self::index::{index_rows, paging};
pub use self::records::{
    bad_input, changes_are_marked, changes_are_told, closing, concurrency, guards, lapsed, several,
    versions,
};
pub use self::revisions::{putting_back_is_found, revisions_count};
pub use self::snapshots::{a_snapshot_ends_with_its_ledger, snapshots, snapshots_are_given_back};
pub use self::tamper::Tamper;
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

/// Every check, each on a fresh ledger.
pub async fn all(factory: &dyn Factory) {
    versions(&*factory.fresh().await.ledger()).await;
    guards(&*factory.fresh().await.ledger()).await;
    several(&*factory.fresh().await.ledger()).await;
    lapsed(&*factory.fresh().await.ledger()).await;
    bad_input(&*factory.fresh().await.ledger()).await;
    concurrency(factory.fresh().await.ledger()).await;
    changes_are_marked(&*factory.fresh().await.ledger()).await;
    changes_are_told(&*factory.fresh().await.ledger()).await;
    snapshots(&*factory.fresh().await.ledger()).await;
    snapshots_are_given_back(factory.fresh().await.ledger()).await;
    a_snapshot_ends_with_its_ledger(&*factory.fresh().await.ledger()).await;
    index_rows(&*factory.fresh().await.ledger()).await;
    paging(&*factory.fresh().await.ledger()).await;
    claims(&*factory.fresh().await.ledger()).await;
    chains_grow(&*factory.fresh().await).await;
    audit_is_atomic(&*factory.fresh().await).await;
    tampering_is_found(factory).await;
    revisions_count(&*factory.fresh().await).await;
    putting_back_is_found(factory).await;
    closing(&*factory.fresh().await.ledger()).await;
}

const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

fn id(id: &str) -> AggregateId {
    AggregateId::new("thing", id).expect("a name for a test")
}

fn record(number: u64) -> RecordId {
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .rev()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    RecordId::from_bytes(bytes)
}

fn entry(chain: &str, number: u64, phase: Phase) -> AuditEntry {
    let body = Bytes::from(format!("{phase:?} of {number}"));
    AuditEntry {
        chain: chain.to_owned(),
        record: record(number),
        phase,
        at: NOW,
        body,
    }
}

async fn version_of(ledger: &dyn Ledger, id: &AggregateId) -> Version {
    let stored = ledger.load(id).await.expect("a record is loaded");
    stored.map_or(Version::ABSENT, |stored| stored.version)
}
