//! Files into a store and out of it.

mod folder;
mod out_of;
mod source;
mod unfinished;
mod upload;

pub(crate) use self::folder::store_all;
pub(crate) use self::out_of::{Restoring, Target};
pub(crate) use self::source::{Source, Stamp};
pub(crate) use self::unfinished::is_unfinished;
pub(crate) use self::upload::{Onto, store};

use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, bytes};

/// How many files are on their way at once.
pub(crate) const AT_ONCE: usize = 8;

/// How often a file is read anew that changed while it was read.
const READS: usize = 3;

/// What was moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Moved {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    /// Says what was moved, and how many could not be; nothing where that is all there is to say.
    pub(crate) fn answer(self, done: &str, failed: usize, output: &Output) -> Result<(), Failure> {
        let Self { files, bytes: size } = self;
        match failed {
            0 => output.answer(&json!({ "files": files, "bytes": size }), || {
                format!("{files} {done}, {}", bytes(size))
            }),
            _ if files == 0 => Ok(()),
            failed => {
                let value = json!({ "files": files, "bytes": size, "failed": failed });
                output.answer(&value, || {
                    format!("{files} {done}, {}; {failed} not", bytes(size))
                })
            }
        }
    }
}

/// Does it again, a few times, if what it read changed meanwhile.
pub(crate) async fn again_if_changed<T>(
    mut once: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut left = READS;
    loop {
        left -= 1;
        match once().await {
            Err(Failure::ChangedWhileRead(_)) if left > 0 => {}
            done => return done,
        }
    }
}
