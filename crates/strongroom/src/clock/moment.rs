//! A moment on the two clocks by which what was proved runs out.

use std::time::Duration;

use strongroom_base::{Clock, Timestamp};

/// A moment, by the clock that never stops and by the one on the wall.
///
/// The first goes on while the machine is suspended; the second is what others mean by a time. Whoever
/// trusts one alone can be made to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) boot: Duration,
    /// As of its last tick: how exactly a lease runs out is the other clock's to say.
    pub(crate) wall: Timestamp,
}

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self {
            boot: clock.since_boot(),
            wall: clock.last_tick(),
        }
    }

    /// How long ago `earlier` was, by whichever clock says more; none if either has gone back, which
    /// proves nothing.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        let by_boot = self.boot.checked_sub(earlier.boot)?;
        if self.wall < earlier.wall {
            return None;
        }
        Some(by_boot.max(self.wall.saturating_since(earlier.wall)))
    }
}
