//! Where a lease's keys come from.

use async_trait::async_trait;
use strongroom_base::{CorrelationId, ResourceUid};
use strongroom_crypto::object::GenerationKeys;
use strongroom_ledger::runtime::OwnRuntime;

use super::findings::Watching;
use crate::Error;
use crate::clock::Moment;

/// Whoever proves that a resource's keys may be used, and hands them out.
#[async_trait]
pub(crate) trait KeySource: Send + Sync {
    /// Where an attempt goes on that several wait for, whoever of them goes away.
    fn runtime(&self) -> &OwnRuntime;

    /// Proves the keys of a resource by a real unwrap; its records carry `correlation`. `refused` is called
    /// as soon as somebody says no.
    ///
    /// # Errors
    /// [`Error::OutOfReach`] if whoever has a say in it says no.
    async fn prove(
        &self,
        uid: ResourceUid,
        correlation: CorrelationId,
        refused: &(dyn Fn() + Send + Sync),
    ) -> Result<Watched<Proof>, Watched<Error>>;
}

/// Keys that were just unwrapped.
pub(crate) struct Proof {
    pub(crate) keys: GenerationKeys,
    /// When the unwrap was asked for: a proof counts from there, not from when it was answered.
    pub(crate) sent: Moment,
    /// Whether a customer's key wraps them.
    pub(crate) customer_managed: bool,
}

/// What came of an attempt. What it rests on is watched for as long as somebody has it.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    pub(crate) what: T,
    pub(crate) watching: Option<Watching>,
}

impl From<Error> for Watched<Error> {
    fn from(what: Error) -> Self {
        Self {
            what,
            watching: None,
        }
    }
}
