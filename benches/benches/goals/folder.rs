//! The installation's own folder against the plain local store, both with fsync, in folders of one
//! depth.

use std::fs;
use std::hint::black_box;

use bytes::Bytes;
use futures::StreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom_benches::{Bench, SIZES, data};

use crate::pair::{Table, Work};
use crate::plain;

const GIB: usize = 1 << 30;
/// Bytes of which the object of 1 GiB is made.
const PIECE: usize = 8 << 20;
/// Reads in one turn.
const READS: usize = 256;
const LISTED: usize = 100_000;

pub(crate) fn measure(table: &mut Table) {
    whole_objects(table);
    one_gibibyte(table);
    listing(table);
}

fn whole_objects(table: &mut Table) {
    let bench = with_a_folder();
    let (runtime, store) = (&bench.runtime, &*bench.store);
    let folder = tempfile::tempdir().unwrap();
    let local = beside(&bench, folder.path());
    for (label, size) in SIZES {
        let bytes = Bytes::from(data(size));
        let path = Path::from(label);
        let work = Work::Bytes(size);
        table.row(
            &format!("put {label} in a folder ÷ plain"),
            work,
            || runtime.block_on(plain::put(store, &path, &bytes)),
            || runtime.block_on(plain::put(&local, &path, &bytes)),
        );
        for store in [store, &local] {
            runtime.block_on(plain::put(store, &path, &bytes));
        }
        table.row(
            &format!("get {label} from a folder ÷ plain"),
            work,
            || drop(black_box(runtime.block_on(plain::get(store, &path)))),
            || drop(black_box(runtime.block_on(plain::get(&local, &path)))),
        );
    }
}

fn one_gibibyte(table: &mut Table) {
    let parts = "put 1 GiB in parts, in a folder ÷ plain";
    let stream = "stream 1 GiB from a folder ÷ plain";
    let reads = "read 4 KiB at random of 1 GiB ÷ plain, 16 KiB";
    if ![parts, stream, reads].iter().any(|name| table.wants(name)) {
        return;
    }
    let bench = with_a_folder();
    let (runtime, store) = (&bench.runtime, &*bench.store);
    let folder = tempfile::tempdir().unwrap();
    let local = beside(&bench, folder.path());
    let piece = Bytes::from(data(PIECE));
    let path = Path::from("large");
    let times = GIB / PIECE;
    table.row(
        parts,
        Work::Bytes(GIB),
        || runtime.block_on(plain::put_in_parts(store, &path, &piece, times)),
        || runtime.block_on(plain::put_in_parts(&local, &path, &piece, times)),
    );
    for store in [store, &local] {
        runtime.block_on(plain::put_in_parts(store, &path, &piece, times));
    }
    table.row(
        stream,
        Work::Bytes(GIB),
        || assert_eq!(runtime.block_on(plain::stream(store, &path)), GIB),
        || assert_eq!(runtime.block_on(plain::stream(&local, &path)), GIB),
    );
    let read = async |store: &dyn ObjectStore, seed: &mut u64, length: u64| {
        for _ in 0..READS {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (*seed >> 33) % (GIB as u64 / length) * length;
            let range = at..at + length;
            black_box(store.get_range(&path, range).await.unwrap());
        }
    };
    let (mut ours, mut others) = (1, 1);
    table.row(
        reads,
        Work::Operations(READS),
        || runtime.block_on(read(store, &mut ours, 4 << 10)),
        || runtime.block_on(read(&local, &mut others, 16 << 10)),
    );
}

fn listing(table: &mut Table) {
    let name = "list 100,000 objects ÷ plain";
    if !table.wants(name) {
        return;
    }
    let bench = with_a_folder();
    let (runtime, store) = (&bench.runtime, &*bench.store);
    let objects = bench.objects();
    for number in 1..LISTED {
        fs::copy(objects.join("0"), objects.join(number.to_string())).unwrap();
    }
    let local = LocalFileSystem::new_with_prefix(&objects).unwrap();
    let list = async |store: &dyn ObjectStore| {
        let listed = store.list(None);
        let counted = listed.fold(0, async |count, entry| count + usize::from(entry.is_ok()));
        assert_eq!(counted.await, LISTED);
    };
    table.row(
        name,
        Work::Operations(LISTED),
        || runtime.block_on(list(store)),
        || runtime.block_on(list(&local)),
    );
}

/// An installation whose resource has a folder of its own already.
pub(crate) fn with_a_folder() -> Bench {
    let bench = Bench::over(None);
    let (first, bytes) = (Path::from("0"), Bytes::from(data(100)));
    let put = plain::put(&*bench.store, &first, &bytes);
    bench.runtime.block_on(put);
    bench
}

/// A plain store whose root lies as deep below `folder` as the resource's objects lie below theirs.
pub(crate) fn beside(bench: &Bench, folder: &std::path::Path) -> LocalFileSystem {
    let objects = bench.objects();
    let below = objects.strip_prefix(bench.folder()).unwrap();
    let root = folder.join(below);
    fs::create_dir_all(&root).unwrap();
    LocalFileSystem::new_with_prefix(&root)
        .unwrap()
        .with_fsync(true)
}
