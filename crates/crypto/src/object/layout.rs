//! Sizes and offsets in closed form: no request is needed to know one from the other (F12–F16).

use std::ops::Range;

use super::{LengthError, MAX_PLAIN_LEN, PROLOGUE_LEN};
use crate::TAG_LEN;
use crate::cobblestone::{CHUNK, SEALED_CHUNK_LEN};

const PROLOGUE: u64 = PROLOGUE_LEN as u64;
const SEALED_CHUNK: u64 = SEALED_CHUNK_LEN as u64;
const TAG: u64 = TAG_LEN as u64;

/// The stored size of an object of `plain` bytes.
///
/// # Errors
/// [`LengthError::TooLong`] beyond [`MAX_PLAIN_LEN`].
pub fn sealed_len(plain: u64) -> Result<u64, LengthError> {
    Layout::from_plain_len(plain).map(Layout::sealed_len)
}

/// The plaintext size of an object that is `sealed` bytes in storage. Computed, not authenticated:
/// only opening the last chunk proves it.
///
/// # Errors
/// A [`LengthError`] if no plaintext gives this size.
pub fn plain_len(sealed: u64) -> Result<u64, LengthError> {
    Layout::from_sealed_len(sealed).map(Layout::plain_len)
}

/// Where the chunks of an object of a known size lie.
///
/// ```
/// use strongroom_crypto::object::Layout;
///
/// // A range read of plaintext bytes 20,000 to 20,010 needs one chunk.
/// let layout = Layout::from_sealed_len(40_136)?;
/// assert_eq!(layout.plain_len(), 40_016);
/// let chunk = layout.chunk_of(20_000);
/// assert_eq!(chunk, 1);
/// assert_eq!(layout.sealed_range(chunk..chunk + 1), 16_472..32_872);
/// # Ok::<(), strongroom_crypto::object::LengthError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    // INVARIANT: at most MAX_PLAIN_LEN, so that no sum below overflows.
    plain: u64,
}

impl Layout {
    /// The layout of an object of `plain` bytes of plaintext.
    ///
    /// # Errors
    /// [`LengthError::TooLong`] beyond [`MAX_PLAIN_LEN`].
    pub const fn from_plain_len(plain: u64) -> Result<Self, LengthError> {
        if plain > MAX_PLAIN_LEN {
            return Err(LengthError::TooLong { plain });
        }
        Ok(Self { plain })
    }

    /// The layout of an object that is `sealed` bytes in storage.
    ///
    /// # Errors
    /// A [`LengthError`] if no plaintext gives this size.
    pub const fn from_sealed_len(sealed: u64) -> Result<Self, LengthError> {
        let Some(body) = sealed.checked_sub(PROLOGUE) else {
            return Err(LengthError::NoPrologue { sealed });
        };
        let Some(last) = (body % SEALED_CHUNK).checked_sub(TAG) else {
            return Err(LengthError::Truncated { sealed });
        };
        // Cannot overflow: there are fewer plaintext bytes than stored bytes.
        let plain = (body / SEALED_CHUNK) * CHUNK + last;
        if plain > MAX_PLAIN_LEN {
            return Err(LengthError::Oversized { sealed });
        }
        Ok(Self { plain })
    }

    /// Bytes of plaintext.
    #[must_use]
    pub const fn plain_len(self) -> u64 {
        self.plain
    }

    /// Bytes in storage.
    #[must_use]
    pub const fn sealed_len(self) -> u64 {
        PROLOGUE + self.plain + (self.full_chunks() + 1) * TAG
    }

    /// How many full chunks there are, which is the number of the last chunk.
    #[must_use]
    pub const fn full_chunks(self) -> u64 {
        self.plain / CHUNK
    }

    /// Bytes of plaintext in the last chunk: fewer than [`CHUNK_LEN`](super::CHUNK_LEN), maybe none.
    #[must_use]
    pub const fn last_len(self) -> u64 {
        self.plain % CHUNK
    }

    /// The chunk that holds the plaintext byte at `offset`; the last chunk for any offset beyond.
    #[must_use]
    pub const fn chunk_of(self, offset: u64) -> u64 {
        let chunk = offset / CHUNK;
        let last = self.full_chunks();
        if chunk < last { chunk } else { last }
    }

    /// The stored bytes of some consecutive chunks, clipped to the object.
    #[must_use]
    pub const fn sealed_range(self, chunks: Range<u64>) -> Range<u64> {
        let last = self.full_chunks();
        let start = if chunks.start <= last {
            PROLOGUE + chunks.start * SEALED_CHUNK
        } else {
            self.sealed_len()
        };
        let end = if chunks.end <= last {
            PROLOGUE + chunks.end * SEALED_CHUNK
        } else {
            self.sealed_len()
        };
        start..end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn f12_sizes_invert_each_other(plain in 0..=MAX_PLAIN_LEN) {
            prop_assert_eq!(plain_len(sealed_len(plain).unwrap()), Ok(plain));
        }

        #[test]
        fn a_stored_size_is_of_one_plaintext_or_of_none(sealed in any::<u64>()) {
            if let Ok(plain) = plain_len(sealed) {
                prop_assert_eq!(sealed_len(plain), Ok(sealed));
            }
        }

        #[test]
        fn f14_ranges_of_chunks_tile_the_object(plain in 0..=MAX_PLAIN_LEN, at in any::<u64>()) {
            let layout = Layout::from_plain_len(plain).unwrap();
            let last = layout.full_chunks();
            let middle = at % (last + 1);
            let left = layout.sealed_range(0..middle);
            let right = layout.sealed_range(middle..last + 1);
            prop_assert_eq!(left.start, PROLOGUE);
            prop_assert_eq!(left.end, right.start);
            prop_assert_eq!(right.end, layout.sealed_len());
            prop_assert_eq!(layout.sealed_range(at..u64::MAX).end, layout.sealed_len());
        }

        #[test]
        fn f14_every_byte_has_its_chunk(plain in 0..=MAX_PLAIN_LEN, at in any::<u64>()) {
            let layout = Layout::from_plain_len(plain).unwrap();
            let last = layout.full_chunks();
            prop_assert!(layout.last_len() < CHUNK);
            prop_assert_eq!(last * CHUNK + layout.last_len(), plain);
            prop_assert_eq!(layout.chunk_of(plain.saturating_add(at)), last);
            let at = at % (plain + 1);
            let chunk = layout.chunk_of(at);
            prop_assert!((chunk * CHUNK..(chunk + 1) * CHUNK).contains(&at));
        }
    }

    #[test]
    fn f12_every_small_stored_size_is_either_possible_or_refused() {
        let mut next = 0;
        for sealed in 0..=200_000 {
            let expected = sealed_len(next).unwrap();
            if sealed == expected {
                assert_eq!(plain_len(sealed), Ok(next));
                next += 1;
            } else if sealed < PROLOGUE {
                assert_eq!(plain_len(sealed), Err(LengthError::NoPrologue { sealed }));
            } else {
                assert_eq!(plain_len(sealed), Err(LengthError::Truncated { sealed }));
            }
        }
    }

    #[test]
    fn f13_the_longest_object_is_16_tib() {
        let most = sealed_len(MAX_PLAIN_LEN).unwrap();
        assert_eq!(plain_len(most), Ok(MAX_PLAIN_LEN));
        let sealed = most + 1;
        assert_eq!(plain_len(sealed), Err(LengthError::Oversized { sealed }));
        let plain = MAX_PLAIN_LEN + 1;
        assert_eq!(sealed_len(plain), Err(LengthError::TooLong { plain }));
    }
}
