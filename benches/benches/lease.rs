//! What it costs to find the lease of a resource, for one reader and for two side by side.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use strongroom::{EncryptedStore, InitOptions, NewResource, Options, Strongroom};
use tokio::runtime::Runtime;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn store(runtime: &Runtime, folder: &std::path::Path) -> (Strongroom, EncryptedStore) {
    let options = Options::new(strongroom_benches::provider());
    let data = folder.join("data");
    runtime.block_on(async {
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("bench".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.encrypted_store().await.unwrap();
        (room, store)
    })
}

/// The beginning of an operation, and of an operation that asks again `checks` times.
async fn hits(store: &EncryptedStore, count: u64, checks: u32) -> Duration {
    let started = now();
    for _ in 0..count {
        store.danger_lease_hit(checks).await.unwrap();
    }
    started.elapsed()
}

/// How long the slowest of so many takes, each with `count` hits of its own at the same time.
fn side_by_side(
    runtime: &Runtime,
    store: &EncryptedStore,
    readers: usize,
    count: u64,
    checks: u32,
) -> Duration {
    let together = Barrier::new(readers);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..readers)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    runtime.block_on(hits(store, count, checks))
                })
            })
            .collect();
        let times = threads.into_iter().map(|thread| thread.join().unwrap());
        times.max().unwrap_or_default()
    })
}

fn lease(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (room, store) = store(&runtime, folder.path());
    let mut group = criterion.benchmark_group("lease");
    for (name, readers, checks) in [
        ("hit", 1, 0),
        ("hit, two readers", 2, 0),
        ("hit and a check", 1, 1),
        ("hit and a check, two readers", 2, 1),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| side_by_side(&runtime, &store, readers, count, checks));
        });
    }
    group.finish();
    runtime.block_on(room.close()).unwrap();
}

criterion_group!(benches, lease);
criterion_main!(benches);
