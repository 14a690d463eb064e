//! Finds any of very many texts in a stream of bytes.
//!
//! Why not an automaton: a hundred thousand files make nine hundred thousand texts of 32 to 64
//! bytes. The `aho-corasick` crate took 350 MB to build for a tenth of these, and then searched 47
//! MB/s on one core, because its states leave the cache at every byte. Here no text is kept: a hash,
//! and some 40 bytes in all, stand for one, and its owner writes it anew in the rare case that it
//! must be compared.
//!
//! Every text has at least 32 bytes, so wherever one lies it covers a whole aligned word of eight. Of
//! each text the words that could be that one, eight of them, are in a filter. Ciphertext, which is
//! what is searched, is dismissed by one look into the filter for every eight bytes.

use super::form::{LONGEST, SHORTEST, Text};

/// How many bytes one look takes in, and how far apart the looks are. The first word looked at that
/// does not begin before a text ends at most 15 bytes into it, which every text has.
const WORD: usize = 8;

const _: () = assert!(2 * WORD - 1 <= SHORTEST);

/// The texts that are sought, by number.
pub(super) trait Texts {
    /// The text with this number; `None` when there is none.
    fn text(&self, number: u32) -> Option<Text>;
}

/// An index over texts of [`SHORTEST`] to [`LONGEST`] bytes.
pub(super) struct Matcher {
    /// The eight bytes of every text from each of its first eight places.
    words: Filter,
    /// The first [`SHORTEST`] bytes of every text.
    heads: Filter,
    /// The hash of every whole text and its number, sorted.
    whole: Vec<(u64, u32)>,
    /// Which lengths there are.
    lengths: Vec<usize>,
}

impl Matcher {
    /// Indexes the texts with the numbers below `end`.
    pub(super) fn new(texts: &impl Texts, end: u32) -> Self {
        let count = (0..end)
            .filter(|number| texts.text(*number).is_some())
            .count();
        let mut matcher = Self {
            words: Filter::new(count * WORD),
            heads: Filter::new(count),
            whole: Vec::with_capacity(count),
            lengths: Vec::new(),
        };
        for number in 0..end {
            let Some(text) = texts.text(number) else {
                continue;
            };
            let text = text.as_bytes();
            let Some(head) = text.get(..SHORTEST) else {
                continue;
            };
            for word in head.array_windows().take(WORD) {
                matcher.words.insert(hash_word(*word));
            }
            matcher.heads.insert(hash(head));
            matcher.whole.push((hash(text), number));
            if !matcher.lengths.contains(&text.len()) {
                matcher.lengths.push(text.len());
            }
        }
        matcher.whole.sort_unstable();
        matcher
    }

    /// Tells of every text in `bytes` that begins before `starts`: its place and number.
    pub(super) fn scan(
        &self,
        bytes: &[u8],
        starts: usize,
        texts: &impl Texts,
        mut found: impl FnMut(usize, u32),
    ) {
        let (words, _) = bytes.as_chunks::<WORD>();
        for (at, word) in words.iter().enumerate().take(starts.div_ceil(WORD) + 1) {
            if self.words.holds(hash_word(*word)) {
                // The texts for which this is the first word looked at.
                let at = at * WORD;
                for start in (at + 1).saturating_sub(WORD)..=at {
                    if start < starts {
                        let bytes = bytes.get(start..).unwrap_or_default();
                        self.look_closer(bytes, texts, |number| found(start, number));
                    }
                }
            }
        }
    }

    /// Tells of every text that `bytes` begins with.
    fn look_closer(&self, bytes: &[u8], texts: &impl Texts, mut found: impl FnMut(u32)) {
        if !bytes
            .get(..SHORTEST)
            .is_some_and(|head| self.heads.holds(hash(head)))
        {
            return;
        }
        for length in &self.lengths {
            let Some(bytes) = bytes.get(..*length) else {
                continue;
            };
            let hash = hash(bytes);
            let from = self.whole.partition_point(|(other, _)| *other < hash);
            let alike = self.whole.get(from..).unwrap_or_default();
            for (_, number) in alike.iter().take_while(|(other, _)| *other == hash) {
                if texts
                    .text(*number)
                    .is_some_and(|text| text.as_bytes() == bytes)
                {
                    found(*number);
                }
            }
        }
    }
}

/// How many bytes of one block must come again at the head of the next, so that a text across the
/// border is found once.
pub(super) const OVERLAP: usize = LONGEST - 1;

/// A set of hashes that says "no" for certain and "yes" perhaps: a Bloom filter with three bits of
/// one word for each, and room for 16, so that one hash in a hundred passes by chance.
struct Filter {
    bits: Vec<u64>,
    /// How far to shift a hash, so that its top bits are a place in the filter.
    shift: u32,
}

impl Filter {
    fn new(hashes: usize) -> Self {
        let words = hashes.div_ceil(4).next_power_of_two().max(16);
        Self {
            bits: vec![0; words],
            shift: 64 - words.trailing_zeros(),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the place is below a length in memory"
    )]
    fn place(&self, hash: u64) -> (usize, u64) {
        let bits = (1 << (hash >> 10 & 63)) | (1 << (hash >> 16 & 63)) | (1 << (hash >> 22 & 63));
        ((hash >> self.shift) as usize, bits)
    }

    fn insert(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bits;
        }
    }

    fn holds(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.bits.get(word).is_some_and(|word| word & bits == bits)
    }
}

/// An odd number without a pattern: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Folded first, because the middle bits of a product depend on the lower half of its factor alone.
fn hash_word(word: [u8; WORD]) -> u64 {
    let word = u64::from_le_bytes(word);
    (word ^ (word >> 32)).wrapping_mul(SPREAD)
}

fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let mut last = [0; WORD];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let start = bytes.len() as u64;
    // The last step spreads the low bits, which the filter's place does not depend on otherwise.
    words
        .iter()
        .chain([&last])
        .fold(start, |hash, word| mix(hash, *word))
        .wrapping_mul(SPREAD)
}

fn mix(hash: u64, word: [u8; WORD]) -> u64 {
    let mixed = (hash ^ u64::from_le_bytes(word)).wrapping_mul(SPREAD);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::form::SHAPES;
    use super::super::window::Window;
    use super::*;

    /// Windows in all their shapes, one number in seven left out.
    struct Shapes(Vec<Window>);

    impl Texts for Shapes {
        fn text(&self, number: u32) -> Option<Text> {
            let number = usize::try_from(number).unwrap();
            let window = self.0.get(number / SHAPES.len())?;
            let shape = SHAPES.get(number % SHAPES.len())?;
            if number % 7 == 3 {
                None
            } else {
                shape.text(window)
            }
        }
    }

    fn scanned(texts: &Shapes, end: u32, bytes: &[u8], block: usize) -> Vec<(usize, u32)> {
        let matcher = Matcher::new(texts, end);
        let mut found = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let until = bytes.len().min(at + block + OVERLAP);
            matcher.scan(&bytes[at..until], block, texts, |place, number| {
                found.push((at + place, number));
            });
            at += block;
        }
        found.sort_unstable();
        found
    }

    fn sought_naively(texts: &Shapes, end: u32, bytes: &[u8]) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        for number in 0..end {
            let Some(text) = texts.text(number) else {
                continue;
            };
            let text = text.as_bytes();
            let places = bytes.windows(text.len()).enumerate();
            found.extend(
                places
                    .filter(|(_, part)| *part == text)
                    .map(|(at, _)| (at, number)),
            );
        }
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_naive_search_finds(
            windows in proptest::collection::vec(
                // Few different bytes: windows share their beginnings and repeat in themselves.
                prop_oneof![
                    any::<Window>(),
                    proptest::array::uniform32(0..2_u8),
                    (any::<u8>(), 28..32_usize).prop_map(|(byte, at)| {
                        let mut window = [b'a'; 32];
                        window[at] = byte;
                        window
                    }),
                ],
                0..8,
            ),
            parts in proptest::collection::vec((any::<u32>(), 0..80_usize, any::<u8>()), 0..24),
            block in 1..300_usize,
        ) {
            let end = u32::try_from(windows.len() * SHAPES.len()).unwrap();
            let texts = Shapes(windows);
            let mut bytes = Vec::new();
            for (number, fill, byte) in parts {
                bytes.extend(std::iter::repeat_n(byte, if fill > 40 { 0 } else { fill }));
                if let Some(text) = texts.text(number % (end + 1)) {
                    bytes.extend_from_slice(text.as_bytes().get(..fill.max(20)).unwrap_or(text.as_bytes()));
                }
            }
            prop_assert_eq!(scanned(&texts, end, &bytes, block), sought_naively(&texts, end, &bytes));
        }
    }
    #[test]
    fn texts_of_one_hash_are_told_apart() {
        // The second word undoes what the first changed.
        let undone = |first: [u8; WORD]| {
            let state = mix(SHORTEST as u64, first);
            let mut window = [7; SHORTEST];
            window[..WORD].copy_from_slice(&first);
            window[WORD..2 * WORD].copy_from_slice(&state.to_le_bytes());
            window
        };
        let windows = [undone(*b"one word"), undone(*b"another.")];
        assert_eq!(hash(&windows[0]), hash(&windows[1]));
        let texts = Shapes(windows.to_vec());
        let end = u32::try_from(2 * SHAPES.len()).unwrap();
        let raw = |window: usize| u32::try_from(window * SHAPES.len()).unwrap();
        for (at, window) in windows.iter().enumerate() {
            assert_eq!(scanned(&texts, end, window, 8), [(0, raw(at))]);
        }
    }
}
