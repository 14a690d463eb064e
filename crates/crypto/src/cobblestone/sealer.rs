//! Sealing: chunk numbers are handed out once, in rising order.

use std::fmt;
use std::sync::Arc;

use super::message_key::MessageKey;
use super::{
    CHUNK, CHUNK_LEN, COMMITMENT_LEN, SALT_LEN, SEALED_CHUNK_LEN, SealError, TAG_LEN, nonce,
};
use crate::{CryptoError, SealingKey, Tag};

/// Seals one message, a chunk at a time.
///
/// A chunk number is spent as soon as its seal begins (I6): after an error the message cannot go on,
/// and a retry takes a new sealer, which has a new salt.
pub struct Sealer {
    run: SealingRun,
    salt: [u8; SALT_LEN],
    commitment: [u8; COMMITMENT_LEN],
}

impl Sealer {
    pub(super) fn new(
        key: Arc<MessageKey>,
        salt: [u8; SALT_LEN],
        commitment: [u8; COMMITMENT_LEN],
        limit: u64,
    ) -> Self {
        Self {
            run: SealingRun {
                key,
                instance: None,
                next: 0,
                end: u64::MAX,
                limit,
                spent: false,
            },
            salt,
            commitment,
        }
    }

    /// The salt, which stands before the commitment and the chunks.
    #[must_use]
    pub fn salt(&self) -> &[u8; SALT_LEN] {
        &self.salt
    }

    /// The commitment, which stands between the salt and the chunks.
    #[must_use]
    pub fn commitment(&self) -> &[u8; COMMITMENT_LEN] {
        &self.commitment
    }

    /// The number of the chunk that is sealed next.
    #[must_use]
    pub fn next_chunk(&self) -> u64 {
        self.run.next
    }

    /// Seals whole chunks of `plain` into `out`, each followed by its tag. Each chunk is copied while
    /// it is in cache, then encrypted in place.
    ///
    /// # Errors
    /// [`SealError::NotWholeChunks`], [`SealError::OutputLength`] or [`SealError::TooLong`] before
    /// anything is sealed; [`SealError::Crypto`] if the provider fails, and from then on
    /// [`SealError::Spent`].
    pub fn seal_chunks(&mut self, plain: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        self.run.seal_chunks(plain, out)
    }

    /// Seals one full chunk in place and returns its tag.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_chunk_in_place(&mut self, chunk: &mut [u8; CHUNK_LEN]) -> Result<Tag, SealError> {
        self.run.seal_chunk_in_place(chunk)
    }

    /// Seals slots in place: each of [`SEALED_CHUNK_LEN`] bytes, a full chunk and then room for its
    /// tag.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_slots_in_place(&mut self, slots: &mut [u8]) -> Result<(), SealError> {
        self.run.seal_slots_in_place(slots)
    }

    /// Hands the next `chunks` chunk numbers to a run of its own, which another thread may seal.
    ///
    /// Any length works; runs that start at a multiple of their length, itself a power of two, cost
    /// the fewest key schedules.
    ///
    /// # Errors
    /// [`SealError::TooLong`] if the message would pass its limit, [`SealError::Spent`] if an earlier
    /// chunk failed.
    pub fn run(&mut self, chunks: u64) -> Result<SealingRun, SealError> {
        let first = self.run.take(chunks)?;
        Ok(SealingRun {
            key: Arc::clone(&self.run.key),
            instance: None,
            next: first,
            end: self.run.next,
            limit: self.run.limit,
            spent: false,
        })
    }

    /// Seals the last chunk, which is shorter than a full one and may be empty, into `out`: as many
    /// bytes and the tag.
    ///
    /// # Errors
    /// [`SealError::LastTooLong`], [`SealError::OutputLength`] or [`SealError::TooLong`] if the
    /// lengths are wrong, [`SealError::Crypto`] if the provider fails.
    pub fn finish(self, last: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        let expected = last.len().saturating_add(TAG_LEN);
        let found = out.len();
        let (body, room) = out
            .split_at_mut_checked(last.len())
            .filter(|(_, room)| room.len() == TAG_LEN)
            .ok_or(SealError::OutputLength { expected, found })?;
        body.copy_from_slice(last);
        room.copy_from_slice(&self.finish_in_place(body)?);
        Ok(())
    }

    /// Seals the last chunk in place and returns its tag.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_in_place(mut self, last: &mut [u8]) -> Result<Tag, SealError> {
        self.run.seal_last(last)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("next_chunk", &self.run.next)
            .finish_non_exhaustive()
    }
}

/// The right to seal a run of consecutive full chunks of one message, each once.
///
/// A run that is dropped before its end leaves a hole, which no opener accepts.
pub struct SealingRun {
    key: Arc<MessageKey>,
    instance: Option<Instance>,
    next: u64,
    end: u64,
    limit: u64,
    spent: bool,
}

/// A sealing key and the numbers below which it may be used: see [`SealingKey`].
struct Instance {
    key: Box<dyn SealingKey>,
    until: u64,
}

impl SealingRun {
    /// The number of the chunk that is sealed next.
    #[must_use]
    pub fn next_chunk(&self) -> u64 {
        self.next
    }

    /// How many chunks are left to seal.
    #[must_use]
    pub fn chunks_left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// Seals whole chunks of `plain` into `out`, each followed by its tag.
    ///
    /// # Errors
    /// As [`Sealer::seal_chunks`]; [`SealError::RunSpent`] if the run has fewer chunks left.
    pub fn seal_chunks(&mut self, plain: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        let (chunks, rest) = plain.as_chunks::<CHUNK_LEN>();
        if !rest.is_empty() {
            return Err(SealError::NotWholeChunks {
                length: plain.len(),
            });
        }
        let found = out.len();
        let (slots, rest) = out.as_chunks_mut::<SEALED_CHUNK_LEN>();
        if slots.len() != chunks.len() || !rest.is_empty() {
            let expected = chunks.len().saturating_mul(SEALED_CHUNK_LEN);
            return Err(SealError::OutputLength { expected, found });
        }
        let mut number = self.take(chunks.len() as u64)?;
        for (chunk, slot) in chunks.iter().zip(slots) {
            let (body, tag) = slot.split_at_mut(CHUNK_LEN);
            body.copy_from_slice(chunk);
            tag.copy_from_slice(&self.seal(number, body)?);
            number = number.saturating_add(1);
        }
        Ok(())
    }

    /// Seals one full chunk in place and returns its tag.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_chunk_in_place(&mut self, chunk: &mut [u8; CHUNK_LEN]) -> Result<Tag, SealError> {
        let number = self.take(1)?;
        self.seal(number, chunk)
    }

    /// Seals slots in place: each of [`SEALED_CHUNK_LEN`] bytes, a full chunk and then room for its
    /// tag.
    ///
    /// # Errors
    /// As [`seal_chunks`](Self::seal_chunks).
    pub fn seal_slots_in_place(&mut self, slots: &mut [u8]) -> Result<(), SealError> {
        let length = slots.len();
        let (slots, rest) = slots.as_chunks_mut::<SEALED_CHUNK_LEN>();
        if !rest.is_empty() {
            return Err(SealError::NotWholeChunks { length });
        }
        let mut number = self.take(slots.len() as u64)?;
        for slot in slots {
            let (body, tag) = slot.split_at_mut(CHUNK_LEN);
            tag.copy_from_slice(&self.seal(number, body)?);
            number = number.saturating_add(1);
        }
        Ok(())
    }

    /// Takes the next `chunks` numbers for full chunks; they are never handed out again.
    fn take(&mut self, chunks: u64) -> Result<u64, SealError> {
        if self.spent {
            return Err(SealError::Spent);
        }
        let left = self.chunks_left();
        let limit = self.limit;
        let first = self.next;
        let end = first
            .checked_add(chunks)
            .filter(|end| end.checked_mul(CHUNK).is_some_and(|len| len <= limit))
            .ok_or(SealError::TooLong { limit })?;
        if chunks > left {
            return Err(SealError::RunSpent { left });
        }
        self.next = end;
        Ok(first)
    }

    fn seal_last(&mut self, last: &mut [u8]) -> Result<Tag, SealError> {
        if self.spent {
            return Err(SealError::Spent);
        }
        let length = last.len();
        if length >= CHUNK_LEN {
            return Err(SealError::LastTooLong { length });
        }
        let number = self.next;
        let limit = self.limit;
        number
            .checked_mul(CHUNK)
            .and_then(|len| len.checked_add(length as u64))
            .filter(|len| *len <= limit)
            .ok_or(SealError::TooLong { limit })?;
        self.spent = true;
        Ok(self.encrypt(number, last)?)
    }

    fn seal(&mut self, number: u64, body: &mut [u8]) -> Result<Tag, SealError> {
        let sealed = self.encrypt(number, body);
        self.spent = sealed.is_err();
        Ok(sealed?)
    }

    fn encrypt(&mut self, number: u64, body: &mut [u8]) -> Result<Tag, CryptoError> {
        let fresh = match self.instance.take() {
            Some(instance) if number < instance.until => instance,
            _ => Instance {
                key: self.key.sealing_key()?,
                until: instance_end(number),
            },
        };
        let instance = self.instance.insert(fresh);
        instance
            .key
            .seal(nonce(self.key.base_nonce(), number), &[], body)
    }
}

impl fmt::Debug for SealingRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingRun")
            .field("next", &self.next)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Where an instance that begins at `first` must end: as far as `number XOR first` is
/// `number - first`, which a FIPS module that takes its first nonce for the mask then sees rise.
fn instance_end(first: u64) -> u64 {
    match first {
        0 => u64::MAX,
        _ => first.saturating_add(1 << first.trailing_zeros()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i06_an_instance_covers_a_run_aligned_to_a_power_of_two() {
        for first in 1_u64..5_000 {
            let end = instance_end(first);
            assert!((first..end).all(|n| n ^ first == n - first), "{first}");
            assert_ne!(end ^ first, end - first, "{first} could go further");
        }
        assert_eq!(instance_end(0), u64::MAX);
    }
}
