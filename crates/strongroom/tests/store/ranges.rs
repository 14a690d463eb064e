//! A range of an object is that part of it, also where the inner store's objects are files (R1).

use std::ops::Range;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use proptest::prelude::*;
use proptest::sample::Index;
use strongroom::{BindingMode, EncryptedStore};

use crate::fresh::Fresh;

pub(crate) const CHUNK: usize = 16_384;

/// Lengths of objects, many of them at a border of chunks.
pub(crate) fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0..4 * CHUNK,
        2 => (1..4_usize, 0..3_usize).prop_map(|(chunks, n)| chunks * CHUNK + n - 1),
        // More than a block.
        1 => 64 * CHUNK - 1..67 * CHUNK,
    ]
}

/// A range within an object of this length.
pub(crate) fn within(length: usize, [a, b]: [Index; 2]) -> Range<usize> {
    let (a, b) = (a.index(length + 1), b.index(length + 1));
    a.min(b)..a.max(b)
}

/// The same range, as stores take it.
pub(crate) fn wide(range: &Range<usize>) -> Range<u64> {
    let [start, end] = [range.start, range.end].map(|offset| u64::try_from(offset).unwrap());
    start..end
}

/// So many bytes, of a prime period: who is wrong by a chunk, a tag or a prologue does not meet the same.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// Asserts that every way to ask for this part of an object gives it.
pub(crate) async fn assert_answered(
    range: Range<usize>,
    plain: &[u8],
    store: &EncryptedStore,
    path: &Path,
) {
    let asked = wide(&range);
    let to_the_end = range.start..plain.len();
    let suffix = wide(&to_the_end).end - asked.start;
    for (asked, range) in [
        (GetRange::Bounded(asked.clone()), &range),
        (GetRange::Offset(asked.start), &to_the_end),
        (GetRange::Suffix(suffix), &to_the_end),
    ] {
        // Stores refuse what is empty, each in its own way.
        if range.is_empty() {
            continue;
        }
        let options = GetOptions {
            range: Some(asked.clone()),
            ..GetOptions::default()
        };
        let answer = store.get_opts(path, options).await.unwrap();
        assert_eq!(answer.range, wide(range), "{asked:?}");
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes == plain[range.clone()], "{asked:?}");
    }
    if !range.is_empty() {
        let to_its_end = 0..asked.end;
        let found = store.get_ranges(path, &[asked, to_its_end]).await.unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0] == plain[range.clone()] && found[1] == plain[..range.end]);
    }
}

fn of_files(objects: Option<Arc<dyn ObjectStore>>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fresh = runtime.block_on(Fresh::new(BindingMode::Location, objects));
    let path = Path::from("object");
    let config = ProptestConfig {
        cases: 64,
        ..ProptestConfig::default()
    };
    proptest!(config, |(length in lengths(), ends: [Index; 2])| {
        runtime.block_on(async {
            let plain = pattern(length);
            fresh.store.put(&path, plain.clone().into()).await.unwrap();
            assert_answered(within(length, ends), &plain, &fresh.store, &path).await;
        });
    });
    runtime.block_on(fresh.room.close()).unwrap();
}

#[test]
fn r01_a_range_of_a_file_in_the_own_folder_is_that_part() {
    of_files(None);
}

#[test]
fn r01_a_range_of_a_file_in_another_folder_is_that_part() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    of_files(Some(Arc::new(store)));
}
