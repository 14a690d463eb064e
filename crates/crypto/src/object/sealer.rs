//! Sealing one object.

use super::{CHUNK_LEN, HEADER_LEN, PROLOGUE_LEN, SealError, SealingRun};
use crate::{Tag, cobblestone};

/// Seals one object, a chunk at a time: the prologue, then what the methods put out, in order.
///
/// A chunk number is spent as soon as its seal begins (I6): after an error the object cannot go on,
/// and a retry takes a new sealer, which has a new salt.
#[derive(Debug)]
#[must_use = "an object is cut off until `finish` has sealed its last chunk"]
pub struct Sealer {
    prologue: [u8; PROLOGUE_LEN],
    inner: cobblestone::Sealer,
}

impl Sealer {
    pub(super) fn new(header: &[u8; HEADER_LEN], inner: cobblestone::Sealer) -> Self {
        let mut prologue = [0; PROLOGUE_LEN];
        let parts: [&[u8]; 3] = [header, inner.salt(), inner.commitment()];
        for (to, from) in prologue.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        Self { prologue, inner }
    }

    /// What stands before the first chunk.
    #[must_use]
    pub fn prologue(&self) -> &[u8; PROLOGUE_LEN] {
        &self.prologue
    }

    /// The number of the chunk that is sealed next.
    #[must_use]
    pub fn next_chunk(&self) -> u64 {
        self.inner.next_chunk()
    }

    /// Seals whole chunks of `plain` into `out`, each followed by its tag. Each chunk is copied while
    /// it is in cache, then encrypted in place.
    ///
    /// # Errors
    /// [`SealError::NotWholeChunks`], [`SealError::OutputLength`] or [`SealError::TooLong`] before
    /// anything is sealed; [`SealError::Crypto`] if the provider fails, and from then on
    /// [`SealError::Spent`].
    pub fn seal_chunks(&mut self, plain: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        self.inner.seal_chunks(plain, out)
    }

    /// Seals one full chunk in place and returns its tag. After an error the chunk is destroyed.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_chunk_in_place(&mut self, chunk: &mut [u8; CHUNK_LEN]) -> Result<Tag, SealError> {
        self.inner.seal_chunk_in_place(chunk)
    }

    /// Seals slots in place, without any copy: each slot is
    /// [`SEALED_CHUNK_LEN`](super::SEALED_CHUNK_LEN) bytes, a full chunk and then room for its tag.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_slots_in_place(&mut self, slots: &mut [u8]) -> Result<(), SealError> {
        self.inner.seal_slots_in_place(slots)
    }

    /// Hands the next `chunks` chunk numbers to a run of its own, which another thread may seal.
    ///
    /// Any length works; runs that start at a multiple of their length, itself a power of two, cost
    /// the fewest key schedules.
    ///
    /// # Errors
    /// [`SealError::TooLong`] if the object would pass its limit, [`SealError::Spent`] if an earlier
    /// chunk failed.
    pub fn run(&mut self, chunks: u64) -> Result<SealingRun, SealError> {
        self.inner.run(chunks)
    }

    /// Seals the last chunk, which is shorter than a full one and may be empty, into `out`: as many
    /// bytes and the tag.
    ///
    /// # Errors
    /// [`SealError::LastTooLong`], [`SealError::OutputLength`] or [`SealError::TooLong`] if the
    /// lengths are wrong, [`SealError::Crypto`] if the provider fails.
    pub fn finish(self, last: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        self.inner.finish(last, out)
    }

    /// Seals the last chunk in place and returns its tag.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_in_place(self, last: &mut [u8]) -> Result<Tag, SealError> {
        self.inner.finish_in_place(last)
    }
}
