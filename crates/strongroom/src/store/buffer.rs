//! Plaintext in, sealed bytes out, in buffers that are ours.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use object_store::PutPayload;
use strongroom_crypto::object::{CHUNK_LEN, SEALED_CHUNK_LEN, SealError, Sealer};

use super::blocks::{BLOCK_CHUNKS, Blocks};

/// Seals whatever is pushed, chunk by chunk and in place: a chunk is copied once, while it is in
/// cache, and no second pass over the data is made.
pub(super) struct SealingBuffer {
    sealer: Sealer,
    blocks: Arc<Blocks>,
    /// Buffers that are full of sealed chunks.
    full: Vec<Bytes>,
    /// The buffer that is being filled.
    open: Vec<u8>,
    /// Where in `open` the plaintext of the unfinished chunk begins.
    pending_from: usize,
    /// No chunk begins in `open` from here on.
    full_at: usize,
}

impl SealingBuffer {
    /// For an object of `sealed_len` bytes, which goes into one buffer.
    pub(super) fn whole(sealer: Sealer, blocks: Arc<Blocks>, sealed_len: usize) -> Self {
        let open = Vec::with_capacity(sealed_len);
        Self::new(sealer, blocks, open, usize::MAX)
    }

    /// For an object of unknown length, a block at a time.
    pub(super) fn in_blocks(sealer: Sealer, blocks: Arc<Blocks>) -> Self {
        let open = blocks.take();
        Self::new(sealer, blocks, open, BLOCK_CHUNKS * SEALED_CHUNK_LEN)
    }

    fn new(sealer: Sealer, blocks: Arc<Blocks>, mut open: Vec<u8>, full_at: usize) -> Self {
        open.clear();
        open.extend_from_slice(sealer.prologue());
        Self {
            pending_from: open.len(),
            sealer,
            blocks,
            full: Vec::new(),
            open,
            full_at,
        }
    }

    /// Takes in plaintext, sealing every chunk that becomes full.
    pub(super) fn push(&mut self, mut plain: &[u8]) -> Result<(), SealError> {
        while !plain.is_empty() {
            if self.pending_from >= self.full_at {
                self.close_buffer();
            }
            let room = CHUNK_LEN - (self.open.len() - self.pending_from);
            let (now, later) = plain.split_at(room.min(plain.len()));
            self.open.extend_from_slice(now);
            plain = later;
            let pending = self.open.get_mut(self.pending_from..).unwrap_or_default();
            if let Ok(chunk) = <&mut [u8; CHUNK_LEN]>::try_from(pending) {
                let tag = self.sealer.seal_chunk_in_place(chunk)?;
                self.open.extend_from_slice(&tag);
                self.pending_from = self.open.len();
            }
        }
        Ok(())
    }

    /// How many bytes [`take_sealed`](Self::take_sealed) would give out.
    pub(super) fn sealed_len(&self) -> usize {
        self.full.iter().map(Bytes::len).sum::<usize>() + self.pending_from
    }

    /// Gives out what is sealed and keeps the unfinished chunk.
    pub(super) fn take_sealed(&mut self) -> PutPayload {
        self.close_buffer();
        self.full.drain(..).collect()
    }

    /// Puts what is sealed of `open` aside, and goes on in another buffer with the unfinished chunk.
    fn close_buffer(&mut self) {
        let mut next = self.blocks.take();
        next.clear();
        next.extend_from_slice(self.open.get(self.pending_from..).unwrap_or_default());
        let sealed = mem::replace(&mut self.open, next);
        self.full.push(self.blocks.lend(sealed, self.pending_from));
        self.pending_from = 0;
    }

    /// Seals the last chunk, which may be empty, and gives out the rest.
    pub(super) fn finish(mut self) -> Result<PutPayload, SealError> {
        let pending = self.open.get_mut(self.pending_from..).unwrap_or_default();
        let tag = self.sealer.finish_in_place(pending)?;
        self.open.extend_from_slice(&tag);
        let length = self.open.len();
        self.full.push(self.blocks.lend(self.open, length));
        Ok(self.full.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::object::{Binding, GenerationKey, PROLOGUE_LEN};

    use super::*;
    use crate::fresh::generation_key;

    const SEALED_BLOCK_LEN: usize = BLOCK_CHUNKS * SEALED_CHUNK_LEN;

    fn sealer(key: &GenerationKey) -> Sealer {
        key.sealer(Binding::Resource).unwrap()
    }

    /// So many bytes, of a prime period: who is wrong by a chunk or a tag does not meet the same.
    fn pattern(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    #[test]
    fn what_is_taken_is_as_long_as_was_said_and_nothing_is_lost() {
        let key = generation_key();
        let plain = pattern(3 * BLOCK_CHUNKS * CHUNK_LEN + 5_000);
        let mut buffer = SealingBuffer::in_blocks(sealer(&key), Arc::new(Blocks::new()));
        let mut sealed = Vec::new();
        for piece in plain.chunks(300_000) {
            buffer.push(piece).unwrap();
            let length = buffer.sealed_len();
            // Sometimes less than a block lies there, sometimes more.
            if length > 1_200_000 || sealed.is_empty() {
                let taken = buffer.take_sealed();
                assert_eq!(taken.content_length(), length);
                assert_eq!(buffer.sealed_len(), 0);
                sealed.extend(taken);
            }
        }
        sealed.extend(buffer.finish().unwrap());
        let opened = key.open_to_vec(Binding::Resource, &sealed.concat());
        assert!(opened.unwrap() == plain);
    }

    #[test]
    fn what_is_sealed_in_blocks_is_lent_and_comes_back() {
        let key = generation_key();
        let blocks = Arc::new(Blocks::new());
        let mut buffer = SealingBuffer::in_blocks(sealer(&key), Arc::clone(&blocks));
        buffer
            .push(&pattern(2 * BLOCK_CHUNKS * CHUNK_LEN + 1))
            .unwrap();
        let sealed = buffer.finish().unwrap();
        let lengths: Vec<_> = sealed.iter().map(Bytes::len).collect();
        let first = PROLOGUE_LEN + SEALED_BLOCK_LEN;
        assert_eq!(
            lengths,
            [first, SEALED_BLOCK_LEN, 1 + strongroom_crypto::TAG_LEN]
        );
        drop(sealed);
        // None had to grow: it would not be a block any more.
        assert_eq!(blocks.idle(), 3);
    }

    #[test]
    fn what_is_sealed_whole_is_one_buffer_of_its_own() {
        let key = generation_key();
        let blocks = Arc::new(Blocks::new());
        let plain = pattern(2 * BLOCK_CHUNKS * CHUNK_LEN);
        let length = strongroom_crypto::object::sealed_len(plain.len() as u64).unwrap();
        let length = usize::try_from(length).unwrap();
        let mut buffer = SealingBuffer::whole(sealer(&key), Arc::clone(&blocks), length);
        buffer.push(&plain).unwrap();
        let sealed = buffer.finish().unwrap();
        let lengths: Vec<_> = sealed.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [length]);
        drop(sealed);
        assert_eq!(blocks.idle(), 0);
    }
}
