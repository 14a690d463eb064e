//! Sealing and opening in memory, against the same library's own calls on the same bytes.

use std::hint::black_box;
use std::thread;

use strongroom_benches::{PROVIDERS, data, generation_key};
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, GenerationKey, PROLOGUE_LEN, SEALED_CHUNK_LEN, Sealer,
};
use strongroom_crypto::{KEY_LEN, NONCE_LEN, Nonce, Provider, SealingKey, Tag};

use crate::pair::{Table, Work};

const BINDING: Binding<'static> = Binding::Location(b"a/path/of/the/usual/length.bin");
const LARGE: [(&str, usize); 2] = [("1 MiB", 1 << 20), ("64 MiB", 64 << 20)];
/// Context and salt of an object whose path is of the usual length.
const INFO_LEN: usize = 144;

pub(crate) fn measure(table: &mut Table) {
    for provider in PROVIDERS {
        let key = generation_key(provider);
        for (label, size) in LARGE {
            seal_in_place(table, provider, &key, label, size);
            open(table, provider, &key, label, size);
            seal_into_fresh(table, provider, &key, label, size);
        }
        two_cores(table, provider, &key);
        one_kibibyte(table, provider, &key);
    }
}

/// A key of the library itself, and a nonce that it has not seen.
pub(crate) struct Bare {
    key: Box<dyn SealingKey>,
    used: u64,
}

impl Bare {
    pub(crate) fn new(provider: &Provider) -> Self {
        Self {
            key: provider.aead.sealing_key(&[7; KEY_LEN]).unwrap(),
            used: 0,
        }
    }

    pub(crate) fn seal(&mut self, bytes: &mut [u8]) -> Tag {
        self.used += 1;
        self.key.seal(nonce(self.used), &[], bytes).unwrap()
    }
}

/// The nonce of the message of this number.
pub(crate) fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    nonce
}

fn seal_in_place(
    table: &mut Table,
    provider: &Provider,
    key: &GenerationKey,
    label: &str,
    size: usize,
) {
    let mut slots = data(size / CHUNK_LEN * SEALED_CHUNK_LEN);
    let mut plain = data(size);
    let mut bare = Bare::new(provider);
    table.row(
        &format!("seal {label} in place ÷ bare ({})", provider.name),
        Work::Bytes(size),
        || {
            let mut sealer = key.sealer(BINDING).unwrap();
            sealer.seal_slots_in_place(&mut slots).unwrap();
            black_box(sealer.finish_in_place(&mut []).unwrap());
        },
        || {
            for chunk in plain.chunks_mut(CHUNK_LEN) {
                black_box(bare.seal(chunk));
            }
        },
    );
}

fn open(table: &mut Table, provider: &Provider, key: &GenerationKey, label: &str, size: usize) {
    let sealed = key.seal_to_vec(BINDING, &data(size)).unwrap();
    let (prologue, body) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
    let (full, last) = body.split_at(size / CHUNK_LEN * SEALED_CHUNK_LEN);
    let mut out = vec![0; size];

    let mut bare_sealed = data(size);
    let mut bare = Bare::new(provider);
    let tags: Vec<Tag> = bare_sealed
        .chunks_mut(CHUNK_LEN)
        .map(|chunk| bare.seal(chunk))
        .collect();
    let opening = provider.aead.opening_key(&[7; KEY_LEN]).unwrap();
    let mut bare_out = vec![0; size];

    table.row(
        &format!("open {label} ÷ bare ({})", provider.name),
        Work::Bytes(size),
        || {
            let opener = key.opener(prologue, BINDING).unwrap();
            opener.open_chunks(0, full, &mut out).unwrap();
            let chunks = (size / CHUNK_LEN) as u64;
            opener.open_last(chunks, last, &mut []).unwrap();
        },
        || {
            let chunks = bare_sealed.chunks(CHUNK_LEN);
            let outs = bare_out.chunks_mut(CHUNK_LEN);
            for (number, ((chunk, tag), out)) in (1..).zip(chunks.zip(&tags).zip(outs)) {
                let nonce = nonce(number);
                opening.open_into(nonce, &[], chunk, tag, out).unwrap();
            }
        },
    );
}

fn seal_into_fresh(
    table: &mut Table,
    provider: &Provider,
    key: &GenerationKey,
    label: &str,
    size: usize,
) {
    let plain = data(size);
    let mut bare = Bare::new(provider);
    table.row(
        &format!(
            "seal {label} into a fresh buffer ÷ copy and bare ({})",
            provider.name
        ),
        Work::Bytes(size),
        || {
            black_box(key.seal_to_vec(BINDING, &plain).unwrap());
        },
        || {
            let mut copy = plain.clone();
            bare.seal(&mut copy);
            black_box(copy);
        },
    );
}

fn two_cores(table: &mut Table, provider: &Provider, key: &GenerationKey) {
    for (label, size) in [("16 MiB", 16 << 20), ("64 MiB", 64 << 20)] {
        let mut slots = data(size / CHUNK_LEN * SEALED_CHUNK_LEN);
        let mut same = slots.clone();
        table.row(
            &format!("seal {label} on two cores ÷ on one ({})", provider.name),
            Work::Bytes(size),
            || {
                let sealer = key.sealer(BINDING).unwrap();
                black_box(seal_on_two(sealer, &mut slots));
            },
            || {
                let mut sealer = key.sealer(BINDING).unwrap();
                sealer.seal_slots_in_place(&mut same).unwrap();
                black_box(sealer.finish_in_place(&mut []).unwrap());
            },
        );
    }
}

/// Each half is a run of its own.
fn seal_on_two(mut sealer: Sealer, slots: &mut [u8]) -> Tag {
    let (left, right) = slots.split_at_mut(slots.len() / 2);
    let mut runs = [&left, &right].map(|half| {
        let chunks = (half.len() / SEALED_CHUNK_LEN) as u64;
        sealer.run(chunks).unwrap()
    });
    let [first, second] = &mut runs;
    thread::scope(|scope| {
        scope.spawn(|| first.seal_slots_in_place(left).unwrap());
        second.seal_slots_in_place(right).unwrap();
    });
    sealer.finish_in_place(&mut []).unwrap()
}

fn one_kibibyte(table: &mut Table, provider: &Provider, key: &GenerationKey) {
    let prk = provider.hkdf.prk(&[7; KEY_LEN]);
    let derive = || {
        let mut okm = [0; 76];
        prk.expand(&[&[1; INFO_LEN]], &mut okm).unwrap();
        let (key, _) = okm.split_first_chunk::<KEY_LEN>().unwrap();
        *key
    };
    let mut plain = data(1 << 10);
    let mut same = plain.clone();
    table.row(
        &format!("seal 1 KiB ÷ its parts ({})", provider.name),
        Work::Operations(1),
        || {
            let sealer = key.sealer(BINDING).unwrap();
            black_box(sealer.finish_in_place(&mut plain).unwrap());
        },
        || {
            let mut salt = [0; 24];
            provider.random.fill(&mut salt).unwrap();
            black_box(salt);
            let mut key = provider.aead.sealing_key(&derive()).unwrap();
            black_box(key.seal(nonce(1), &[], &mut same).unwrap());
        },
    );

    let sealed = key.seal_to_vec(BINDING, &plain).unwrap();
    let (prologue, last) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
    let mut out = vec![0; plain.len()];
    let mut key_of_all = provider.aead.sealing_key(&derive()).unwrap();
    let tag = key_of_all.seal(nonce(1), &[], &mut same).unwrap();
    let mut bare_out = vec![0; same.len()];
    table.row(
        &format!("open 1 KiB ÷ its parts ({})", provider.name),
        Work::Operations(1),
        || {
            let opener = key.opener(prologue, BINDING).unwrap();
            opener.open_last(0, last, &mut out).unwrap();
        },
        || {
            let key = provider.aead.opening_key(&derive()).unwrap();
            let opened = key.open_into(nonce(1), &[], &same, &tag, &mut bare_out);
            opened.unwrap();
        },
    );
}
