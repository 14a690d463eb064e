//! Which chunks of an object answer a range (F14).

use std::ops::Range;

use bytes::Bytes;
use strongroom_crypto::object::{CHUNK_LEN, Layout, SEALED_CHUNK_LEN};

/// Which chunks to open, and which of their bytes were asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The first chunk to open.
    pub(super) first: u64,
    /// One past the last chunk to open.
    pub(super) end: u64,
    /// Whether the last of these is the object's last chunk, which is shorter than the others.
    pub(super) with_last: bool,
    /// Plaintext bytes of the first chunk that were not asked for.
    pub(super) skip: usize,
    /// Plaintext bytes that were asked for.
    pub(super) take: u64,
}

impl Window {
    /// The chunks that hold `range` of an object. The range is within it.
    pub(super) fn covering(range: &Range<u64>, layout: Layout) -> Self {
        let last = layout.full_chunks();
        let end = if range.end == layout.plain_len() {
            last + 1
        } else {
            range.end.div_ceil(CHUNK_LEN as u64)
        };
        Self {
            first: layout.chunk_of(range.start),
            end,
            with_last: end > last,
            skip: usize::try_from(range.start % CHUNK_LEN as u64).unwrap_or(0),
            take: range.end - range.start,
        }
    }

    /// The last chunk alone: opening it is what authenticates the length.
    pub(super) fn last(layout: Layout) -> Self {
        Self::covering(&(layout.plain_len()..layout.plain_len()), layout)
    }

    /// How many full chunks there are in it.
    pub(super) fn full_chunks(&self) -> u64 {
        self.end - self.first - u64::from(self.with_last)
    }

    /// Bytes of plaintext in its full chunks.
    pub(super) fn full_len(&self) -> usize {
        usize::try_from(self.full_chunks())
            .unwrap_or(usize::MAX)
            .saturating_mul(CHUNK_LEN)
    }

    /// Bytes of plaintext in its chunks.
    pub(super) fn plain_len(&self, layout: Layout) -> usize {
        let last = if self.with_last { layout.last_len() } else { 0 };
        self.full_len()
            .saturating_add(usize::try_from(last).unwrap_or(0))
    }

    /// The next `chunks` of it that begin with number `first`, or as many as there are. The object's
    /// last chunk, which is short, comes with those before it.
    pub(super) fn part(&self, first: u64, chunks: usize) -> Self {
        let last = self.end - u64::from(self.with_last);
        let end = last.min(first + chunks as u64);
        let with_last = self.with_last && end == last;
        Self {
            first,
            end: end + u64::from(with_last),
            with_last,
            ..*self
        }
    }

    /// What was asked for of the plaintext of its chunks.
    pub(super) fn wanted_of(&self, mut plain: Bytes) -> Bytes {
        let _ = plain.split_to(self.skip.min(plain.len()));
        plain.truncate(usize::try_from(self.take).unwrap_or(usize::MAX));
        plain
    }

    /// Its chunks as they are stored: the full ones, and what follows them. None if there is less.
    pub(super) fn split<'s>(&self, sealed: &'s [u8]) -> Option<(&'s [u8], &'s [u8])> {
        let full = usize::try_from(self.full_chunks()).unwrap_or(usize::MAX);
        sealed.split_at_checked(full.saturating_mul(SEALED_CHUNK_LEN))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_crypto::object::sealed_len;

    use super::*;

    const CHUNK: u64 = CHUNK_LEN as u64;

    fn layout(length: u64) -> Layout {
        Layout::from_sealed_len(sealed_len(length).unwrap()).unwrap()
    }

    /// A length, most often at a border of chunks or beside it.
    fn lengths() -> impl Strategy<Value = u64> {
        let chunks = prop_oneof![3 => 0..4_u64, 1 => 0..100_u64];
        let within = prop_oneof![2 => Just(0), 1 => Just(1), 1 => Just(CHUNK - 1), 2 => 0..CHUNK];
        (chunks, within).prop_map(|(chunks, n)| chunks * CHUNK + n)
    }

    /// The length of an object and a range within it.
    fn objects() -> impl Strategy<Value = (u64, Range<u64>)> {
        let beyond = prop_oneof![Just(0), 1..CHUNK, lengths()];
        (lengths(), lengths(), beyond).prop_map(|(start, length, beyond)| {
            let end = start + length;
            (end + beyond, start..end)
        })
    }

    proptest! {
        #[test]
        fn f14_a_window_is_the_chunks_that_its_range_touches((length, range) in objects()) {
            let layout = layout(length);
            let window = Window::covering(&range, layout);
            let (from, to) = (window.first * CHUNK, length.min(window.end * CHUNK));
            prop_assert!(from <= range.start && range.end <= to, "{window:?}");
            prop_assert_eq!(window.skip as u64, range.start - from);
            prop_assert_eq!(window.take, range.end - range.start);
            prop_assert_eq!(window.plain_len(layout) as u64, to - from);
            prop_assert_eq!(window.with_last, window.end == layout.full_chunks() + 1);
            // No chunk more: what goes to the end has the last chunk, which authenticates the length.
            prop_assert!(range.start - from < CHUNK);
            if range.end < length {
                prop_assert!(to - range.end < CHUNK);
            } else {
                prop_assert!(window.with_last);
            }
        }

        #[test]
        fn f14_parts_are_the_window_in_order((length, range) in objects(), chunks in 1..80_usize) {
            let layout = layout(length);
            let window = Window::covering(&range, layout);
            let (mut next, mut plain_len) = (window.first, 0);
            while next < window.end {
                let part = window.part(next, chunks);
                prop_assert_eq!(part.first, next);
                prop_assert!(part.end > next && part.full_chunks() <= chunks as u64, "{part:?}");
                prop_assert!(part.full_chunks() == chunks as u64 || part.end == window.end);
                prop_assert_eq!(part.with_last, window.with_last && part.end == window.end);
                plain_len += part.plain_len(layout);
                next = part.end;
            }
            prop_assert_eq!(next, window.end);
            prop_assert_eq!(plain_len, window.plain_len(layout));
        }

        #[test]
        fn f15_the_last_chunk_is_a_window_of_its_own(length in lengths()) {
            let layout = layout(length);
            let last = Window::last(layout);
            prop_assert_eq!((last.first, last.end), (length / CHUNK, length / CHUNK + 1));
            prop_assert!(last.with_last);
            prop_assert_eq!(last.take, 0);
            prop_assert_eq!(last.plain_len(layout) as u64, length % CHUNK);
        }
    }
}
