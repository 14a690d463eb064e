//! Files, links and standard input into a store.

use std::io;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload, path::Path as ObjectPath,
};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{AT_ONCE, Moved};
use crate::address::Address;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::walk::{Entry, EntryKind};

/// A file shorter than this is stored in one request, a longer one in parts of it.
const PART: usize = 8 << 20;

/// Stores every entry below `destination`, several at once.
pub(crate) async fn store_all(
    store: &dyn ObjectStore,
    destination: &Address,
    entries: &[Entry],
    bar: &ProgressBar,
) -> Result<Moved, Failure> {
    stream::iter(entries)
        .map(|entry| store_one(store, destination, entry, bar))
        .buffer_unordered(AT_ONCE)
        .try_fold(Moved::default(), async |moved, bytes| {
            Ok(moved.and_one(bytes))
        })
        .await
}

async fn store_one(
    store: &dyn ObjectStore,
    destination: &Address,
    entry: &Entry,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    match &entry.kind {
        EntryKind::Link { target } => {
            let location = destination.join(&entry.relative, ObjectKind::Link)?;
            store
                .put(&location, PutPayload::from(target.clone()))
                .await?;
            remove(store, &destination.join(&entry.relative, ObjectKind::File)?).await?;
            bar.inc(entry.size);
            Ok(target.len() as u64)
        }
        EntryKind::File => {
            let location = destination.join(&entry.relative, ObjectKind::File)?;
            let path = &entry.os_path;
            let file = File::open(path)
                .await
                .map_err(Failure::file("opening", path))?;
            let expected = usize::try_from(entry.size).unwrap_or(PART);
            let failed = |error| Failure::file("reading", path)(error);
            let bytes = store_reader(store, &location, file, expected, bar, &failed).await?;
            remove(store, &destination.join(&entry.relative, ObjectKind::Link)?).await?;
            Ok(bytes)
        }
    }
}

/// Removes what the same path was before: a file that has become a link, or the reverse.
async fn remove(store: &dyn ObjectStore, location: &ObjectPath) -> Result<(), Failure> {
    match store.delete(location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stores standard input at `location`.
pub(crate) async fn store_stdin(
    store: &dyn ObjectStore,
    location: &ObjectPath,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let failed = |error| Failure::file("reading", "standard input")(error);
    store_reader(store, location, tokio::io::stdin(), PART, bar, &failed).await
}

async fn store_reader(
    store: &dyn ObjectStore,
    location: &ObjectPath,
    mut reader: impl AsyncRead + Unpin,
    expected: usize,
    bar: &ProgressBar,
    failed: &(dyn Fn(io::Error) -> Failure + Sync),
) -> Result<u64, Failure> {
    let first = read_part(&mut reader, expected).await.map_err(failed)?;
    if first.len() < PART {
        let bytes = first.len() as u64;
        store.put(location, first.into()).await?;
        bar.inc(bytes);
        return Ok(bytes);
    }
    let mut upload = store.put_multipart(location).await?;
    let stored = match store_parts(&mut *upload, first, &mut reader, bar, failed).await {
        Ok(bytes) => upload
            .complete()
            .await
            .map(|_| bytes)
            .map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if stored.is_err() {
        // The first failure is the one to tell of.
        let _ = upload.abort().await;
    }
    stored
}

async fn store_parts(
    upload: &mut dyn MultipartUpload,
    mut part: Bytes,
    reader: &mut (impl AsyncRead + Unpin),
    bar: &ProgressBar,
    failed: &(dyn Fn(io::Error) -> Failure + Sync),
) -> Result<u64, Failure> {
    let mut total = 0;
    while !part.is_empty() {
        let length = part.len() as u64;
        // The next part is read while this one is written.
        let (written, next) = tokio::join!(upload.put_part(part.into()), read_part(reader, PART));
        written?;
        bar.inc(length);
        total += length;
        part = next.map_err(failed)?;
    }
    Ok(total)
}

/// The next bytes of a reader: [`PART`] of them, or fewer at its end. `expected` is how many are
/// thought to be left.
async fn read_part(reader: &mut (impl AsyncRead + Unpin), expected: usize) -> io::Result<Bytes> {
    // One more, so that the end is found without growing.
    let mut part = BytesMut::with_capacity(expected.min(PART) + 1);
    let mut limited = reader.take(PART as u64);
    while limited.read_buf(&mut part).await? > 0 {}
    Ok(part.freeze())
}
