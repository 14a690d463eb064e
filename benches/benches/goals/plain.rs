//! What is done with a store, whichever it is.

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use strongroom_benches::payload;

/// What a caller hands over at once.
const PART: usize = 8 << 20;
/// Parts that a caller has under way at once.
const AT_ONCE: usize = 2;

pub(crate) async fn put(store: &dyn ObjectStore, path: &Path, bytes: &Bytes) {
    store.put(path, payload(bytes)).await.unwrap();
}

pub(crate) async fn get(store: &dyn ObjectStore, path: &Path) -> Bytes {
    store.get(path).await.unwrap().bytes().await.unwrap()
}

/// The same, block by block: what was read is let go at once. How many bytes there were.
pub(crate) async fn stream(store: &dyn ObjectStore, path: &Path) -> usize {
    let mut blocks = store.get(path).await.unwrap().into_stream();
    let mut read = 0;
    while let Some(block) = blocks.try_next().await.unwrap() {
        read += block.len();
    }
    read
}

/// So many bytes in parts, some of them under way at once.
pub(crate) async fn put_in_parts(
    store: &dyn ObjectStore,
    path: &Path,
    bytes: &Bytes,
    times: usize,
) {
    let upload = store.put_multipart(path).await.unwrap();
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
    for _ in 0..times {
        upload.wait_for_capacity(AT_ONCE).await.unwrap();
        upload.put(bytes.clone());
    }
    upload.finish().await.unwrap();
}
