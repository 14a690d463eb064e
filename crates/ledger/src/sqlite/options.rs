//! How a file is opened.

use core::time::Duration;

use bytes::Bytes;
use strongroom_base::Timestamp;

use super::fault::Fault;
use crate::runtime::OwnRuntime;
use crate::{AggregateId, LedgerError};

/// How to open a ledger or a key file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(super) create: bool,
    pub(super) readers: u32,
    pub(super) busy_timeout: Duration,
    pub(super) upgrade: Option<Upgrade>,
    runtime: Option<OwnRuntime>,
}

/// What is said, and added, when a file of the form before records had revisions is moved to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Upgrade {
    /// When it is done.
    pub at: Timestamp,
    /// Records that are put in the same step.
    pub records: Vec<(AggregateId, Bytes)>,
}

impl SqliteOptions {
    /// The file must exist; four readers; 30 s for others to let go of the write lock; a thread of its own.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            create: false,
            readers: 4,
            busy_timeout: Duration::from_secs(30),
            upgrade: None,
            runtime: None,
        }
    }

    /// Whether to create the file (readable by its owner alone) if there is none.
    #[must_use]
    pub const fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Whether, and how, to move a ledger of the form before records had revisions to this one. By default
    /// such a file is [`Damage::OldForm`](crate::Damage::OldForm): who cannot tell an old file from one that somebody has put back
    /// must not ask for it.
    #[must_use]
    pub fn upgrade(mut self, upgrade: Option<Upgrade>) -> Self {
        self.upgrade = upgrade;
        self
    }

    /// How many reads may run at once; at least one.
    #[must_use]
    pub const fn readers(mut self, readers: u32) -> Self {
        self.readers = if readers == 0 { 1 } else { readers };
        self
    }

    /// How long to wait while others hold the write lock.
    #[must_use]
    pub const fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// On which runtime to work, for files that share one.
    #[must_use]
    pub fn on(mut self, runtime: &OwnRuntime) -> Self {
        self.runtime = Some(runtime.clone());
        self
    }

    pub(crate) fn runtime(&self) -> Result<OwnRuntime, LedgerError> {
        match &self.runtime {
            Some(runtime) => Ok(runtime.clone()),
            None => Ok(OwnRuntime::start("strongroom-db", 1).map_err(Fault::from)?),
        }
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self::new()
    }
}
