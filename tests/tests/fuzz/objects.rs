//! Sealed objects: headers, sizes, and valid objects that were changed.

use std::io::Read as _;
use std::panic::AssertUnwindSafe;

use bolero::{TypeGenerator, check};
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{
    Binding, BindingMode, Generation, GenerationKey, GenerationKeys, Header, Layout, OpeningReader,
    PROLOGUE_LEN, SEALED_CHUNK_LEN, plain_len, sealed_len,
};
use strongroom_crypto::{Provider, ResourceKey};

use crate::INPUTS;

const UID: ResourceUid = ResourceUid::from_bytes(*b"a resource's uid");
const PLACE: &[u8] = b"notes/plan.txt";

/// Two generations, so that a header can name one, the other, or neither.
pub(crate) fn keys(provider: &Provider) -> GenerationKeys {
    let key = |number: u8| {
        let key = ResourceKey::from_bytes(&mut [number; 32]);
        GenerationKey::new(provider, &key, UID, Generation::new(number.into()).unwrap())
    };
    GenerationKeys::new(key(2), [key(1)])
}

fn binding(mode: BindingMode) -> Binding<'static> {
    match mode {
        BindingMode::Location => Binding::Location(PLACE),
        BindingMode::Resource => Binding::Resource,
    }
}

/// A change of a valid object. Places are fractions of it, so that all of it is reached.
#[derive(Clone, Debug, TypeGenerator)]
pub(crate) enum Edit {
    Flip { at: u16, bit: u8 },
    Header { at: u8, byte: u8 },
    Cut { at: u16 },
    CutAtChunk { chunk: u8 },
    Extend { by: u8, byte: u8 },
    Remove { at: u16, length: u8 },
    Insert { at: u16, length: u8, byte: u8 },
    SwapChunks { a: u8, b: u8 },
    DoubleChunk { chunk: u8 },
    DropChunk { chunk: u8 },
    ChunkOfAnother { chunk: u8 },
    PrologueOfAnother,
}

fn place(at: u16, length: usize) -> usize {
    length * usize::from(at) / usize::from(u16::MAX)
}

/// Where a chunk of this number lies, taken round.
fn slot(chunk: u8, object: &[u8]) -> Option<std::ops::Range<usize>> {
    let chunks = object.len().checked_sub(PROLOGUE_LEN)? / SEALED_CHUNK_LEN;
    let chunk = usize::from(chunk).checked_rem(chunks)?;
    let start = PROLOGUE_LEN + chunk * SEALED_CHUNK_LEN;
    Some(start..start + SEALED_CHUNK_LEN)
}

/// Changes `object`; `other` is another of the same key and place.
pub(crate) fn edit(object: &mut Vec<u8>, other: &[u8], edit: &Edit) {
    let length = object.len();
    match *edit {
        Edit::Flip { at, bit } => {
            if let Some(byte) = object.get_mut(place(at, length.saturating_sub(1))) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Edit::Header { at, byte } => {
            if let Some(there) = object.get_mut(usize::from(at) % PROLOGUE_LEN) {
                *there = byte;
            }
        }
        Edit::Cut { at } => object.truncate(place(at, length)),
        Edit::CutAtChunk { chunk } => {
            if let Some(slot) = slot(chunk, object) {
                object.truncate(slot.end);
            }
        }
        Edit::Extend { by, byte } => object.resize(length + usize::from(by), byte),
        Edit::Remove { at, length: gone } => {
            let start = place(at, length);
            object.drain(start..length.min(start + usize::from(gone)));
        }
        Edit::Insert {
            at,
            length: more,
            byte,
        } => {
            let start = place(at, length);
            object.splice(start..start, vec![byte; usize::from(more)]);
        }
        Edit::SwapChunks { a, b } => {
            if let (Some(a), Some(b)) = (slot(a, object), slot(b, object)) {
                let (one, two) = (object[a.clone()].to_vec(), object[b.clone()].to_vec());
                object[a].copy_from_slice(&two);
                object[b].copy_from_slice(&one);
            }
        }
        Edit::DoubleChunk { chunk } => {
            if let Some(slot) = slot(chunk, object) {
                let chunk = object[slot.clone()].to_vec();
                object.splice(slot.start..slot.start, chunk);
            }
        }
        Edit::DropChunk { chunk } => {
            if let Some(slot) = slot(chunk, object) {
                object.drain(slot);
            }
        }
        Edit::ChunkOfAnother { chunk } => {
            if let Some(slot) = slot(chunk, object)
                && let Some(theirs) = other.get(slot.clone())
            {
                object[slot].copy_from_slice(theirs);
            }
        }
        Edit::PrologueOfAnother => {
            if let (Some(ours), Some(theirs)) =
                (object.get_mut(..PROLOGUE_LEN), other.get(..PROLOGUE_LEN))
            {
                ours.copy_from_slice(theirs);
            }
        }
    }
}

/// A length near a border of chunks, or a short one.
pub(crate) fn length(seed: u16) -> usize {
    let near = usize::from(seed >> 4) % 40;
    match seed % 5 {
        0 => near,
        chunks => usize::from(chunks) * 16_384 + near - 20,
    }
}

/// Opens in every way: all of them take it or all refuse it, and a stream gives out no more than an
/// authentic beginning.
fn open_every_way(keys: &GenerationKeys, mode: BindingMode, object: &[u8], plain: &[u8]) -> bool {
    let opened = keys.open_to_vec(binding(mode), object);
    let header = Header::parse(object);
    if let Ok(opened) = &opened {
        assert!(opened == plain);
        assert_eq!(plain_len(object.len() as u64), Ok(plain.len() as u64));
    }
    let Ok(key) = header
        .map_err(drop)
        .and_then(|header| keys.key(header.generation).map_err(drop))
    else {
        assert!(opened.is_err());
        return false;
    };
    let mut buffer = object.to_vec();
    let in_place = key.open_in_place(binding(mode), &mut buffer);
    assert_eq!(in_place.is_ok(), opened.is_ok());
    assert!(buffer.is_empty() || buffer == plain);
    let mut read = Vec::new();
    let streamed = OpeningReader::new(object, key, binding(mode))
        .and_then(|mut reader| reader.read_to_end(&mut read));
    assert_eq!(streamed.is_ok(), opened.is_ok());
    assert!(plain.starts_with(&read));
    opened.is_ok()
}

#[test]
fn changed() {
    let provider = strongroom_crypto::aws_lc_rs::PROVIDER;
    let keys = AssertUnwindSafe(keys(&provider));
    check!()
        .with_iterations(INPUTS)
        .with_type::<(u16, bool, bool, Vec<Edit>)>()
        .for_each(|(seed, bound, older, edits)| {
            let keys = &keys;
            let mode = if *bound {
                BindingMode::Location
            } else {
                BindingMode::Resource
            };
            let generation = Generation::new(if *older { 1 } else { 2 }).unwrap();
            let key = keys.key(generation).unwrap();
            let plain: Vec<u8> = (0..=250).cycle().take(length(*seed)).collect();
            let object = key.seal_to_vec(binding(mode), &plain).unwrap();
            let other = key.seal_to_vec(binding(mode), &plain).unwrap();
            let mut changed = object.clone();
            for one in edits.iter().take(4) {
                edit(&mut changed, &other, one);
            }
            let opened = open_every_way(keys, mode, &changed, &plain);
            // Every byte is authenticated: what opens is what was sealed.
            assert_eq!(opened, changed == object || changed == other);
        });
}

#[test]
fn bytes() {
    let keys = AssertUnwindSafe(keys(&strongroom_crypto::ring::PROVIDER));
    check!().with_iterations(INPUTS).for_each(|bytes| {
        let keys = &keys;
        for mode in [BindingMode::Location, BindingMode::Resource] {
            // Nobody sealed it.
            assert!(!open_every_way(keys, mode, bytes, &[]));
        }
    });
}

#[test]
fn header() {
    check!().with_iterations(INPUTS).for_each(|bytes| {
        if let Ok(header) = Header::parse(bytes) {
            assert!(bytes.starts_with(&header.to_bytes()));
        }
    });
}

#[test]
fn sizes() {
    check!()
        .with_iterations(INPUTS)
        .with_type::<(u64, u64, u64)>()
        .for_each(|(size, start, end)| {
            if let Ok(plain) = plain_len(*size) {
                assert_eq!(sealed_len(plain), Ok(*size));
            }
            if let Ok(sealed) = sealed_len(*size) {
                assert_eq!(plain_len(sealed), Ok(*size));
            }
            if let Ok(layout) = Layout::from_sealed_len(*size) {
                let range = layout.sealed_range(*start..*end);
                assert!(range.end <= *size && range.start <= *size);
                assert!(layout.chunk_of(*start) <= layout.full_chunks());
            }
        });
}
