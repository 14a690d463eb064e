//! Which 32 bytes of a file stand for it in the search.

use std::io::{self, Read, Seek, SeekFrom};

/// How many bytes a canary has.
pub(super) const WINDOW: usize = 32;

/// The bytes of a canary.
pub(super) type Window = [u8; WINDOW];

/// How many different bytes a window must hold: padding, rulers and zeros would be found by chance.
const DISTINCT: usize = 16;

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// The window that stands for these bytes, or `None` when no 32 bytes in a row hold 16 different
/// ones.
///
/// It is the first such window from the middle on, or else the first of all: beginnings are
/// licences, headers and magic numbers that many files share, also those of a data folder. Memory
/// is bounded, and reading ends at the window.
///
/// # Errors
/// What the reader answers.
pub(crate) fn pick_window(mut reader: impl Read + Seek) -> io::Result<Option<Window>> {
    let middle = reader.seek(SeekFrom::End(0))? / 2;
    reader.seek(SeekFrom::Start(middle))?;
    if let Some(window) = first_window(&mut reader)? {
        return Ok(Some(window));
    }
    reader.rewind()?;
    // A window that begins before the middle ends less than a window behind it.
    first_window(&mut reader.take(middle + WINDOW as u64 - 1))
}

fn first_window(reader: &mut impl Read) -> io::Result<Option<Window>> {
    let mut sliding = Sliding::new();
    let mut block = vec![0; BLOCK];
    loop {
        let count = match reader.read(&mut block) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for byte in block.iter().take(count) {
            if let Some(window) = sliding.push(*byte) {
                return Ok(Some(window));
            }
        }
    }
}

/// The last 32 bytes, and how often each byte value is among them.
struct Sliding {
    /// A ring: the oldest byte is at `next`.
    last: Window,
    next: usize,
    filled: usize,
    counts: [u8; 256],
    distinct: usize,
}

impl Sliding {
    fn new() -> Self {
        Self {
            last: [0; WINDOW],
            next: 0,
            filled: 0,
            counts: [0; 256],
            distinct: 0,
        }
    }

    /// Takes the next byte; answers the window that ends with it, if it is a good one.
    fn push(&mut self, byte: u8) -> Option<Window> {
        let old = std::mem::replace(self.last.get_mut(self.next)?, byte);
        self.next = (self.next + 1) % WINDOW;
        if self.filled == WINDOW {
            let count = self.counts.get_mut(usize::from(old))?;
            *count -= 1;
            self.distinct -= usize::from(*count == 0);
        } else {
            self.filled += 1;
        }
        let count = self.counts.get_mut(usize::from(byte))?;
        self.distinct += usize::from(*count == 0);
        *count += 1;
        (self.filled == WINDOW && self.distinct >= DISTINCT).then(|| {
            let mut window = self.last;
            window.rotate_left(self.next);
            window
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn picked(bytes: &[u8]) -> Option<Window> {
        pick_window(Cursor::new(bytes)).unwrap()
    }

    /// What [`pick_window`] says it does, said slowly.
    fn expected(bytes: &[u8]) -> Option<Window> {
        let good: Vec<_> = bytes
            .windows(WINDOW)
            .enumerate()
            .filter(|(_, window)| window.iter().collect::<BTreeSet<_>>().len() >= DISTINCT)
            .collect();
        let behind = good.iter().find(|(at, _)| *at >= bytes.len() / 2);
        behind
            .or(good.first())
            .map(|(_, window)| (*window).try_into().unwrap())
    }

    proptest! {
        #[test]
        fn the_window_is_the_first_good_one_from_the_middle_on(
            pieces in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..48),
                    proptest::collection::vec(0..18_u8, 0..80),
                    (any::<u8>(), 0..99_usize).prop_map(|(byte, count)| vec![byte; count]),
                ],
                0..6,
            ),
        ) {
            let bytes = pieces.concat();
            prop_assert_eq!(picked(&bytes), expected(&bytes));
        }
    }

    #[test]
    fn plain_files_have_none() {
        assert_eq!(picked(b""), None);
        assert_eq!(picked(&vec![7; 3 * BLOCK]), None);
        assert_eq!(
            picked(&(0..15).cycle().take(1000).collect::<Vec<u8>>()),
            None
        );
        let fifteen_of_31: Vec<u8> = (0..31).collect();
        assert_eq!(picked(&fifteen_of_31), None);
    }

    #[test]
    fn a_window_across_two_blocks_is_found() {
        let good: Window = std::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
        let mut bytes = vec![0; 4 * BLOCK];
        let at = 3 * BLOCK - 10;
        bytes[at..at + WINDOW].copy_from_slice(&good);
        // The first window with 16 different bytes: 17 zeros and the first 15 of the good ones.
        let found = picked(&bytes).unwrap();
        assert_eq!(found, bytes[at - 17..at + 15]);
    }
}
