//! How often the data path allocates, counted over the whole process: alone in its binary, since any
//! other test would be counted with it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::System;
use std::hint::black_box;
use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use strongroom::{InitOptions, NewResource, Options, Strongroom};
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, Generation, GenerationKey, PROLOGUE_LEN, SEALED_CHUNK_LEN,
};
use strongroom_crypto::{ResourceKey, aws_lc_rs};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BLOCK: usize = 1 << 20;
const FEW: usize = 3;
const MANY: usize = 35;

/// How many allocations `work` makes. An installation looks for changes now and then, on a thread of
/// its own: the least of several runs is the work's own.
fn allocations(mut work: impl FnMut()) -> usize {
    let counts = (0..7).map(|_| {
        let region = Region::new(ALLOCATOR);
        work();
        let change = region.change();
        change.allocations + change.reallocations
    });
    counts.min().unwrap_or_default()
}

#[test]
fn chunks_allocate_nothing_and_a_block_of_a_stream_at_most_once() {
    let control = allocations(|| {
        for chunk in 0..MANY {
            black_box(vec![0_u8; chunk + 1]);
        }
    });
    assert_eq!(control, MANY, "what allocates is counted");

    let key = GenerationKey::new(
        &aws_lc_rs::PROVIDER,
        &ResourceKey::from_bytes(&mut [7; 32]),
        ResourceUid::from_bytes([1; 16]),
        Generation::FIRST,
    );
    assert_eq!(sealing(&key, FEW), sealing(&key, MANY), "a sealed chunk");
    assert_eq!(opening(&key, FEW), opening(&key, MANY), "an opened chunk");

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (room, store) = runtime.block_on(installation(folder.path()));
    let [few, many] = [FEW, MANY].map(|blocks| streaming(&runtime, &store, blocks));
    assert!(
        many - few <= MANY - FEW,
        "{few} allocations for {FEW} blocks, {many} for {MANY}"
    );
    runtime.block_on(room.close()).unwrap();
}

fn sealing(key: &GenerationKey, chunks: usize) -> usize {
    let mut slots = vec![0; chunks * SEALED_CHUNK_LEN];
    allocations(|| {
        let mut sealer = key.sealer(Binding::Resource).unwrap();
        sealer.seal_slots_in_place(&mut slots).unwrap();
        black_box(sealer.finish_in_place(&mut []).unwrap());
    })
}

fn opening(key: &GenerationKey, chunks: usize) -> usize {
    let mut plain = vec![0; chunks * CHUNK_LEN];
    let sealed = key.seal_to_vec(Binding::Resource, &plain).unwrap();
    let (prologue, body) = sealed.split_first_chunk::<PROLOGUE_LEN>().unwrap();
    let (full, last) = body.split_at(chunks * SEALED_CHUNK_LEN);
    allocations(|| {
        let opener = key.opener(prologue, Binding::Resource).unwrap();
        opener.open_chunks(0, full, &mut plain).unwrap();
        opener.open_last(chunks as u64, last, &mut []).unwrap();
    })
}

async fn installation(folder: &std::path::Path) -> (Strongroom, Arc<dyn ObjectStore>) {
    let options =
        Options::new(strongroom::aws_lc_rs::PROVIDER).with_objects(Arc::new(InMemory::new()));
    let data = folder.join("data");
    let view = Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    let new = NewResource::new("counted".parse().unwrap(), view.region);
    let resource = room.create_resource(new).await.unwrap();
    let store = resource.store().await.unwrap();
    (room, store)
}

/// The allocations of reading an object of so many blocks to its end.
fn streaming(runtime: &Runtime, store: &Arc<dyn ObjectStore>, blocks: usize) -> usize {
    let path = Path::from(blocks.to_string());
    let bytes = vec![5; blocks * BLOCK];
    runtime.block_on(store.put(&path, bytes.into())).unwrap();
    let read = async || {
        let mut plain = store.get(&path).await.unwrap().into_stream();
        let mut read = 0;
        while let Some(block) = plain.try_next().await.unwrap() {
            read += block.len();
        }
        assert_eq!(read, blocks * BLOCK);
    };
    allocations(|| runtime.block_on(read()))
}
