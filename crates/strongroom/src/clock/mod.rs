//! The machine's own clock, one that can be set forward for trying things, and moments.

mod moment;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use strongroom_base::{Clock, Timestamp};

pub(crate) use self::moment::Moment;
use crate::files::write_anew;

/// The wall clock of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one clock that the others stand for"
    )]
    fn now(&self) -> Timestamp {
        // A clock that stands before 1970 reads as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        since_epoch(since)
    }

    /// A quarter of the time that [`now`](Self::now) takes.
    fn last_tick(&self) -> Timestamp {
        let since = Duration::try_from(clock_gettime(ClockId::RealtimeCoarse)).unwrap_or_default();
        since_epoch(since)
    }

    /// Not `Instant`, which stops while the machine is suspended.
    fn since_boot(&self) -> Duration {
        Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
    }
}

fn since_epoch(since: Duration) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What an installation that was made for trying things takes for the time: another clock, and how far it
/// was set forward. It never goes back.
#[derive(Debug)]
pub(crate) struct ForwardClock {
    inner: Arc<dyn Clock>,
    ahead: AtomicU64,
    path: PathBuf,
}

/// `clock.json`.
#[derive(Default, Serialize, Deserialize)]
struct Ahead {
    /// Milliseconds.
    ahead: u64,
}

impl ForwardClock {
    /// The clock of the installation whose data lie beside `path`.
    pub(crate) fn open(inner: Arc<dyn Clock>, path: PathBuf) -> io::Result<Self> {
        let Ahead { ahead } = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ahead::default(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            inner,
            ahead: AtomicU64::new(ahead),
            path,
        })
    }

    /// Sets it forward, durably. Other processes that have the installation open go on as they are.
    pub(crate) fn advance(&self, by: Duration) -> io::Result<()> {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let ahead = self.ahead.load(Ordering::SeqCst).saturating_add(by);
        let text = serde_json::to_vec(&Ahead { ahead }).map_err(io::Error::other)?;
        write_durably(&self.path, &text)?;
        self.ahead.store(ahead, Ordering::SeqCst);
        Ok(())
    }
}

impl ForwardClock {
    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead.load(Ordering::SeqCst))
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> Timestamp {
        self.inner.now().saturating_add(self.ahead())
    }

    fn last_tick(&self) -> Timestamp {
        self.inner.last_tick().saturating_add(self.ahead())
    }

    fn since_boot(&self) -> Duration {
        self.inner.since_boot().saturating_add(self.ahead())
    }
}

fn write_durably(path: &Path, text: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("json.new");
    write_anew(&draft, text)?;
    fs::rename(&draft, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_forward_stays_so_and_adds_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock.json");
        let noon = Timestamp::from_unix_millis(1_000);
        let open = || ForwardClock::open(Arc::new(noon), path.clone()).unwrap();
        assert_eq!(open().now(), noon);
        open().advance(Duration::from_hours(48)).unwrap();
        open().advance(Duration::from_secs(1)).unwrap();
        let later = noon.saturating_add(Duration::from_secs(48 * 3_600 + 1));
        assert_eq!(open().now(), later);
        assert_eq!(open().last_tick(), later);
        fs::write(&path, "soon").unwrap();
        assert!(ForwardClock::open(Arc::new(noon), path).is_err());
    }
}
