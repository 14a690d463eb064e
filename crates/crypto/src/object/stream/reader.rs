//! Opening from a [`Read`].

use std::fmt;
use std::io::{self, Read};

use crate::TAG_LEN;
use crate::cobblestone;
use crate::object::{
    Binding, CHUNK_LEN, GenerationKey, LengthError, OpenError, Opener, PROLOGUE_LEN,
    SEALED_CHUNK_LEN,
};

/// Reads what stands before the first chunk of an object; [`Header::parse`](crate::object::Header)
/// then tells which key it needs.
///
/// # Errors
/// What the reader returns; [`LengthError::NoPrologue`] inside an [`io::Error`] of kind
/// `UnexpectedEof` if it ends before.
pub fn read_prologue<R: Read>(inner: &mut R) -> io::Result<[u8; PROLOGUE_LEN]> {
    let mut prologue = [0; PROLOGUE_LEN];
    let mut filled = 0;
    fill(inner, &mut prologue, &mut filled)?;
    if filled < PROLOGUE_LEN {
        return Err(failed(OpenError::Length(LengthError::NoPrologue {
            sealed: filled as u64,
        })));
    }
    Ok(prologue)
}

/// Opens an object while it is read, in bounded memory. No byte is given out before its chunk's tag
/// has passed, and the end is reported only after the last chunk has.
///
/// An error is an [`io::Error`] around an [`OpenError`]: of kind `UnexpectedEof` if the object is cut
/// off, else `InvalidData`. It is repeated by every further read. What was read before is an authentic
/// beginning of the object.
pub struct OpeningReader<R> {
    inner: R,
    opener: Opener,
    state: State,
    /// One sealed chunk, then its plaintext.
    slot: Box<[u8]>,
    /// The number of the chunk that is read next.
    number: u64,
}

#[derive(Clone, Copy)]
enum State {
    /// So many bytes of the next sealed chunk are in the slot.
    Filling(usize),
    /// The plaintext in the slot, from `at` to `end`, is yet to be given out.
    Giving {
        at: usize,
        end: usize,
        last: bool,
    },
    Ended,
    Failed(OpenError),
}

impl<R: Read> OpeningReader<R> {
    /// Reads the prologue and prepares to open what follows.
    ///
    /// # Errors
    /// What the reader returns, or an [`OpenError`] inside an [`io::Error`].
    pub fn new(mut inner: R, key: &GenerationKey, binding: Binding<'_>) -> io::Result<Self> {
        let prologue = read_prologue(&mut inner)?;
        let opener = key.opener(&prologue, binding).map_err(failed)?;
        Ok(Self::with_opener(inner, opener))
    }

    /// Opens what follows a prologue that was already read.
    #[must_use]
    pub fn with_opener(inner: R, opener: Opener) -> Self {
        Self {
            inner,
            opener,
            state: State::Filling(0),
            slot: vec![0; SEALED_CHUNK_LEN].into_boxed_slice(),
            number: 0,
        }
    }

    fn open_next(&mut self, filled: usize) -> Result<State, OpenError> {
        let number = self.number;
        if filled == SEALED_CHUNK_LEN {
            self.opener.open_slots_in_place(number, &mut self.slot)?;
            self.number = number.saturating_add(1);
            return Ok(State::Giving {
                at: 0,
                end: CHUNK_LEN,
                last: false,
            });
        }
        if filled < TAG_LEN {
            let sealed = number
                .saturating_mul(SEALED_CHUNK_LEN as u64)
                .saturating_add((PROLOGUE_LEN + filled) as u64);
            return Err(LengthError::Truncated { sealed }.into());
        }
        let (last, _) = self.slot.split_at_mut(filled);
        let end = self.opener.open_last_in_place(number, last)?.len();
        Ok(State::Giving {
            at: 0,
            end,
            last: true,
        })
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Filling(filled) => {
                    let mut at = filled;
                    let result = fill(&mut self.inner, &mut self.slot, &mut at);
                    self.state = State::Filling(at);
                    result?;
                    self.state = self.open_next(at).unwrap_or_else(State::Failed);
                }
                State::Giving { at, end, last } if at < end => {
                    let (plain, _) = self.slot.split_at(end);
                    let (_, plain) = plain.split_at(at);
                    let given = plain.len().min(out.len());
                    out.split_at_mut(given)
                        .0
                        .copy_from_slice(plain.split_at(given).0);
                    self.state = State::Giving {
                        at: at + given,
                        end,
                        last,
                    };
                    return Ok(given);
                }
                State::Giving { last: true, .. } => self.state = State::Ended,
                State::Giving { last: false, .. } => self.state = State::Filling(0),
                State::Ended => return Ok(0),
                State::Failed(error) => return Err(failed(error)),
            }
        }
    }
}

impl<R> fmt::Debug for OpeningReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpeningReader")
            .field("next_chunk", &self.number)
            .finish_non_exhaustive()
    }
}

/// Reads until `buffer` is full or the reader ends; `at` counts on, so that a reader that fails for a
/// while can be asked again.
fn fill<R: Read>(inner: &mut R, buffer: &mut [u8], at: &mut usize) -> io::Result<()> {
    while *at < buffer.len() {
        let (_, room) = buffer.split_at_mut(*at);
        match inner.read(room) {
            Ok(0) => break,
            Ok(read) => *at = at.saturating_add(read).min(buffer.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn failed(error: OpenError) -> io::Error {
    let kind = match error {
        OpenError::Length(LengthError::NoPrologue { .. } | LengthError::Truncated { .. })
        | OpenError::Message(cobblestone::OpenError::Truncated { .. }) => {
            io::ErrorKind::UnexpectedEof
        }
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}
