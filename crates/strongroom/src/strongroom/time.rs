//! What an installation takes for the time.

use std::time::Duration;

use strongroom_base::Timestamp;

use super::Strongroom;
use crate::Error;
use crate::error::InstallationError;

impl Strongroom {
    /// What it is now, for this installation.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.control().records.now()
    }

    /// Sets the clock of an installation forward that was made with
    /// [`InitOptions::dev`](crate::InitOptions), for good: retentions end and keys expire as if so much
    /// time had gone by. Other processes that have it open go on as they are. Returns the new time.
    ///
    /// # Errors
    /// [`Error::NotForTrying`] on any other installation, [`Error::Installation`] if it cannot be kept.
    pub fn advance_clock(&self, by: Duration) -> Result<Timestamp, Error> {
        let Some(clock) = &self.ahead else {
            let what = "setting the clock forward";
            return Err(Error::NotForTrying { what });
        };
        let path = self.view.data.join("clock.json");
        clock
            .advance(by)
            .map_err(InstallationError::io("writing", path))?;
        Ok(self.now())
    }
}
