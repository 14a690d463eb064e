//! Files into a store and out of it.

mod between;
mod into;
mod out_of;

pub(crate) use self::between::{Blocks, store_blocks};
pub(crate) use self::into::{store_all, store_stdin};
pub(crate) use self::out_of::{Target, restore_all};

/// How many files are on their way at once.
pub(crate) const AT_ONCE: usize = 8;

/// What was moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Moved {
    pub(crate) fn and_one(self, bytes: u64) -> Self {
        Self {
            files: self.files + 1,
            bytes: self.bytes + bytes,
        }
    }
}
