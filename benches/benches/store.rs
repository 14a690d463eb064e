//! The sealed store against the store below it, with the same bytes and the same durability.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use strongroom_benches::{Bench, SIZES, data, payload};
use tokio::runtime::Runtime;

fn in_memory(criterion: &mut Criterion) {
    let sealed = Bench::over(Some(Arc::new(InMemory::new())));
    put_and_get(criterion, "memory/sealed", &sealed.runtime, &*sealed.store);
}

fn in_a_folder(criterion: &mut Criterion) {
    let sealed = Bench::over(None);
    put_and_get(criterion, "folder/sealed", &sealed.runtime, &*sealed.store);
    let folder = tempfile::tempdir().expect("a folder");
    let plain = LocalFileSystem::new_with_prefix(folder.path())
        .expect("a store")
        .with_fsync(true);
    put_and_get(criterion, "folder/plain", &sealed.runtime, &plain);
}

fn put_and_get(criterion: &mut Criterion, name: &str, runtime: &Runtime, store: &dyn ObjectStore) {
    let mut group = criterion.benchmark_group(name);
    for (label, size) in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let bytes = Bytes::from(data(size));
        let path = Path::from(label);
        group.bench_function(format!("put/{label}"), |bencher| {
            bencher.iter(|| runtime.block_on(store.put(&path, payload(&bytes))).unwrap());
        });
        runtime.block_on(store.put(&path, payload(&bytes))).unwrap();
        group.bench_function(format!("get/{label}"), |bencher| {
            bencher.iter(|| {
                let got = runtime.block_on(async { store.get(&path).await?.bytes().await });
                black_box(got.unwrap());
            });
        });
    }
}

criterion_group!(benches, in_memory, in_a_folder);
criterion_main!(benches);
