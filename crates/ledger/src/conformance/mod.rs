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
mod subject;
mod tamper;

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
pub use self::subject::{Factory, Subject};
pub use self::tamper::Tamper;

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
