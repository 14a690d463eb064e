//! Writing a whole object.

use std::sync::Arc;

use futures::future::{self, FutureExt as _};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, MultipartUpload as _, ObjectStore, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result, TagSet, UploadPart,
};
use strongroom_crypto::object::{Generation, Sealer, sealed_len};

use super::EncryptedStore;
use super::blocks::LENT_FROM;
use super::buffer::SealingBuffer;
use super::error::{at, localized, not_implemented, too_long, unsealed};
use super::multipart::{MIN_PART_LEN, SealingUpload};
use super::plain_stream::on_blocking_pool;
use crate::Error;
use crate::lease::Access;
use crate::lease::rights::Need;

/// From this size on, sealing leaves the async workers: it would keep one busy for a millisecond.
const SEAL_ON_BLOCKING_POOL_FROM: usize = 4 << 20;

/// From this size on, an object goes into the installation's own folder in parts: a part is sealed while
/// the one before it is written, into memory that the parts before it have left.
const IN_PARTS_FROM: usize = 4 << 20;

/// How often a payload is sealed anew because the resource went over to another key meanwhile.
const SEALED_AGAIN: usize = 8;

/// A whole object, and the generation that it was sealed under.
struct SealedObject {
    bytes: PutPayload,
    generation: Generation,
}

impl EncryptedStore {
    pub(super) async fn write(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        Self::named(location)?;
        self.allow_in_clear(&options.attributes, &options.tags)?;
        let whole = payload.content_length() < IN_PARTS_FROM;
        if self.folder.is_some() && !whole && matches!(options.mode, PutMode::Overwrite) {
            return self.write_in_parts(location, &payload, options).await;
        }
        let mut access = self.access(location, Need::Write).await?;
        let object = self.sealed(&access, location, &payload).await?;
        let object = self
            .for_the_newest_key(object, &mut access, location, &payload)
            .await?;
        let stored = self.place.stored(location);
        self.inner
            .put_opts(&stored, object.bytes, options)
            .await
            .map_err(|error| localized(error, location))
    }

    /// The object, or the payload sealed anew if the resource has gone over to another key meanwhile.
    async fn for_the_newest_key(
        &self,
        mut object: SealedObject,
        access: &mut Access,
        location: &Path,
        payload: &PutPayload,
    ) -> Result<SealedObject> {
        let mut left = SEALED_AGAIN;
        while let Err(error) = access.check_write(object.generation).await {
            match error {
                Error::KeyChangedDuringWrite if left > 0 => left -= 1,
                error => return Err(at(error, location)),
            }
            object = self.sealed(access, location, payload).await?;
        }
        Ok(object)
    }

    async fn write_in_parts(
        &self,
        location: &Path,
        payload: &PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let options = PutMultipartOptions {
            tags: options.tags,
            attributes: options.attributes,
            extensions: options.extensions,
        };
        let stored = self.place.stored(location);
        let mut left = SEALED_AGAIN;
        loop {
            let again = options.clone();
            let upload = self.sealing_upload(location, &stored, again).await?;
            // One that is not completed is given up by the folder when it is dropped.
            let error = match send(upload, payload).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            match Error::from(error) {
                Error::KeyChangedDuringWrite if left > 0 => left -= 1,
                error => return Err(at(error, location)),
            }
        }
    }

    async fn sealed(
        &self,
        access: &Access,
        location: &Path,
        payload: &PutPayload,
    ) -> Result<SealedObject> {
        let sealer = access
            .keys()
            .sealer(self.place.binding(location))
            .map_err(unsealed)?;
        let bytes = if payload.content_length() < SEAL_ON_BLOCKING_POOL_FROM {
            self.seal(sealer, payload)?
        } else {
            let (store, payload) = (self.clone(), payload.clone());
            on_blocking_pool(move || store.seal(sealer, &payload)).await?
        };
        Ok(SealedObject {
            bytes,
            generation: access.generation(),
        })
    }

    /// One sealed copy of the payload, made chunk by chunk.
    fn seal(&self, sealer: Sealer, payload: &PutPayload) -> Result<PutPayload> {
        let length = sealed_len(payload.content_length() as u64).map_err(too_long)?;
        let length = usize::try_from(length).unwrap_or(0);
        let blocks = Arc::clone(&self.blocks);
        // What is only written can be lent; what a store keeps has a buffer of its own length.
        let mut buffer = if self.folder.is_some() && length >= LENT_FROM {
            SealingBuffer::in_blocks(sealer, blocks)
        } else {
            SealingBuffer::whole(sealer, blocks, length)
        };
        for segment in payload {
            buffer.push(segment).map_err(unsealed)?;
        }
        buffer.finish().map_err(unsealed)
    }

    /// Refuses what would lie in storage in clear, unless the store was opened to allow it (R1).
    pub(super) fn allow_in_clear(&self, attributes: &Attributes, tags: &TagSet) -> Result<()> {
        if self.clear_metadata {
            return Ok(());
        }
        if attributes
            .iter()
            .any(|(attribute, _)| matches!(attribute, Attribute::Metadata(_)))
        {
            return Err(not_implemented("user metadata in clear (R1)"));
        }
        if !tags.encoded().is_empty() {
            return Err(not_implemented("tags in clear (R1)"));
        }
        Ok(())
    }
}

/// Sends the payload part by part, each sealed while the one before it is written.
async fn send(mut upload: SealingUpload, payload: &PutPayload) -> Result<PutResult> {
    let mut before: UploadPart = future::ready(Ok(())).boxed();
    for piece in pieces(payload) {
        let sealing = on_blocking_pool(move || {
            let part = upload.put_part(piece);
            Ok((upload, part))
        });
        let (written, sealed) = future::join(before, sealing).await;
        written?;
        (upload, before) = sealed?;
    }
    before.await?;
    upload.complete().await
}

/// The same bytes, as much at a time as makes a part.
fn pieces(payload: &PutPayload) -> Vec<PutPayload> {
    let (mut pieces, mut piece, mut room) = (Vec::new(), Vec::new(), MIN_PART_LEN);
    for segment in payload {
        let mut left = segment.clone();
        while !left.is_empty() {
            let taken = left.split_to(room.min(left.len()));
            room -= taken.len();
            piece.push(taken);
            if room == 0 {
                pieces.push(piece.drain(..).collect());
                room = MIN_PART_LEN;
            }
        }
    }
    pieces.push(piece.into_iter().collect());
    pieces
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use object_store::ObjectStoreExt as _;

    use super::*;
    use crate::ResourceChange;
    use crate::fresh::Fresh;

    #[tokio::test]
    async fn i10_what_is_sealed_under_an_older_key_is_sealed_anew() {
        let Fresh {
            resource, store, ..
        } = &Fresh::new().await;
        let (path, payload) = (Path::from("object"), PutPayload::from("text"));
        let mut access = store.access(&path, Need::Write).await.unwrap();
        let before = store.sealed(&access, &path, &payload).await.unwrap();
        let (old, bytes) = (before.generation, before.bytes.clone());
        let before = store.for_the_newest_key(before, &mut access, &path, &payload);
        let before = before.await.unwrap();
        assert_eq!(
            Bytes::from(before.bytes.clone()),
            Bytes::from(bytes),
            "there is none newer"
        );

        resource.change(ResourceChange::Rekey).await.unwrap();
        let after = store.for_the_newest_key(before, &mut access, &path, &payload);
        let after = after.await.unwrap();
        assert!(after.generation > old, "{:?}", after.generation);
        let stored = store.place.stored(&path);
        store.inner.put(&stored, after.bytes).await.unwrap();
        let read = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, "text");

        resource.delete().await.unwrap();
        let again = store.sealed(&access, &path, &payload).await.unwrap();
        let refused = store.for_the_newest_key(again, &mut access, &path, &payload);
        assert!(refused.await.is_err());
    }

    #[test]
    fn pieces_are_the_payload_however_it_is_cut() {
        for lengths in [
            vec![],
            vec![MIN_PART_LEN],
            vec![1; 10],
            vec![MIN_PART_LEN - 1, 2, 3 * MIN_PART_LEN, 7],
        ] {
            let segments = (1..).zip(&lengths);
            let payload: PutPayload = segments
                .map(|(number, length)| Bytes::from(vec![number; *length]))
                .collect();
            let whole = Bytes::from(payload.clone());
            let pieces = pieces(&payload);
            let (last, full) = pieces.split_last().unwrap();
            assert!(full.iter().all(|one| one.content_length() == MIN_PART_LEN));
            assert!(last.content_length() < MIN_PART_LEN);
            let joined: PutPayload = pieces.into_iter().flatten().collect();
            assert_eq!(Bytes::from(joined), whole);
        }
    }
}
