//! Looks for what other processes change: whatever changes of what a lease rests on voids it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use strongroom_ledger::Version;

use super::leases::Leases;
use crate::Error;
use crate::core::{Core, Observer as _};

/// How often another process's changes are looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_millis(100);

/// How often keys are looked for that may not be used any more.
const SWEPT_EVERY: u32 = 10;

/// How many changes are read at once.
const PAGE: u32 = 1_000;

/// Looks for what other processes change, in the background, and never on the data path.
#[derive(Debug)]
pub(crate) struct Watch(tokio::task::JoinHandle<()>);

impl Watch {
    /// Whatever is changed from now on is seen.
    pub(crate) async fn start(records: &Arc<Core>, leases: &Arc<Leases>) -> Result<Self, Error> {
        let seen = records.ledger.newest().await?;
        let watched = Open {
            records: Arc::downgrade(records),
            leases: Arc::downgrade(leases),
        };
        Ok(Self(records.runtime.spawn(keep_looking(watched, seen))))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is watched for as long as the installation is open: watching keeps nothing open.
struct Open {
    records: Weak<Core>,
    leases: Weak<Leases>,
}

impl Open {
    fn upgrade(&self) -> Option<(Arc<Core>, Arc<Leases>)> {
        Some((self.records.upgrade()?, self.leases.upgrade()?))
    }
}

/// Looks on, also where looking has failed as it never should.
async fn keep_looking(watched: Open, mut seen: Version) {
    loop {
        let looking = AssertUnwindSafe(look(&watched, &mut seen)).catch_unwind();
        if looking.await.is_ok() {
            return;
        }
        let Some((records, leases)) = watched.upgrade() else {
            return;
        };
        tracing::error!(
            "the watch over what other processes change failed, and begins anew: leases end"
        );
        leases.drop_all(records.moment());
    }
}

async fn look(watched: &Open, seen: &mut Version) {
    let mut mark = None;
    let mut round: u32 = 0;
    loop {
        tokio::time::sleep(LOOKED_FOR_EVERY).await;
        let Some((records, leases)) = watched.upgrade() else {
            return;
        };
        let looked = if leases.are_watched() {
            look_for_changes(&records, &leases, &mut mark, seen).await
        } else {
            Ok(())
        };
        match looked {
            Ok(()) => {}
            Err(Error::Ledger(strongroom_ledger::LedgerError::Closed)) => return,
            Err(error) => {
                tracing::warn!(%error, "what other processes change cannot be seen: leases end");
                mark = None;
                leases.drop_all(records.moment());
            }
        }
        round = round.wrapping_add(1);
        if round.is_multiple_of(SWEPT_EVERY) {
            leases.sweep(records.moment());
        }
    }
}

pub(super) async fn look_for_changes(
    records: &Core,
    leases: &Leases,
    mark: &mut Option<strongroom_ledger::ChangeMark>,
    seen: &mut Version,
) -> Result<(), Error> {
    let found = records.ledger.changed().await?;
    if *mark == Some(found) {
        return Ok(());
    }
    loop {
        let changes = records.ledger.changes(*seen, PAGE).await?;
        let Some(last) = changes.last() else { break };
        *seen = last.at;
        for change in &changes {
            let now = records.moment();
            leases.changed(&change.id, Some(change.version), now);
        }
    }
    // Only once all of it is taken in.
    *mark = Some(found);
    Ok(())
}
