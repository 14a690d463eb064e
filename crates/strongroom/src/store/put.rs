//! Writing a whole object.

use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ObjectStore, PutOptions, PutPayload, PutResult, Result, TagSet,
};
use strongroom_crypto::object::{Generation, Sealer, sealed_len};

use super::EncryptedStore;
use super::buffer::SealingBuffer;
use super::error::{at, localized, not_implemented, too_long, unsealed};
use super::plain_stream::on_blocking_pool;
use crate::Error;
use crate::lease::Access;

/// From this size on, sealing leaves the async workers: it would keep one busy for a millisecond.
const SEAL_ON_BLOCKING_POOL_FROM: usize = 4 << 20;

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
        let mut access = self.access(location).await?;
        let mut object = self.sealed(&access, location, &payload).await?;
        for left in (0..SEALED_AGAIN).rev() {
            match access.check_write(object.generation).await {
                Ok(()) => break,
                // The payload is still there: it is sealed for the key that the resource has now.
                Err(Error::KeyChangedDuringWrite) if left > 0 => {
                    object = self.sealed(&access, location, &payload).await?;
                }
                Err(error) => return Err(at(error, location)),
            }
        }
        let stored = self.place.stored(location);
        self.inner
            .put_opts(&stored, object.bytes, options)
            .await
            .map_err(|error| localized(error, location))
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
            seal(sealer, payload)?
        } else {
            let payload = payload.clone();
            on_blocking_pool(move || seal(sealer, &payload)).await?
        };
        Ok(SealedObject {
            bytes,
            generation: access.generation(),
        })
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

/// One sealed copy of the payload, made chunk by chunk.
fn seal(sealer: Sealer, payload: &PutPayload) -> Result<PutPayload> {
    let length = sealed_len(payload.content_length() as u64).map_err(too_long)?;
    let mut buffer = SealingBuffer::new(sealer, usize::try_from(length).unwrap_or(0));
    for segment in payload {
        buffer.push(segment).map_err(unsealed)?;
    }
    Ok(buffer.finish().map_err(unsealed)?.into())
}
