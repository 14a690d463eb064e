//! What must not depend on size: enabling and rotation with ever more objects, and a subscription with ever
//! more resources that moves to another tenant; and how long opening takes where much is due.
//!
//! Beside the times it prints what is counted: vault operations, calls to the inner store, commits. They
//! are the same at every size, or it fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use futures::{StreamExt as _, stream};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{
    InitOptions, NewResource, Operation, Options, ResourceChange, ResourceHandle, Strongroom,
    WrapAlgorithm,
};
use strongroom_base::{Clock, Timestamp};
use strongroom_benches::counted::Counted;
use strongroom_benches::customer::keys;
use tokio::runtime::Runtime;

/// How many objects the resource holds.
const OBJECTS: [usize; 3] = [100, 10_000, 100_000];
/// How many resources the subscription holds.
const RESOURCES: [usize; 2] = [100, 100_000];

/// An installation with a resource, a vault, and two versions of a key.
struct Scene {
    runtime: Runtime,
    room: Strongroom,
    inner: Arc<Counted<InMemory>>,
    notes: ResourceHandle,
    versions: [String; 2],
    _folder: tempfile::TempDir,
}

impl Scene {
    fn with_objects(count: usize) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inner = Arc::new(Counted::new(InMemory::new()));
        let objects: Arc<dyn ObjectStore> = inner.clone();
        let options = Options::new(strongroom_benches::provider()).with_objects(objects);
        let data = folder.path().join("data");
        let (room, notes, versions) = runtime.block_on(async {
            Strongroom::init(&data, InitOptions::default(), &options)
                .await
                .unwrap();
            let room = Strongroom::open(&data, &options).await.unwrap();
            let region = room.show().region.clone();
            let new = NewResource::new("notes".parse().unwrap(), region);
            let notes = room.create_resource(new).await.unwrap();
            let store = notes.store().await.unwrap();
            for number in 0..count {
                let path = format!("folder-{}/{number}", number % 100).into();
                store.put(&path, "x".into()).await.unwrap();
            }
            let versions = keys(room.administrator()).await.map(|key| key.to_string());
            (room, notes, versions)
        });
        Self {
            runtime,
            room,
            inner,
            notes,
            versions,
            _folder: folder,
        }
    }

    /// Does a change; how long it took, what was asked of keys, and how often the inner store was called.
    fn change(&self, change: ResourceChange) -> (Duration, Vec<Operation>, u64) {
        self.runtime.block_on(async {
            let before = self.room.audit_length().await.unwrap();
            let calls = self.inner.calls();
            let started = now();
            self.notes.change(change).await.unwrap();
            let took = started.elapsed();
            let calls = self.inner.calls() - calls;
            let records = self.room.audit(before, 1_000).await.unwrap();
            let asked = records.iter().map(|audited| audited.record.operation);
            let of_keys = asked.filter(|operation| {
                matches!(
                    operation,
                    Operation::KeyGet | Operation::KeyWrap | Operation::KeyUnwrap
                )
            });
            (took, of_keys.collect(), calls)
        })
    }

    fn set(&self, version: usize) -> ResourceChange {
        ResourceChange::SetKey {
            key: self.versions[version].clone(),
            algorithm: WrapAlgorithm::RsaOaep256,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// R16 and R11: the same work, whatever the number of objects.
fn changes_of_key(criterion: &mut Criterion) {
    let scenes = OBJECTS.map(|count| (count, Scene::with_objects(count)));
    let mut counted = Vec::new();
    let mut group = criterion.benchmark_group("scale/enable");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (count, scene) in &scenes {
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    let (took, asked, calls) = scene.change(scene.set(0));
                    total += took;
                    counted.push(("enable", asked, calls));
                    scene.change(ResourceChange::ResetKey);
                }
                total
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("scale/rotate");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (count, scene) in &scenes {
        scene.change(scene.set(0));
        let mut version = 0;
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    version = 1 - version;
                    let (took, asked, calls) = scene.change(scene.set(version));
                    total += took;
                    counted.push(("rotate", asked, calls));
                }
                total
            });
        });
    }
    group.finish();

    for what in ["enable", "rotate"] {
        let mut all = counted.iter().filter(|(change, ..)| *change == what);
        let Some((_, asked, calls)) = all.next() else {
            continue;
        };
        assert!(
            all.all(|(_, others, other)| others == asked && other == calls),
            "{what} asks more of something at one size than at another"
        );
        assert_eq!(*calls, 0, "{what} touches stored objects");
        eprintln!("{what}: {asked:?}, {calls} calls to the inner store, at every size");
    }
}

/// A subscription of any size is one row.
fn moves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scale/move a subscription");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for count in RESOURCES {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options =
            Options::new(strongroom_benches::provider()).with_objects(Arc::new(InMemory::new()));
        let data = folder.path().join("data");
        let (room, tenants) = runtime.block_on(async {
            let view = Strongroom::init(&data, InitOptions::default(), &options)
                .await
                .unwrap();
            let room = Strongroom::open(&data, &options).await.unwrap();
            let operator = room.administrator();
            // Several at once: the ledger commits them in groups.
            let created = stream::iter(0..count).map(|number| {
                let name = format!("resource-{number}").parse().unwrap();
                operator.create_resource(NewResource::new(name, view.region.clone()))
            });
            created
                .buffer_unordered(32)
                .for_each(async |created| drop(created.unwrap()))
                .await;
            let other = operator.create_tenant("fabrikam".parse().unwrap()).await;
            (room, [view.tenant, other.unwrap().id])
        });
        let operator = room.administrator();
        let subscription = room.show().subscription;
        let mut here = 0;
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    here = 1 - here;
                    let started = now();
                    runtime
                        .block_on(operator.move_subscription(subscription, tenants[here]))
                        .unwrap();
                    total += started.elapsed();
                }
                total
            });
        });
    }
    group.finish();
}

/// How many of the resources have outlived their retention.
const OVER: usize = 1_000;

/// What `strongroom ls` does: open, list, close. It takes as long where a thousand things are due as where
/// none is.
fn opens(criterion: &mut Criterion) {
    let [_, count] = RESOURCES;
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let options = |hours: u64| {
        let now = Timestamp::from_unix_millis(1_800_000_000_000);
        let now: Arc<dyn Clock> = Arc::new(now.saturating_add(Duration::from_hours(hours)));
        Options::new(strongroom_benches::provider())
            .with_objects(Arc::clone(&inner))
            .with_clock(now)
    };
    runtime.block_on(async {
        let view = Strongroom::init(&data, InitOptions::default(), &options(0))
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options(0)).await.unwrap();
        let created = stream::iter(0..count).map(async |number| {
            let name = format!("resource-{number}").parse().unwrap();
            let new = NewResource::new(name, view.region.clone());
            let made = room.create_resource(new).await.unwrap();
            if number < OVER {
                made.delete().await.unwrap();
            }
        });
        created.buffer_unordered(32).collect::<()>().await;
        let last = format!("resource-{}", count - 1).parse().unwrap();
        let store = room.resource(&last).await.unwrap().store().await.unwrap();
        for number in 0..10 {
            store
                .put(&format!("{number}").into(), "x".into())
                .await
                .unwrap();
        }
        room.close().await.unwrap();
    });

    let mut group = criterion.benchmark_group("scale/open, list, close");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    for (what, hours) in [("nothing due", 1), ("a thousand due", 1_000)] {
        group.bench_function(what, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let room = Strongroom::open(&data, &options(hours)).await.unwrap();
                    let last = format!("resource-{}", count - 1).parse().unwrap();
                    let store = room.resource(&last).await.unwrap().store().await.unwrap();
                    assert_eq!(store.list(None).count().await, 10);
                    room.close().await.unwrap();
                });
            });
        });
    }
    group.finish();
    // All of it was due still.
    runtime.block_on(async {
        let room = Strongroom::open(&data, &options(1_000)).await.unwrap();
        let started = now();
        let done = room.maintenance().run_due().await.unwrap();
        assert_eq!((done.items, done.failed), (OVER, 0));
        eprintln!("a thousand purges took {:?}", started.elapsed());
        room.close().await.unwrap();
    });
}

criterion_group!(benches, changes_of_key, moves, opens);
criterion_main!(benches);
