//! Objects from one store into another, block by block.

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use indicatif::ProgressBar;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, path::Path as ObjectPath,
};

use crate::digest::{Checksum, Hashing};
use crate::failure::Failure;

/// An object shorter than this is stored in one request, a longer one in parts of it.
const PART: usize = 8 << 20;

/// Blocks of one object, on their way to another store.
pub(crate) type Blocks = BoxStream<'static, object_store::Result<Bytes>>;

/// Stores a stream at `location`, and answers the checksum and the number of its bytes.
///
/// Nothing is there until all of it is: whatever cuts this off leaves what was there before.
pub(crate) async fn store_blocks(
    store: &dyn ObjectStore,
    location: &ObjectPath,
    mut blocks: Blocks,
    replace: bool,
    bar: &ProgressBar,
) -> Result<(Checksum, u64), Failure> {
    let mut hashing = Hashing::default();
    let first = next_part(&mut blocks, &mut hashing).await?;
    if first.len() < PART {
        let mode = if replace {
            PutMode::Overwrite
        } else {
            PutMode::Create
        };
        bar.inc(first.len() as u64);
        store.put_opts(location, first.into(), mode.into()).await?;
    } else {
        let mut upload = store.put_multipart(location).await?;
        let stored = match store_parts(&mut *upload, first, &mut blocks, &mut hashing, bar).await {
            Ok(()) => upload.complete().await.map(drop).map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = stored {
            // The first failure is the one to tell of.
            let _ = upload.abort().await;
            return Err(failure);
        }
    }
    let bytes = hashing.bytes();
    Ok((hashing.finish(), bytes))
}

async fn store_parts(
    upload: &mut dyn MultipartUpload,
    mut part: Bytes,
    blocks: &mut Blocks,
    hashing: &mut Hashing,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    while !part.is_empty() {
        let length = part.len() as u64;
        // The next part is read while this one is written.
        let (written, next) =
            tokio::join!(upload.put_part(part.into()), next_part(blocks, hashing));
        written?;
        bar.inc(length);
        part = next?;
    }
    Ok(())
}

/// The next bytes of a stream: at least [`PART`] of them, or fewer at its end.
async fn next_part(blocks: &mut Blocks, hashing: &mut Hashing) -> Result<Bytes, Failure> {
    let mut part = BytesMut::new();
    while part.len() < PART {
        let Some(block) = blocks.try_next().await? else {
            break;
        };
        hashing.update(&block);
        part.extend_from_slice(&block);
    }
    Ok(part.freeze())
}
