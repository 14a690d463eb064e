//! Sealing and opening in memory, against the bare cipher of the same library on the same bytes.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use strongroom_benches::{PROVIDERS, SIZES, data, generation_key};
use strongroom_crypto::object::{Binding, CHUNK_LEN, PROLOGUE_LEN, SEALED_CHUNK_LEN};
use strongroom_crypto::{KEY_LEN, NONCE_LEN};

const BINDING: Binding<'static> = Binding::Location(b"a/path/of/the/usual/length.bin");

/// What the ratios are taken against: the library's own call, a chunk at a time, in place.
fn bare(criterion: &mut Criterion) {
    for provider in PROVIDERS {
        let mut group = criterion.benchmark_group(format!("bare/{}", provider.name));
        for (label, size) in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            let mut buffer = data(size);
            let mut key = provider.aead.sealing_key(&[7; KEY_LEN]).unwrap();
            let mut number = 0_u64;
            group.bench_function(format!("seal/{label}"), |bencher| {
                bencher.iter(|| {
                    for chunk in buffer.chunks_mut(CHUNK_LEN) {
                        number += 1;
                        let mut nonce = [0; NONCE_LEN];
                        nonce[4..].copy_from_slice(&number.to_be_bytes());
                        black_box(key.seal(nonce, &[], chunk).unwrap());
                    }
                });
            });
        }
    }
}

fn seal(criterion: &mut Criterion) {
    for provider in PROVIDERS {
        let key = generation_key(provider);
        let mut group = criterion.benchmark_group(format!("seal/{}", provider.name));
        for (label, size) in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            // Slots: every chunk has room for its tag behind it.
            let slots = size / CHUNK_LEN * SEALED_CHUNK_LEN;
            let mut buffer = data(slots + size % CHUNK_LEN);
            group.bench_function(format!("in place/{label}"), |bencher| {
                bencher.iter(|| {
                    let mut sealer = key.sealer(BINDING).unwrap();
                    let (full, last) = buffer.split_at_mut(slots);
                    sealer.seal_slots_in_place(full).unwrap();
                    black_box(sealer.finish_in_place(last).unwrap());
                });
            });
            let plain = data(size);
            group.bench_function(format!("to vec/{label}"), |bencher| {
                bencher.iter_batched(
                    || (),
                    |()| key.seal_to_vec(BINDING, &plain).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
    }
}

fn open(criterion: &mut Criterion) {
    for provider in PROVIDERS {
        let key = generation_key(provider);
        let mut group = criterion.benchmark_group(format!("open/{}", provider.name));
        for (label, size) in SIZES {
            group.throughput(Throughput::Bytes(size as u64));
            let sealed = key.seal_to_vec(BINDING, &data(size)).unwrap();
            let (prologue, body) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
            let (full, last) = body.split_at(size / CHUNK_LEN * SEALED_CHUNK_LEN);
            let mut out = vec![0; size];
            group.bench_function(format!("out of place/{label}"), |bencher| {
                bencher.iter(|| {
                    let opener = key.opener(prologue, BINDING).unwrap();
                    let chunks = (size / CHUNK_LEN) as u64;
                    let (plain, end) = out.split_at_mut(size / CHUNK_LEN * CHUNK_LEN);
                    opener.open_chunks(0, full, plain).unwrap();
                    opener.open_last(chunks, last, end).unwrap();
                });
            });
        }
    }
}

criterion_group!(benches, bare, seal, open);
criterion_main!(benches);
