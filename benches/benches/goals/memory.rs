//! The store over memory, against a copy and the bare cipher.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use strongroom_benches::{Bench, data, provider};
use strongroom_crypto::KEY_LEN;
use strongroom_crypto::object::CHUNK_LEN;

use crate::cipher::{Bare, nonce};
use crate::pair::{Table, Work};
use crate::plain;

const SIZE: usize = 64 << 20;
/// What the store gives out at once.
const BLOCK: usize = 1 << 20;

pub(crate) fn measure(table: &mut Table) {
    let bench = Bench::over(Some(Arc::new(InMemory::new())));
    let (runtime, store) = (&bench.runtime, &*bench.store);
    let path = Path::from("large");
    let bytes = Bytes::from(data(SIZE));
    let provider = provider();
    let mut bare = Bare::new(&provider);

    // What a store keeps until the next, and what it answers, is new memory on both sides.
    let mut kept = Vec::new();
    table.row(
        "put 64 MiB in memory ÷ copy and bare seal",
        Work::Bytes(SIZE),
        || runtime.block_on(plain::put(store, &path, &bytes)),
        || {
            let mut copy = bytes.to_vec();
            bare.seal(&mut copy);
            kept = black_box(copy);
        },
    );
    drop(kept);

    runtime.block_on(plain::put(store, &path, &bytes));
    let mut sealed = bytes.to_vec();
    let mut key = provider.aead.sealing_key(&[7; KEY_LEN]).unwrap();
    let tag = key.seal(nonce(0), &[], &mut sealed).unwrap();
    let key = provider.aead.opening_key(&[7; KEY_LEN]).unwrap();
    table.row(
        "get 64 MiB from memory ÷ bare open",
        Work::Bytes(SIZE),
        || {
            black_box(runtime.block_on(plain::get(store, &path)));
        },
        || {
            let mut out = vec![0; SIZE];
            key.open_into(nonce(0), &[], &sealed, &tag, &mut out)
                .unwrap();
            black_box(out);
        },
    );

    // Here neither side has new memory: a block is let go before the next.
    let mut chunks = bytes.to_vec();
    let mut bare = Bare::new(&provider);
    let tags: Vec<_> = chunks
        .chunks_mut(CHUNK_LEN)
        .map(|chunk| bare.seal(chunk))
        .collect();
    let mut out = vec![0; BLOCK];
    table.row(
        "stream 64 MiB from memory ÷ bare open",
        Work::Bytes(SIZE),
        || {
            black_box(runtime.block_on(plain::stream(store, &path)));
        },
        || {
            let mut number = 0_u64;
            for (block, tags) in chunks.chunks(BLOCK).zip(tags.chunks(BLOCK / CHUNK_LEN)) {
                let chunks = block.chunks(CHUNK_LEN).zip(tags);
                for ((chunk, tag), out) in chunks.zip(out.chunks_mut(CHUNK_LEN)) {
                    number += 1;
                    key.open_into(nonce(number), &[], chunk, tag, out).unwrap();
                }
                black_box(&mut out);
            }
        },
    );
}
