//! Sealing into a [`Write`].

use std::fmt;
use std::io::{self, Write};
use std::mem;

use crate::TAG_LEN;
use crate::object::{CHUNK_LEN, SEALED_CHUNK_LEN, SealError, Sealer};

/// How many sealed chunks are gathered for one write.
const SLOTS: usize = 4;
const CAPACITY: usize = SLOTS * SEALED_CHUNK_LEN;

/// Seals what is written to it into another writer, in bounded memory.
///
/// An object that is dropped before [`finish`](Self::finish) is cut off, which every opener finds.
/// After an error every further call fails.
#[must_use = "the object is cut off until `finish` has sealed its last chunk"]
pub struct SealingWriter<W> {
    inner: W,
    /// None after an error.
    sealer: Option<Sealer>,
    /// Sealed bytes, then the plaintext of the chunk at work.
    buffer: Vec<u8>,
    /// Where the chunk at work begins.
    start: usize,
}

impl<W: Write> SealingWriter<W> {
    /// Begins an object: its prologue is written with the first chunks.
    pub fn new(sealer: Sealer, inner: W) -> Self {
        let prologue = sealer.prologue();
        let mut buffer = Vec::with_capacity(prologue.len() + CAPACITY);
        buffer.extend_from_slice(prologue);
        Self {
            inner,
            start: buffer.len(),
            sealer: Some(sealer),
            buffer,
        }
    }

    /// Seals the last chunk, writes everything out, flushes, and gives the writer back.
    ///
    /// # Errors
    /// What the writer returns, or a [`SealError`] inside an [`io::Error`].
    pub fn finish(mut self) -> io::Result<W> {
        let sealer = self.sealer.take().ok_or_else(spent)?;
        let (_, last) = self.buffer.split_at_mut(self.start);
        let tag = sealer.finish_in_place(last).map_err(failed)?;
        self.buffer.extend_from_slice(&tag);
        self.inner.write_all(&self.buffer)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    /// Takes in as much of `bytes` as fits the chunk at work, and seals that chunk once full.
    fn take_in(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (self.start + CHUNK_LEN).saturating_sub(self.buffer.len());
        let taken = room.min(bytes.len());
        self.buffer.extend_from_slice(bytes.split_at(taken).0);
        if taken == room {
            // Only put back if all goes well.
            let mut sealer = self.sealer.take().ok_or_else(spent)?;
            let (_, chunk) = self.buffer.split_at_mut(self.start);
            let chunk = chunk.try_into().map_err(|_| spent())?;
            let tag = sealer.seal_chunk_in_place(chunk).map_err(failed)?;
            self.buffer.extend_from_slice(&tag);
            self.start = self.buffer.len();
            if self.start + CHUNK_LEN + TAG_LEN > self.buffer.capacity() {
                self.inner.write_all(&self.buffer)?;
                self.buffer.clear();
                self.start = 0;
            }
            self.sealer = Some(sealer);
        }
        Ok(taken)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.sealer.is_none() {
            return Err(spent());
        }
        self.take_in(bytes)
    }

    /// Writes out the chunks that are full. The bytes of the chunk at work stay until it is full, or
    /// until [`finish`](SealingWriter::finish).
    fn flush(&mut self) -> io::Result<()> {
        // Only put back if all goes well: a part of the buffer may have been written.
        let sealer = self.sealer.take().ok_or_else(spent)?;
        let ready = mem::take(&mut self.start);
        self.inner.write_all(self.buffer.split_at(ready).0)?;
        self.buffer.drain(..ready);
        self.inner.flush()?;
        self.sealer = Some(sealer);
        Ok(())
    }
}

impl<W> fmt::Debug for SealingWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingWriter")
            .field("sealer", &self.sealer)
            .finish_non_exhaustive()
    }
}

fn spent() -> io::Error {
    failed(SealError::Spent)
}

fn failed(error: SealError) -> io::Error {
    let kind = match error {
        SealError::TooLong { .. } => io::ErrorKind::FileTooLarge,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_would_be_too_long_is_a_file_too_large() {
        let error = failed(SealError::TooLong { limit: 1 });
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(spent().kind(), io::ErrorKind::Other);
    }
}
