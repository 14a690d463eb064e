//! Opening: stateless, in any order, shared by threads.

use std::fmt;

use zeroize::Zeroizing;

use super::{CHUNK, CHUNK_LEN, OpenError, SEALED_CHUNK_LEN, TAG_LEN, nonce};
use crate::{Nonce, OpeningKey, Tag};

/// Opens the chunks of one message whose commitment has matched.
pub struct Opener {
    key: Box<dyn OpeningKey>,
    base_nonce: Zeroizing<Nonce>,
    limit: u64,
}

impl Opener {
    pub(super) fn new(key: Box<dyn OpeningKey>, base_nonce: Nonce, limit: u64) -> Self {
        Self {
            key,
            base_nonce: Zeroizing::new(base_nonce),
            limit,
        }
    }

    /// Opens full chunks, the first of which has the number `first`, into `out`.
    ///
    /// # Errors
    /// [`OpenError::Authentication`] if any chunk is not the one sealed under its number; `out` is
    /// then all zeros. [`OpenError::NotWholeChunks`], [`OpenError::OutputLength`] and
    /// [`OpenError::TooLong`] for wrong lengths and numbers.
    pub fn open_chunks(&self, first: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        let (slots, rest) = sealed.as_chunks::<SEALED_CHUNK_LEN>();
        if !rest.is_empty() {
            return Err(OpenError::NotWholeChunks {
                length: sealed.len(),
            });
        }
        let expected = slots.len().saturating_mul(CHUNK_LEN);
        if out.len() != expected {
            let found = out.len();
            return Err(OpenError::OutputLength { expected, found });
        }
        self.check_full(first, slots.len())?;
        let (chunks, _) = out.as_chunks_mut::<CHUNK_LEN>();
        let opened = (first..)
            .zip(slots.iter().zip(chunks))
            .try_for_each(|(number, (slot, chunk))| self.open_into(number, slot, chunk));
        if opened.is_err() {
            out.fill(0);
        }
        opened
    }

    /// Opens one full chunk in place and returns its plaintext.
    ///
    /// # Errors
    /// As [`open_chunks`](Self::open_chunks); the place of the plaintext is then all zeros.
    pub fn open_chunk_in_place<'s>(
        &self,
        number: u64,
        slot: &'s mut [u8; SEALED_CHUNK_LEN],
    ) -> Result<&'s mut [u8], OpenError> {
        self.check_full(number, 1)?;
        self.open_in_place(number, slot)
    }

    /// Opens slots in place: each of [`SEALED_CHUNK_LEN`] bytes, of which the first [`CHUNK_LEN`] are
    /// plaintext afterwards.
    ///
    /// # Errors
    /// As [`open_chunks`](Self::open_chunks); the slot that failed then holds no plaintext, those after it
    /// are untouched.
    pub fn open_slots_in_place(&self, first: u64, slots: &mut [u8]) -> Result<(), OpenError> {
        let length = slots.len();
        let (slots, rest) = slots.as_chunks_mut::<SEALED_CHUNK_LEN>();
        if !rest.is_empty() {
            return Err(OpenError::NotWholeChunks { length });
        }
        self.check_full(first, slots.len())?;
        (first..)
            .zip(slots)
            .try_for_each(|(number, slot)| self.open_in_place(number, slot).map(drop))
    }

    /// Opens the last chunk of the message into `out`. Only this authenticates the message's length.
    ///
    /// # Errors
    /// [`OpenError::Truncated`] if `sealed` cannot be a last chunk by its length, else as
    /// [`open_chunks`](Self::open_chunks).
    pub fn open_last(&self, number: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        let expected = self.check_last(number, sealed.len())?;
        if out.len() != expected {
            let found = out.len();
            return Err(OpenError::OutputLength { expected, found });
        }
        let opened = self.open_into(number, sealed, out);
        if opened.is_err() {
            out.fill(0);
        }
        opened
    }

    /// Opens the last chunk of the message in place and returns its plaintext.
    ///
    /// # Errors
    /// As [`open_last`](Self::open_last); the place of the plaintext is then all zeros.
    pub fn open_last_in_place<'s>(
        &self,
        number: u64,
        sealed: &'s mut [u8],
    ) -> Result<&'s mut [u8], OpenError> {
        self.check_last(number, sealed.len())?;
        self.open_in_place(number, sealed)
    }

    fn open_into(&self, number: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        let (ciphertext, tag) = sealed
            .split_last_chunk::<TAG_LEN>()
            .ok_or(OpenError::Authentication)?;
        let nonce = nonce(&self.base_nonce, number);
        Ok(self.key.open_into(nonce, &[], ciphertext, tag, out)?)
    }

    fn open_in_place<'s>(
        &self,
        number: u64,
        sealed: &'s mut [u8],
    ) -> Result<&'s mut [u8], OpenError> {
        let (body, tag) = sealed
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(OpenError::Authentication)?;
        let tag: &Tag = tag;
        let opened = self
            .key
            .open(nonce(&self.base_nonce, number), &[], body, tag);
        if opened.is_err() {
            body.fill(0);
        }
        opened?;
        Ok(body)
    }

    /// Full chunks must lie within the limit with all their bytes.
    fn check_full(&self, first: u64, chunks: usize) -> Result<(), OpenError> {
        first
            .checked_add(chunks as u64)
            .and_then(|end| end.checked_mul(CHUNK))
            .filter(|len| *len <= self.limit)
            .map(drop)
            .ok_or(OpenError::TooLong {
                number: first,
                limit: self.limit,
            })
    }

    /// The length of the last chunk's plaintext.
    fn check_last(&self, number: u64, length: usize) -> Result<usize, OpenError> {
        let plain = length
            .checked_sub(TAG_LEN)
            .filter(|plain| *plain < CHUNK_LEN)
            .ok_or(OpenError::Truncated { length })?;
        number
            .checked_mul(CHUNK)
            .and_then(|len| len.checked_add(plain as u64))
            .filter(|len| *len <= self.limit)
            .ok_or(OpenError::TooLong {
                number,
                limit: self.limit,
            })?;
        Ok(plain)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
