//! Signals that tell the program to end.
//!
//! What runs is given up, which removes whatever it has begun, and the installation is closed. A second signal
//! ends the program at once, and so does the first if nobody minds it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// How long something may go on that cannot be given up at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What is there to be told.
pub(crate) struct Ending {
    /// The signal that came last.
    told: watch::Receiver<i32>,
    minded: Arc<AtomicBool>,
}

impl Ending {
    /// Listens for the signals that a terminal, a shell and a service manager send. One that whoever started
    /// the program has it ignore, as `nohup` does, is left ignored.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tell, told) = watch::channel(0);
        let (tell, minded) = (Arc::new(tell), Arc::new(AtomicBool::new(false)));
        let ignored = ignored();
        for kind in [
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::terminate(),
        ] {
            let number = kind.as_raw_value();
            if ignored & (1 << (number - 1)) == 0 {
                let (tell, minded) = (Arc::clone(&tell), Arc::clone(&minded));
                tokio::spawn(wait(signal(kind)?, number, tell, minded));
            }
        }
        Ok(Self { told, minded })
    }

    /// Does something, unless the program is told to end before it is done.
    ///
    /// # Errors
    /// Those of what is done, or [`Failure::Signal`].
    pub(crate) async fn unless_told<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Self { told, minded } = self;
        let told = async {
            match told.changed().await {
                Ok(()) => *told.borrow_and_update(),
                // Nobody listens.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            done = work => done,
            number = told => {
                minded.store(true, Ordering::Release);
                Err(Failure::Signal(number))
            }
        }
    }
}

async fn wait(
    mut signal: Signal,
    number: i32,
    tell: Arc<watch::Sender<i32>>,
    minded: Arc<AtomicBool>,
) {
    if signal.recv().await.is_none() {
        return;
    }
    tell.send_replace(number);
    tokio::select! {
        () = tokio::time::sleep(PATIENCE) => {
            if minded.load(Ordering::Acquire) {
                signal.recv().await;
            }
        }
        _ = signal.recv() => {}
    }
    std::process::exit(exit_code(number).into());
}

/// What a shell takes for the end by a signal.
pub(crate) fn exit_code(number: i32) -> u8 {
    u8::try_from(128 + number).unwrap_or(u8::MAX)
}

/// The signals that are ignored, a bit each.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
