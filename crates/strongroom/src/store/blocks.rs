//! Buffers of one block, used again.
//!
//! Memory that is new to the process is slow to touch for the first time: a fresh mebibyte costs more
//! than it costs to seal or open what goes into it. So an installation keeps a few blocks that were given
//! back and lends them out again, to whichever stream comes next.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use crossbeam_queue::ArrayQueue;
use strongroom_crypto::object::{PROLOGUE_LEN, SEALED_CHUNK_LEN};

/// Full chunks in one block: 1 MiB of plaintext.
pub(super) const BLOCK_CHUNKS: usize = 64;

/// Room for a block, sealed, and for what comes with the first and the last one of an object.
const CAPACITY: usize = PROLOGUE_LEN + (BLOCK_CHUNKS + 1) * SEALED_CHUNK_LEN;

/// What is shorter gets a buffer of its own length: whoever keeps the answer would keep a whole block.
pub(super) const LENT_FROM: usize = CAPACITY / 2;

/// Blocks that wait to be used again.
const KEPT: usize = 16;

/// The blocks of an installation that nobody uses.
pub(crate) struct Blocks {
    idle: ArrayQueue<Vec<u8>>,
}

impl Blocks {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            idle: ArrayQueue::new(KEPT),
        }
    }

    /// How many wait to be used.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.idle.len()
    }

    /// A buffer with room for a block. It is as its last user left it.
    pub(super) fn take(&self) -> Vec<u8> {
        let used = self.idle.pop();
        used.unwrap_or_else(|| Vec::with_capacity(CAPACITY))
    }

    /// Keeps a buffer for the next, unless it is none of these or there are enough.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        if buffer.capacity() == CAPACITY {
            let _ = self.idle.push(buffer);
        }
    }

    /// Bytes that `fill` writes, all of them; what a failed `fill` leaves is not given out.
    pub(super) fn filled<E>(
        self: &Arc<Self>,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Bytes, E> {
        let lent = (LENT_FROM..=CAPACITY).contains(&length);
        let mut buffer = if lent { self.take() } else { Vec::new() };
        if buffer.len() < length {
            // Zeros only what no earlier user has written.
            buffer.resize(length, 0);
        }
        let filled = fill(buffer.split_at_mut(length).0);
        filled?;
        Ok(self.lend(buffer, length))
    }

    /// The first bytes of a buffer, which comes back when the last that refers to them is dropped.
    pub(super) fn lend(self: &Arc<Self>, mut buffer: Vec<u8>, length: usize) -> Bytes {
        if buffer.capacity() != CAPACITY {
            buffer.truncate(length);
            return buffer.into();
        }
        Bytes::from_owner(Lent {
            buffer,
            length,
            home: Arc::clone(self),
        })
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("idle", &self.idle.len())
            .finish()
    }
}

/// A block that somebody reads.
struct Lent {
    buffer: Vec<u8>,
    /// What of it is there to be read; what follows is of an earlier user.
    length: usize,
    home: Arc<Blocks>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(blocks: &Arc<Blocks>, length: usize, with: u8) -> Bytes {
        let filled = blocks.filled(length, |bytes| {
            bytes.fill(with);
            Ok::<_, ()>(())
        });
        filled.unwrap()
    }

    #[test]
    fn a_block_is_used_again_and_shows_nothing_of_its_last_user() {
        let blocks = Arc::new(Blocks::new());
        drop(filled(&blocks, CAPACITY, 1));
        assert_eq!(blocks.idle(), 1);
        let shorter = filled(&blocks, LENT_FROM, 2);
        assert_eq!(blocks.idle(), 0);
        assert_eq!(shorter.len(), LENT_FROM);
        assert!(shorter.iter().all(|byte| *byte == 2));
        // It is kept for as long as any part of it is.
        let part = shorter.slice(5..6);
        drop(shorter);
        assert_eq!(blocks.idle(), 0);
        drop(part);
        assert_eq!(blocks.idle(), 1);
    }

    #[test]
    fn what_is_short_or_long_has_a_buffer_of_its_own_length() {
        let blocks = Arc::new(Blocks::new());
        for length in [0, 1, LENT_FROM - 1, CAPACITY + 1] {
            let bytes = filled(&blocks, length, 3);
            assert_eq!(bytes.len(), length);
            assert!(bytes.iter().all(|byte| *byte == 3));
        }
        assert_eq!(blocks.idle(), 0);
    }

    /// Streams stay within their memory by it.
    #[test]
    fn a_block_has_room_for_its_chunks_and_little_more() {
        let chunks = BLOCK_CHUNKS * SEALED_CHUNK_LEN;
        let beside = Blocks::new().take().capacity() - chunks;
        let with_last = PROLOGUE_LEN + SEALED_CHUNK_LEN;
        assert!(
            (with_last..2 * SEALED_CHUNK_LEN).contains(&beside),
            "{beside}"
        );
    }

    #[test]
    fn only_so_many_are_kept() {
        let blocks = Arc::new(Blocks::new());
        let all: Vec<_> = (0..KEPT + 3)
            .map(|_| filled(&blocks, CAPACITY, 4))
            .collect();
        drop(all);
        assert_eq!(blocks.idle(), KEPT);
        // How many there are is all that is told of them.
        assert_eq!(format!("{blocks:?}"), format!("Blocks {{ idle: {KEPT} }}"));
    }
}
