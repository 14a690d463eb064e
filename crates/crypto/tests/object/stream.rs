//! Readers and writers that stop, stutter and fail.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};

use proptest::prelude::*;
use strongroom_crypto::TAG_LEN;
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, LengthError, OpenError, OpeningReader, PROLOGUE_LEN, SEALED_CHUNK_LEN,
    SealError, SealingWriter, read_prologue,
};

use crate::support::{key, lengths, plaintext, provider};

const PLACE: Binding<'static> = Binding::Location(b"here");

/// Gives a few bytes at a time, and now and then an error that passes.
struct Stuttering<'a> {
    bytes: &'a [u8],
    step: usize,
    calls: &'a Cell<usize>,
    error: ErrorKind,
}

impl Read for Stuttering<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get().is_multiple_of(3) {
            return Err(self.error.into());
        }
        let step = self.step.min(out.len());
        self.bytes.read(&mut out[..step])
    }
}

/// Takes so many bytes, then fails once and takes everything again.
#[derive(Debug)]
struct FailsOnce {
    taken: Vec<u8>,
    room: usize,
}

impl Write for FailsOnce {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            self.room = usize::MAX;
            return Err(ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        self.taken.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn typed<E: std::error::Error + Copy + 'static>(error: &io::Error) -> E {
    *error.get_ref().unwrap().downcast_ref().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_stuttering_reader_is_read_to_its_end(
        length in lengths(),
        step in prop_oneof![1..9_usize, 1..30_000_usize],
        blocks in any::<bool>(),
    ) {
        let plain = plaintext(length.min(40_000));
        let key = key(&provider());
        let sealed = key.seal_to_vec(PLACE, &plain).unwrap();
        let (prologue, body) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
        let error = if blocks { ErrorKind::WouldBlock } else { ErrorKind::Interrupted };
        let calls = Cell::new(0);
        let inner = Stuttering { bytes: body, step, calls: &calls, error };
        let opener = key.opener(prologue, PLACE).unwrap();
        let mut reader = OpeningReader::with_opener(inner, opener);
        let (mut read, mut block, mut blocked) = (Vec::new(), vec![0; 10_000], 0);
        loop {
            match reader.read(&mut block) {
                Ok(0) => break,
                Ok(given) => read.extend_from_slice(&block[..given]),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    blocked += 1;
                }
            }
        }
        prop_assert!(read == plain);
        // Each is handed on; what was merely interrupted is asked again.
        prop_assert_eq!(blocked, if blocks { calls.get() / 3 } else { 0 });
    }

    #[test]
    fn f16_a_cut_stream_ends_in_an_error_and_stays_there(
        length in lengths(),
        cut in any::<prop::sample::Index>(),
        behind_a_border in prop::option::of(0..20_usize),
    ) {
        let plain = plaintext(length);
        let key = key(&provider());
        let mut sealed = key.seal_to_vec(PLACE, &plain).unwrap();
        let cut = match behind_a_border {
            None => cut.index(sealed.len()),
            Some(more) => {
                let chunks = cut.index(length / CHUNK_LEN + 1);
                PROLOGUE_LEN + chunks * SEALED_CHUNK_LEN + more
            }
        };
        sealed.truncate(cut.min(sealed.len() - 1));
        let mut read = Vec::new();
        let error = match OpeningReader::new(&sealed[..], &key, PLACE) {
            Err(error) => error,
            Ok(mut reader) => {
                let error = reader.read_to_end(&mut read).unwrap_err();
                let again = reader.read(&mut [0; 10]).unwrap_err();
                prop_assert_eq!(typed::<OpenError>(&again), typed::<OpenError>(&error));
                error
            }
        };
        prop_assert!(plain.starts_with(&read));
        prop_assert_eq!(read.len() % CHUNK_LEN, 0);
        // Whether the length alone tells depends on where the cut is; that it is an error does not.
        let expected = match typed(&error) {
            OpenError::Length(
                LengthError::NoPrologue { sealed: told } | LengthError::Truncated { sealed: told },
            ) => {
                prop_assert_eq!(told, sealed.len() as u64);
                ErrorKind::UnexpectedEof
            }
            OpenError::Authentication => ErrorKind::InvalidData,
            other => panic!("{other}"),
        };
        prop_assert_eq!(error.kind(), expected);
    }

    #[test]
    fn any_bytes_are_refused_by_a_reader(bytes: Vec<u8>, after_header in any::<bool>()) {
        let key = key(&provider());
        let mut stored = Vec::new();
        if after_header {
            stored.extend_from_slice(key.sealer(PLACE).unwrap().prologue());
        }
        stored.extend_from_slice(&bytes);
        let mut read = Vec::new();
        let outcome = OpeningReader::new(&stored[..], &key, PLACE)
            .and_then(|mut reader| reader.read_to_end(&mut read));
        prop_assert!(outcome.is_err());
        prop_assert!(read.is_empty());
    }
}

#[test]
fn f16_no_byte_of_a_bad_chunk_is_given_out() {
    let key = key(&provider());
    let plain = plaintext(3 * CHUNK_LEN);
    let mut sealed = key.seal_to_vec(PLACE, &plain).unwrap();
    sealed[PROLOGUE_LEN + SEALED_CHUNK_LEN + 100] ^= 1;
    let mut reader = OpeningReader::new(&sealed[..], &key, PLACE).unwrap();
    let mut read = Vec::new();
    let error = reader.read_to_end(&mut read).unwrap_err();
    assert_eq!(typed::<OpenError>(&error), OpenError::Authentication);
    assert!(read == plain[..CHUNK_LEN]);
}

/// Notes how many bytes it is given at once.
#[derive(Debug, Default)]
struct Noted(Vec<usize>);

impl Write for Noted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_gathers_four_chunks_for_one_write() {
    let sealer = key(&provider()).sealer(PLACE).unwrap();
    let mut writer = SealingWriter::new(sealer, Noted::default());
    writer.write_all(&plaintext(9 * CHUNK_LEN)).unwrap();
    let four = 4 * SEALED_CHUNK_LEN;
    let rest = SEALED_CHUNK_LEN + TAG_LEN;
    let Noted(writes) = writer.finish().unwrap();
    assert_eq!(writes, [PROLOGUE_LEN + four, four, rest]);
}

#[test]
fn a_writer_that_failed_is_not_written_to_again() {
    let plain = plaintext(20 * CHUNK_LEN);
    let whole = key(&provider()).seal_to_vec(PLACE, &plain).unwrap().len();
    for room in [0, 10, PROLOGUE_LEN, 100_000, whole - 1] {
        let key = key(&provider());
        let mut inner = FailsOnce {
            taken: Vec::new(),
            room,
        };
        let mut writer = SealingWriter::new(key.sealer(PLACE).unwrap(), &mut inner);
        let mut failed = None;
        for part in plain.chunks(9_000) {
            match writer.write_all(part) {
                Ok(()) => assert!(failed.is_none(), "went on after an error"),
                Err(error) => {
                    if failed.is_some() {
                        assert_eq!(typed::<SealError>(&error), SealError::Spent);
                    }
                    failed = Some(error);
                }
            }
        }
        if failed.is_some() {
            assert_eq!(writer.flush().unwrap_err().kind(), ErrorKind::Other);
        }
        writer.finish().unwrap_err();
        assert_eq!(inner.taken.len(), room);
        key.open_to_vec(PLACE, &inner.taken).unwrap_err();
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_no_object() {
    let key = key(&provider());
    let mut out = Vec::new();
    let mut writer = SealingWriter::new(key.sealer(PLACE).unwrap(), &mut out);
    writer.write_all(&plaintext(2 * CHUNK_LEN + 5)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(out.len(), PROLOGUE_LEN + 2 * SEALED_CHUNK_LEN);
    key.open_to_vec(PLACE, &out).unwrap_err();
}

#[test]
fn a_prologue_that_is_cut_off_is_an_early_end() {
    let bytes = [0; PROLOGUE_LEN - 1];
    let error = read_prologue(&mut &bytes[..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}
