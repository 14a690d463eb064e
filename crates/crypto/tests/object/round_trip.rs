//! Whatever is sealed in one way is opened in every other, with the same bytes from every provider.

use std::io::{Read as _, Write as _};
use std::thread;

use proptest::prelude::*;
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, GenerationKey, OpeningReader, PROLOGUE_LEN, SEALED_CHUNK_LEN,
    SealingWriter, sealed_len,
};
use strongroom_crypto::{Provider, TAG_LEN};

use crate::support::{BORDERS, key, lengths, plaintext, providers, with_salt};

const PLACE: Binding<'static> = Binding::Location(b"notes/2026/plan.txt");

fn in_place(key: &GenerationKey, plain: &[u8]) -> Vec<u8> {
    let mut buffer = plain.to_vec();
    key.seal_in_place(PLACE, &mut buffer).unwrap();
    buffer
}

fn by_chunks(key: &GenerationKey, plain: &[u8]) -> Vec<u8> {
    let mut sealer = key.sealer(PLACE).unwrap();
    let mut out = sealer.prologue().to_vec();
    let (chunks, last) = plain.as_chunks::<CHUNK_LEN>();
    for (n, chunk) in chunks.iter().enumerate() {
        if n % 2 == 0 {
            let mut sealed = vec![0; SEALED_CHUNK_LEN];
            sealer.seal_chunks(chunk, &mut sealed).unwrap();
            out.extend_from_slice(&sealed);
        } else {
            let mut chunk = *chunk;
            let tag = sealer.seal_chunk_in_place(&mut chunk).unwrap();
            out.extend_from_slice(&chunk);
            out.extend_from_slice(&tag);
        }
    }
    let mut sealed = vec![0; last.len() + TAG_LEN];
    sealer.finish(last, &mut sealed).unwrap();
    out.extend_from_slice(&sealed);
    out
}

/// Each chunk by a thread of its own, the last chunk first.
fn by_threads(key: &GenerationKey, plain: &[u8], run: usize) -> Vec<u8> {
    let mut sealer = key.sealer(PLACE).unwrap();
    let mut out = sealer.prologue().to_vec();
    let (chunks, last) = plain.as_chunks::<CHUNK_LEN>();
    let runs: Vec<_> = chunks
        .chunks(run)
        .map(|part| (part, sealer.run(part.len() as u64).unwrap()))
        .collect();
    let mut sealed_last = last.to_vec();
    let tag = sealer.finish_in_place(&mut sealed_last).unwrap();
    let parts: Vec<Vec<u8>> = thread::scope(|scope| {
        let threads: Vec<_> = runs
            .into_iter()
            .map(|(part, mut run)| {
                scope.spawn(move || {
                    let mut slots = Vec::new();
                    for chunk in part {
                        slots.extend_from_slice(chunk);
                        slots.extend_from_slice(&[0; TAG_LEN]);
                    }
                    run.seal_slots_in_place(&mut slots).unwrap();
                    assert_eq!(run.chunks_left(), 0);
                    slots
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    out.extend(parts.concat());
    out.extend_from_slice(&sealed_last);
    out.extend_from_slice(&tag);
    out
}

fn by_writer(key: &GenerationKey, plain: &[u8], step: usize) -> Vec<u8> {
    let mut writer = SealingWriter::new(key.sealer(PLACE).unwrap(), Vec::new());
    for (n, part) in plain.chunks(step).enumerate() {
        writer.write_all(part).unwrap();
        if n % 3 == 0 {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap()
}

fn open_every_way(key: &GenerationKey, sealed: &[u8], plain: &[u8], step: usize) {
    assert!(key.open_to_vec(PLACE, sealed).unwrap() == plain);

    let mut buffer = sealed.to_vec();
    key.open_in_place(PLACE, &mut buffer).unwrap();
    assert!(buffer == plain);

    let mut reader = OpeningReader::new(sealed, key, PLACE).unwrap();
    let mut read = Vec::new();
    let mut part = vec![0; step];
    loop {
        match reader.read(&mut part).unwrap() {
            0 => break,
            n => read.extend_from_slice(&part[..n]),
        }
    }
    assert!(read == plain);

    // Chunks alone, from the last to the first.
    let (prologue, body) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
    let opener = key.opener(prologue, PLACE).unwrap();
    let (slots, last) = body.as_chunks::<SEALED_CHUNK_LEN>();
    let full = slots.len() as u64;
    let mut last = last.to_vec();
    let opened = opener.open_last_in_place(full, &mut last).unwrap();
    assert!(opened == plain.as_chunks::<CHUNK_LEN>().1);
    let parts = slots.iter().zip(plain.as_chunks::<CHUNK_LEN>().0);
    for (number, (slot, chunk)) in parts.enumerate().rev() {
        let mut slot = *slot;
        let opened = opener
            .open_chunk_in_place(number as u64, &mut slot)
            .unwrap();
        assert!(opened == chunk);
    }
}

fn all_agree(providers: &[Provider], length: usize, step: usize) {
    let plain = plaintext(length);
    let keys: Vec<_> = providers
        .iter()
        .map(|provider| key(&with_salt(*provider, b"one salt for all of them")))
        .collect();
    let sealed = keys[0].seal_to_vec(PLACE, &plain).unwrap();
    assert_eq!(sealed.len() as u64, sealed_len(length as u64).unwrap());
    for key in &keys {
        assert!(key.seal_to_vec(PLACE, &plain).unwrap() == sealed);
        assert!(in_place(key, &plain) == sealed, "in place");
        assert!(by_chunks(key, &plain) == sealed, "by chunks");
        assert!(
            by_threads(key, &plain, 1 + step % 3) == sealed,
            "by threads"
        );
        assert!(by_writer(key, &plain, step) == sealed, "by writer");
        open_every_way(key, &sealed, &plain, step);
    }
}

#[test]
fn r02_every_way_and_every_provider_gives_the_same_bytes_at_the_borders() {
    for length in BORDERS {
        all_agree(&providers(), length, 1000);
    }
    // More than one group of the in-place seal, and the writer's buffer many times over.
    all_agree(&providers(), 131 * CHUNK_LEN + 7, 70_001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn r02_every_way_and_every_provider_gives_the_same_bytes(
        length in lengths(),
        step in prop_oneof![1..200_usize, 1..40_000_usize],
    ) {
        all_agree(&providers(), length, step);
    }
}

#[test]
fn what_one_provider_seals_every_other_opens() {
    let plain = plaintext(40_000);
    for sealing in providers() {
        let sealed = key(&sealing)
            .seal_to_vec(Binding::Resource, &plain)
            .unwrap();
        for opening in providers() {
            let opened = key(&opening).open_to_vec(Binding::Resource, &sealed);
            assert!(opened.unwrap() == plain);
        }
    }
}

#[test]
fn i06_every_object_has_a_prologue_of_its_own() {
    for provider in providers() {
        let key = key(&provider);
        let prologues: std::collections::HashSet<_> = (0..1000)
            .map(|_| *key.sealer(PLACE).unwrap().prologue())
            .collect();
        assert_eq!(prologues.len(), 1000);
    }
}
