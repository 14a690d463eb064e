//! Writing an object in parts: the plaintext parts are cut anew into chunks and gathered into parts
//! of at least [`MIN_PART_LEN`], so that the caller's may be of any size.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::FutureExt;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, PutMultipartOptions, PutPayload, PutResult, Result, UploadPart,
};
use strongroom_crypto::object::Generation;

use super::EncryptedStore;
use super::buffer::SealingBuffer;
use super::error::{at, localized, unsealed};
use super::guarded::may_still_write;
use crate::Error;
use crate::lease::Access;
use crate::lease::rights::Need;

/// Sealed bytes are held back until there are so many: S3 and its likes take no shorter part but the
/// last, and the last chunk, which is ours, comes after the caller's last part.
pub(super) const MIN_PART_LEN: usize = 5 << 20;

impl EncryptedStore {
    pub(super) async fn begin_multipart(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let stored = self.place.stored(location);
        let upload = self.sealing_upload(location, &stored, options).await?;
        Ok(Box::new(upload))
    }

    /// An upload to `stored` of what is to be read at `location`.
    pub(super) async fn sealing_upload(
        &self,
        location: &Path,
        stored: &Path,
        options: PutMultipartOptions,
    ) -> Result<SealingUpload> {
        Self::named(location)?;
        self.allow_in_clear(&options.attributes, &options.tags)?;
        let access = self.access(location, Need::Write).await?;
        let sealer = access
            .keys()
            .sealer(self.place.binding(location))
            .map_err(unsealed)?;
        let inner = self
            .inner
            .put_multipart_opts(stored, options)
            .await
            .map_err(|error| localized(error, location))?;
        Ok(SealingUpload {
            inner,
            buffer: Some(SealingBuffer::in_blocks(sealer, Arc::clone(&self.blocks))),
            generation: access.generation(),
            access,
            location: location.clone(),
            failed: Arc::default(),
        })
    }
}

/// An upload whose parts are sealed on their way.
pub(super) struct SealingUpload {
    inner: Box<dyn MultipartUpload>,
    /// None once the upload was completed, aborted or broken.
    buffer: Option<SealingBuffer>,
    access: Access,
    /// What its chunks are sealed under.
    generation: Generation,
    location: Path,
    /// Set by a part that was not stored: the object must not be completed without it.
    failed: Arc<AtomicBool>,
}

impl std::fmt::Debug for SealingUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingUpload")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl SealingUpload {
    /// What its chunks are sealed under.
    pub(super) fn generation(&self) -> Generation {
        self.generation
    }

    pub(super) async fn may_write(&mut self) -> Result<()> {
        may_still_write(&mut self.access, self.generation, &self.location).await
    }

    /// Seals the chunks that `data` completes, and gives out what makes a part.
    fn seal(&mut self, data: &PutPayload) -> Result<Option<PutPayload>> {
        let buffer = self
            .buffer
            .as_mut()
            .ok_or_else(|| at(Error::UploadEnded, &self.location))?;
        for segment in data {
            if let Err(error) = buffer.push(segment) {
                self.buffer = None;
                return Err(unsealed(error));
            }
        }
        let is_part = buffer.sealed_len() >= MIN_PART_LEN;
        Ok(is_part.then(|| buffer.take_sealed()))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for SealingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let sealed = match self.seal(&data) {
            Ok(Some(sealed)) => sealed,
            Ok(None) => return futures::future::ready(Ok(())).boxed(),
            Err(error) => {
                self.failed.store(true, Ordering::Release);
                return futures::future::ready(Err(error)).boxed();
            }
        };
        let stored = self.inner.put_part(sealed);
        let (mut access, generation) = (self.access.clone(), self.generation);
        let failed = Arc::clone(&self.failed);
        let location = self.location.clone();
        async move {
            let sent = async {
                may_still_write(&mut access, generation, &location).await?;
                stored.await.map_err(|error| localized(error, &location))
            };
            let sent = sent.await;
            if sent.is_err() {
                failed.store(true, Ordering::Release);
            }
            sent
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let buffer = self
            .buffer
            .take()
            .ok_or_else(|| at(Error::UploadEnded, &self.location))?;
        if self.failed.load(Ordering::Acquire) {
            return Err(at(Error::PartLost, &self.location));
        }
        let last = buffer.finish().map_err(unsealed)?;
        self.may_write().await?;
        self.inner
            .put_part(last)
            .await
            .map_err(|error| localized(error, &self.location))?;
        self.may_write().await?;
        self.inner
            .complete()
            .await
            .map_err(|error| localized(error, &self.location))
    }

    async fn abort(&mut self) -> Result<()> {
        self.buffer = None;
        self.inner
            .abort()
            .await
            .map_err(|error| localized(error, &self.location))
    }
}
