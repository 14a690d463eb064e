//! Objects that are overwritten, removed, renamed and copied over while they are read: every answer is
//! one version, whole, and none is taken for damaged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use strongroom::BindingMode;

use crate::fresh::Fresh;

const VERSIONS: [(u8, usize); 4] = [
    (b'a', 70_000),
    (b'b', 100_000),
    (b'c', 16_384),
    (b'd', 90_001),
];
const READERS: usize = 4;

fn version(number: usize) -> Vec<u8> {
    let (byte, length) = VERSIONS[number % VERSIONS.len()];
    vec![byte; length]
}

/// Writes versions in every way there is, as often as is said.
async fn write(store: Arc<dyn ObjectStore>, path: Path, times: usize) {
    let aside = Path::from("aside");
    for number in 0..times {
        let bytes = version(number);
        match number % 4 {
            0 | 1 => drop(store.put(&path, bytes.into()).await.unwrap()),
            2 => {
                let mut upload = store.put_multipart(&path).await.unwrap();
                for part in bytes.chunks(30_000) {
                    upload.put_part(part.to_vec().into()).await.unwrap();
                }
                upload.complete().await.unwrap();
            }
            _ => {
                store.put(&aside, bytes.into()).await.unwrap();
                store.rename(&aside, &path).await.unwrap();
            }
        }
    }
}

async fn read(store: Arc<dyn ObjectStore>, path: Path, over: Arc<AtomicBool>) -> usize {
    let ranges = [
        None,
        Some(GetRange::Bounded(10_000..16_000)),
        Some(GetRange::Offset(5)),
        Some(GetRange::Suffix(17_000)),
    ];
    let mut reads = 0;
    while !over.load(Ordering::SeqCst) {
        for range in &ranges {
            let options = GetOptions {
                range: range.clone(),
                ..GetOptions::default()
            };
            let found = match store.get_opts(&path, options).await {
                Ok(found) => found,
                // Replaced again and again between two requests: said, and nothing is damaged.
                Err(Error::Precondition { .. }) => continue,
                Err(error) => panic!("{range:?}: {error:?}"),
            };
            let (size, within) = (found.meta.size, found.range.clone());
            let bytes = found.bytes().await.unwrap();
            let of_one = VERSIONS
                .iter()
                .any(|(byte, length)| *length as u64 == size && bytes.iter().all(|b| b == byte));
            assert!(of_one, "{range:?} of {size}");
            assert_eq!(bytes.len() as u64, within.end - within.start);
            reads += 1;
        }
        tokio::task::yield_now().await;
    }
    reads
}

async fn every_read_is_of_one_version(
    binding: BindingMode,
    objects: Option<Arc<dyn ObjectStore>>,
    times: usize,
) {
    let fresh = Fresh::new(binding, objects).await;
    let store: Arc<dyn ObjectStore> = Arc::new(fresh.store.clone());
    let path = Path::from("object");
    store.put(&path, version(0).into()).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| tokio::spawn(read(store.clone(), path.clone(), over.clone())))
        .collect();
    write(store.clone(), path, times).await;
    over.store(true, Ordering::SeqCst);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.unwrap();
    }
    assert!(reads > 0, "nothing was read meanwhile");
    fresh.room.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i03_reads_meet_one_version_in_memory() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let objects = Arc::new(InMemory::new());
        every_read_is_of_one_version(binding, Some(objects), 400).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i03_reads_meet_one_version_in_a_folder() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        every_read_is_of_one_version(binding, None, 100).await;
    }
}
