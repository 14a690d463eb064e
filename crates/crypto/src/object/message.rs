//! Whole objects in memory.

use super::{
    Binding, CHUNK_LEN, GenerationKey, LengthError, OpenError, PROLOGUE_LEN, SEALED_CHUNK_LEN,
    SealError, SealingRun, plain_len,
};
use crate::TAG_LEN;

/// How many chunks are moved before they are sealed: a mebibyte, which stays in cache. A power of
/// two, so that each group is one aligned run.
const GROUP: usize = 64;

impl GenerationKey {
    /// Seals a whole object.
    ///
    /// # Errors
    /// [`SealError::TooLong`] beyond [`MAX_PLAIN_LEN`](super::MAX_PLAIN_LEN), [`SealError::Crypto`]
    /// if the provider fails.
    pub fn seal_to_vec(&self, binding: Binding<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealer = self.sealer(binding)?;
        let (chunks, last) = plain.as_chunks::<CHUNK_LEN>();
        let mut out = Vec::with_capacity(slot_start(chunks.len()) + last.len() + TAG_LEN);
        out.extend_from_slice(sealer.prologue());
        for chunk in chunks {
            out.extend_from_slice(chunk);
            // Always there: it was just appended.
            if let Some(chunk) = out.last_chunk_mut::<CHUNK_LEN>() {
                let tag = sealer.seal_chunk_in_place(chunk)?;
                out.extend_from_slice(&tag);
            }
        }
        let start = out.len();
        out.extend_from_slice(last);
        let tag = sealer.finish_in_place(out.split_at_mut(start).1)?;
        out.extend_from_slice(&tag);
        Ok(out)
    }

    /// Seals a whole object in the buffer that holds it, moving each chunk to its place while it is in
    /// cache. Reserve [`sealed_len`](super::sealed_len) bytes to avoid a reallocation.
    ///
    /// # Errors
    /// As [`seal_to_vec`](Self::seal_to_vec). The buffer is then empty.
    pub fn seal_in_place(
        &self,
        binding: Binding<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let sealed = self.try_seal_in_place(binding, buffer);
        if sealed.is_err() {
            buffer.clear();
        }
        sealed
    }

    fn try_seal_in_place(
        &self,
        binding: Binding<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let plain = buffer.len();
        let (full, last) = (plain / CHUNK_LEN, plain % CHUNK_LEN);
        let mut sealer = self.sealer(binding)?;
        let prologue = *sealer.prologue();
        let runs = (0..full)
            .step_by(GROUP)
            .map(|first| sealer.run(GROUP.min(full - first) as u64))
            .collect::<Result<Vec<SealingRun>, _>>()?;

        // From the end to the start, since every chunk moves towards the end.
        let start = slot_start(full);
        buffer.resize(start + last + TAG_LEN, 0);
        buffer.copy_within(plain - last..plain, start);
        let (body, tag) = buffer.split_at_mut(start).1.split_at_mut(last);
        tag.copy_from_slice(&sealer.finish_in_place(body)?);
        let mut end = full;
        for mut run in runs.into_iter().rev() {
            let first = end - usize::try_from(run.chunks_left()).unwrap_or(end).min(end);
            for chunk in (first..end).rev() {
                let from = chunk * CHUNK_LEN;
                buffer.copy_within(from..from + CHUNK_LEN, slot_start(chunk));
            }
            let (slots, _) = buffer.split_at_mut(slot_start(end));
            run.seal_slots_in_place(slots.split_at_mut(slot_start(first)).1)?;
            end = first;
        }
        buffer
            .split_at_mut(PROLOGUE_LEN)
            .0
            .copy_from_slice(&prologue);
        Ok(())
    }

    /// Opens a whole object.
    ///
    /// # Errors
    /// An [`OpenError`] that says what is wrong with it.
    pub fn open_to_vec(&self, binding: Binding<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let plain = checked_plain_len(sealed)?;
        let (prologue, body) = split(sealed)?;
        let opener = self.opener(prologue, binding)?;
        let full = plain / CHUNK_LEN;
        let (chunks, last) = body.split_at(full * SEALED_CHUNK_LEN);
        let mut out = vec![0; plain];
        let (out_chunks, out_last) = out.split_at_mut(full * CHUNK_LEN);
        // The end first: a cut or extended object costs one chunk.
        opener.open_last(full as u64, last, out_last)?;
        opener.open_chunks(0, chunks, out_chunks)?;
        Ok(out)
    }

    /// Opens a whole object in the buffer that holds it, which then holds the plaintext.
    ///
    /// # Errors
    /// As [`open_to_vec`](Self::open_to_vec). The buffer is then empty.
    pub fn open_in_place(
        &self,
        binding: Binding<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let opened = self.try_open_in_place(binding, buffer);
        if opened.is_err() {
            buffer.fill(0);
            buffer.clear();
        }
        opened
    }

    fn try_open_in_place(
        &self,
        binding: Binding<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let plain = checked_plain_len(buffer)?;
        let (prologue, _) = split(buffer)?;
        let opener = self.opener(prologue, binding)?;
        let full = plain / CHUNK_LEN;
        let last = buffer.split_at_mut(slot_start(full)).1;
        opener.open_last_in_place(full as u64, last)?;
        for chunk in 0..full {
            let start = slot_start(chunk);
            let (slot, _) = buffer.split_at_mut(start).1.split_at_mut(SEALED_CHUNK_LEN);
            opener.open_slots_in_place(chunk as u64, slot)?;
            buffer.copy_within(start..start + CHUNK_LEN, chunk * CHUNK_LEN);
        }
        let start = slot_start(full);
        buffer.copy_within(start..start + plain % CHUNK_LEN, full * CHUNK_LEN);
        buffer.truncate(plain);
        Ok(())
    }
}

/// Where the sealed chunk of this number begins.
fn slot_start(chunk: usize) -> usize {
    PROLOGUE_LEN + chunk * SEALED_CHUNK_LEN
}

fn checked_plain_len(sealed: &[u8]) -> Result<usize, LengthError> {
    // No buffer of this machine is longer than its usize, and plaintext is shorter.
    plain_len(sealed.len() as u64).map(|plain| usize::try_from(plain).unwrap_or(usize::MAX))
}

fn split(sealed: &[u8]) -> Result<(&[u8; PROLOGUE_LEN], &[u8]), LengthError> {
    sealed.split_first_chunk().ok_or(LengthError::NoPrologue {
        sealed: sealed.len() as u64,
    })
}
