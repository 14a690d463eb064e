//! Plaintext in, sealed bytes out, in one buffer that is ours.

use bytes::Bytes;
use strongroom_crypto::TAG_LEN;
use strongroom_crypto::object::{CHUNK_LEN, SealError, Sealer};

/// Seals whatever is pushed, chunk by chunk and in place: a chunk is copied once, while it is in
/// cache, and no second pass over the data is made.
pub(super) struct SealingBuffer {
    sealer: Sealer,
    sealed: Vec<u8>,
    /// Where in `sealed` the plaintext of the unfinished chunk begins.
    pending_from: usize,
}

impl SealingBuffer {
    /// A buffer whose first bytes are the object's prologue, with room for `capacity` bytes.
    pub(super) fn new(sealer: Sealer, capacity: usize) -> Self {
        let mut room = Vec::with_capacity(capacity);
        room.extend_from_slice(sealer.prologue());
        let pending_from = room.len();
        Self {
            sealer,
            sealed: room,
            pending_from,
        }
    }

    /// Takes in plaintext, sealing every chunk that becomes full.
    pub(super) fn push(&mut self, mut plain: &[u8]) -> Result<(), SealError> {
        while !plain.is_empty() {
            let room = CHUNK_LEN - (self.sealed.len() - self.pending_from);
            let (now, later) = plain.split_at(room.min(plain.len()));
            self.sealed.extend_from_slice(now);
            plain = later;
            let pending = self.sealed.get_mut(self.pending_from..).unwrap_or_default();
            if let Ok(chunk) = <&mut [u8; CHUNK_LEN]>::try_from(pending) {
                let tag = self.sealer.seal_chunk_in_place(chunk)?;
                self.sealed.extend_from_slice(&tag);
                self.pending_from = self.sealed.len();
            }
        }
        Ok(())
    }

    /// Makes room for so much more plaintext, and no more: a buffer that grows by doubling holds twice
    /// what is in it.
    pub(super) fn reserve(&mut self, plain: usize) {
        let tags = (plain / CHUNK_LEN + 2) * TAG_LEN;
        self.sealed.reserve_exact(plain.saturating_add(tags));
    }

    /// How many bytes [`take_sealed`](Self::take_sealed) would give out.
    pub(super) fn sealed_len(&self) -> usize {
        self.pending_from
    }

    /// Gives out what is sealed and keeps the unfinished chunk.
    pub(super) fn take_sealed(&mut self) -> Bytes {
        let pending = self.sealed.split_off(self.pending_from);
        self.pending_from = 0;
        std::mem::replace(&mut self.sealed, pending).into()
    }

    /// Seals the last chunk, which may be empty, and gives out the rest.
    pub(super) fn finish(mut self) -> Result<Bytes, SealError> {
        let pending = self.sealed.get_mut(self.pending_from..).unwrap_or_default();
        let tag = self.sealer.finish_in_place(pending)?;
        self.sealed.extend_from_slice(&tag);
        Ok(self.sealed.into())
    }
}
