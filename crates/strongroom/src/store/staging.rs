//! Places that no listing shows, for what is written before it goes where it is to be.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore as _, ObjectStoreExt as _, Result};
use strongroom_base::{Outcome as _, OutcomeKind, ResourceUid, Timestamp};

use super::EncryptedStore;
use super::error::at;
use crate::Error;

/// How long a write to a staging place may take before it counts as abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

impl EncryptedStore {
    /// A new staging place, for what is to go to `to`; its random name is nobody else's. The first one of a
    /// store removes what others have left behind: an open store that stages nothing lists nothing.
    pub(super) async fn staged(&self, to: &Path) -> Result<Path> {
        if !self.swept.swap(true, Ordering::Relaxed)
            && let Err(error) = self.sweep_staging().await
        {
            tracing::warn!(%error, "abandoned writes could not be removed");
        }
        let mut name = [0; 16];
        let drawn = self.random.fill(&mut name);
        drawn.map_err(|error| at(Error::from(error), to))?;
        Ok(self
            .place
            .staged(&ResourceUid::from_bytes(name).to_string()))
    }

    async fn sweep_staging(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut staged = self.inner.list(Some(self.place.staging()));
        while let Some(entry) = staged.next().await {
            let entry = match entry.map_err(Error::from) {
                Ok(entry) => entry,
                // Nothing of ours.
                Err(error) if error.kind() == OutcomeKind::Damaged => continue,
                Err(error) => return Err(error),
            };
            let millis = u64::try_from(entry.last_modified.timestamp_millis()).unwrap_or(0);
            if now.saturating_since(Timestamp::from_unix_millis(millis)) < ABANDONED_AFTER {
                continue;
            }
            match self.inner.delete(&entry.location).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
