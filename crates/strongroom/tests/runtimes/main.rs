//! Whose runtime a caller is in, and what becomes of it, is nobody else's concern: runtimes that idle, end, have
//! no timer, and no runtime at all.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod paused;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use futures::executor::block_on as without_tokio;
use futures::{StreamExt as _, TryStreamExt as _, poll};
use object_store::path::Path;
use object_store::{CopyOptions, ObjectStore, ObjectStoreExt as _, RenameOptions};
use strongroom::{InitOptions, NewResource, Options, ResourceHandle, Strongroom};
use strongroom_base::{Clock, Timestamp};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// How long somebody waits for what takes milliseconds, before it counts as without end.
const PATIENCE: Duration = Duration::from_mins(1);

const LARGE: usize = 9 << 20;

#[derive(Debug)]
struct Hand(AtomicU64);

impl Hand {
    fn pass(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

/// An installation with a resource, by a clock that is set by hand.
struct House {
    room: Strongroom,
    resource: ResourceHandle,
    store: Arc<dyn ObjectStore>,
    hand: Arc<Hand>,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let hand = Arc::new(Hand(AtomicU64::new(1_800_000_000_000)));
        let clock: Arc<dyn Clock> = hand.clone();
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_clock(clock);
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.store().await.unwrap();
        store.put(&path(), "hello".into()).await.unwrap();
        Self {
            room,
            resource,
            store,
            hand,
            _folder: folder,
        }
    }

    /// What the data path and the control plane do.
    async fn works(&self) {
        let read = self.store.get(&path()).await.unwrap();
        assert_eq!(read.bytes().await.unwrap(), "hello");
        self.resource.show().await.unwrap();
        let number = self.hand.0.fetch_add(1, Ordering::SeqCst);
        let name = format!("notes-{number}").parse().unwrap();
        let new = NewResource::new(name, self.room.show().region.clone());
        self.room.create_resource(new).await.unwrap();
    }
}

fn path() -> Path {
    "greeting".into()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn many_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

/// The lease is asked for ahead of its end by whoever uses it then, and that caller's runtime stands still from
/// then on.
fn asked_ahead_on(idle: &Runtime, house: &House) {
    house.hand.pass(Duration::from_secs(58));
    idle.block_on(house.store.head(&path())).unwrap();
    house.hand.pass(Duration::from_secs(10));
}

#[test]
fn r17_a_runtime_that_idles_keeps_nobody_waiting() {
    let (busy, idle) = (many_threads(), one_thread());
    let house = busy.block_on(House::new());
    for _ in 0..3 {
        asked_ahead_on(&idle, &house);
        busy.block_on(in_time(house.works()));
    }
    busy.block_on(house.room.close()).unwrap();
}

#[test]
fn r17_a_runtime_that_ends_takes_no_lease_from_the_others() {
    let busy = many_threads();
    let house = busy.block_on(House::new());
    for _ in 0..3 {
        let ends = one_thread();
        asked_ahead_on(&ends, &house);
        // Somebody waits, elsewhere, when it ends.
        let path = path();
        let mut reads = Box::pin(house.store.head(&path));
        let first = busy.block_on(async { poll!(&mut reads) });
        drop(ends);
        match first {
            Poll::Ready(read) => read.unwrap(),
            Poll::Pending => busy.block_on(in_time(reads)).unwrap(),
        };
    }
    busy.block_on(house.room.close()).unwrap();
}

#[test]
fn an_installation_outlives_the_runtime_that_opened_it() {
    let opener = one_thread();
    let house = opener.block_on(House::new());
    drop(opener);
    for runtime in [one_thread(), many_threads()] {
        runtime.block_on(in_time(house.works()));
    }
    one_thread().block_on(in_time(house.room.close())).unwrap();
}

#[test]
fn an_installation_does_not_idle_with_the_runtime_that_opened_it() {
    let opener = one_thread();
    let house = opener.block_on(House::new());
    for runtime in [one_thread(), many_threads()] {
        runtime.block_on(in_time(house.works()));
    }
    one_thread().block_on(in_time(house.room.close())).unwrap();
    drop(opener);
}

#[test]
fn a_runtime_without_a_timer_will_do() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let house = runtime.block_on(House::new());
    house.hand.pass(Duration::from_secs(61));
    runtime.block_on(house.works());
    runtime.block_on(house.room.close()).unwrap();
}

/// Each caller stops in the middle of its call, and is not driven on.
#[tokio::test]
async fn callers_that_stand_still_keep_nothing_from_the_others() {
    let house = House::new().await;
    let mut still = Vec::new();
    for _ in 0..64 {
        let mut read = Box::pin(house.resource.show());
        let _ = poll!(&mut read);
        let mut listed = Box::pin(house.room.resources());
        let _ = poll!(&mut listed);
        still.push((read, listed));
    }
    let (nothing, mut leases) = (Path::from("nothing"), Vec::new());
    house.hand.pass(Duration::from_secs(61));
    for _ in 0..64 {
        let mut head = Box::pin(house.store.head(&nothing));
        let _ = poll!(&mut head);
        leases.push(head);
    }
    std::thread::scope(|scope| {
        let elsewhere = scope.spawn(|| one_thread().block_on(in_time(house.works())));
        elsewhere.join().unwrap();
    });
    drop((still, leases));
    house.room.close().await.unwrap();
}

#[test]
fn without_tokio_everything_is_done_in_place() {
    without_tokio(async {
        let house = House::new().await;
        let store = &house.store;
        let (large, copy, moved) = ("large".into(), "copy".into(), "moved".into());
        let content: Vec<u8> = (0_u8..=250).cycle().take(LARGE).collect();
        store.put(&large, content.clone().into()).await.unwrap();
        let mut upload = store.put_multipart(&copy).await.unwrap();
        upload.put_part(content.clone().into()).await.unwrap();
        upload.put_part("end".into()).await.unwrap();
        upload.complete().await.unwrap();
        let copying = store.copy_opts(&large, &copy, CopyOptions::new());
        copying.await.unwrap();
        let moving = store.rename_opts(&copy, &moved, RenameOptions::new());
        moving.await.unwrap();
        for path in [&large, &moved] {
            let read = store.get(path).await.unwrap().bytes().await.unwrap();
            assert!(read == content);
            let part = store.get_range(path, 20_000..40_000).await.unwrap();
            assert!(content.get(20_000..40_000) == Some(&*part));
        }
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(listed.len(), 3);
        store.list_with_delimiter(None).await.unwrap();
        let locations = futures::stream::iter([Ok(large), Ok(moved)]).boxed();
        let deleted: Vec<_> = store.delete_stream(locations).try_collect().await.unwrap();
        assert_eq!(deleted.len(), 2);
        house.hand.pass(Duration::from_secs(61));
        house.works().await;
        house.room.verify_audit().await.unwrap();
        house.room.close().await.unwrap();
    });
}

/// As several tests of a program share one.
static SHARED: OnceLock<House> = OnceLock::new();

#[test]
fn many_short_runtimes_share_a_static_installation() {
    let house = SHARED.get_or_init(|| one_thread().block_on(House::new()));
    std::thread::scope(|scope| {
        for number in 0..8_u32 {
            scope.spawn(move || {
                for _ in 0..4 {
                    let runtime = if number.is_multiple_of(2) {
                        one_thread()
                    } else {
                        many_threads()
                    };
                    // All of them together pass less than a lease while one is proved.
                    house.hand.pass(Duration::from_secs(3));
                    runtime.block_on(in_time(house.works()));
                }
            });
        }
    });
}
