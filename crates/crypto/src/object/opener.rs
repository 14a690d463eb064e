//! Opening one object.

use super::{OpenError, SEALED_CHUNK_LEN};
use crate::cobblestone;

/// Opens the chunks of one object whose commitment has matched: stateless, in any order, shared by
/// threads.
///
/// Only [`open_last`](Self::open_last) authenticates the object's length: a range that depends on the
/// length opens the last chunk before any byte is given out (F15).
#[derive(Debug)]
pub struct Opener {
    inner: cobblestone::Opener,
}

impl Opener {
    pub(super) fn new(inner: cobblestone::Opener) -> Self {
        Self { inner }
    }

    /// Opens full chunks, the first of which has the number `first`, into `out`.
    ///
    /// # Errors
    /// [`OpenError::Authentication`] if any chunk is not the one sealed under its number; `out` is
    /// then all zeros. [`OpenError::Message`] for wrong lengths and numbers.
    pub fn open_chunks(&self, first: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        Ok(self.inner.open_chunks(first, sealed, out)?)
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
        Ok(self.inner.open_chunk_in_place(number, slot)?)
    }

    /// Opens slots in place: each of [`SEALED_CHUNK_LEN`] bytes, of which the first
    /// [`CHUNK_LEN`](super::CHUNK_LEN) are plaintext afterwards.
    ///
    /// # Errors
    /// As [`open_chunks`](Self::open_chunks); the slot that failed then holds no plaintext, those
    /// after it are untouched.
    pub fn open_slots_in_place(&self, first: u64, slots: &mut [u8]) -> Result<(), OpenError> {
        Ok(self.inner.open_slots_in_place(first, slots)?)
    }

    /// Opens the last chunk, whose number is the count of full chunks, into `out`.
    ///
    /// # Errors
    /// As [`open_chunks`](Self::open_chunks); [`cobblestone::OpenError::Truncated`] if `sealed`
    /// cannot be a last chunk by its length.
    pub fn open_last(&self, number: u64, sealed: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        Ok(self.inner.open_last(number, sealed, out)?)
    }

    /// Opens the last chunk in place and returns its plaintext.
    ///
    /// # Errors
    /// As [`open_last`](Self::open_last); the place of the plaintext is then all zeros.
    pub fn open_last_in_place<'s>(
        &self,
        number: u64,
        sealed: &'s mut [u8],
    ) -> Result<&'s mut [u8], OpenError> {
        Ok(self.inner.open_last_in_place(number, sealed)?)
    }
}
