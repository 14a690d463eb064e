//! A source into a store, block by block.

use bytes::Bytes;
use indicatif::ProgressBar;
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode};
use strongroom::EncryptedStore;

use super::source::Source;
use crate::failure::Failure;

/// An object shorter than this is stored in one request, a longer one in parts of it.
pub(super) const PART: usize = 8 << 20;

/// What becomes of an object that is there.
#[derive(Clone, Copy)]
pub(crate) enum Onto<'a> {
    /// It is replaced.
    Any(&'a dyn ObjectStore),
    /// It stays, and storing fails.
    Nothing(&'a EncryptedStore),
}

impl Onto<'_> {
    async fn put(self, location: &ObjectPath, bytes: Bytes) -> object_store::Result<()> {
        let stored = match self {
            Self::Any(store) => store.put(location, bytes.into()).await,
            Self::Nothing(store) => {
                let mode = PutMode::Create.into();
                store.put_opts(location, bytes.into(), mode).await
            }
        };
        stored.map(drop)
    }

    async fn begin(self, location: &ObjectPath) -> object_store::Result<Box<dyn MultipartUpload>> {
        match self {
            Self::Any(store) => store.put_multipart(location).await,
            Self::Nothing(store) => store.create_multipart(location).await,
        }
    }
}

/// Stores all of a source at `location`, and answers how many bytes it has.
///
/// Nothing is there until all of it is, and known to be what the source held at one moment: whatever cuts
/// this off leaves what was there before.
pub(crate) async fn store(
    onto: Onto<'_>,
    location: &ObjectPath,
    source: &mut Source,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let first = source.next_part().await?;
    if first.len() < PART {
        let bytes = first.len() as u64;
        source.settle().await?;
        onto.put(location, first).await?;
        bar.inc(bytes);
        return Ok(bytes);
    }
    let mut upload = onto.begin(location).await?;
    let stored = match store_parts(&mut *upload, first, source, bar).await {
        Ok(bytes) => match upload.complete().await {
            Ok(_) => Ok(bytes),
            Err(error) => Err(error.into()),
        },
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
    source: &mut Source,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let mut total = 0;
    while !part.is_empty() {
        let length = part.len() as u64;
        // The next part is read while this one is written.
        let (written, next) = tokio::join!(upload.put_part(part.into()), source.next_part());
        written?;
        bar.inc(length);
        total += length;
        part = next?;
    }
    source.settle().await?;
    Ok(total)
}
