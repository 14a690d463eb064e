//! Copy and rename.
//!
//! An object that is bound to its location cannot be copied as it is: it is opened, sealed for its
//! new place into a staging place that no listing shows, and moved from there by the inner store's
//! own rename. An object that is bound to its resource alone is copied by the inner store.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error as StoreError, GetOptions, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, RenameOptions, RenameTargetMode, Result,
};
use strongroom_crypto::object::BindingMode;

use super::EncryptedStore;
use super::error::{localized, path_of};
use super::guarded::{may_still_write, still_allowed};
use super::multipart::SealingUpload;
use super::plane::head;
use crate::Error;
use crate::lease::rights::Need;

impl EncryptedStore {
    pub(super) async fn copy_to(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        Self::named(to)?;
        let CopyOptions { mode, extensions } = options;
        let mut access = self.access(from, Need::Copy).await?;
        if matches!(mode, CopyMode::Create) {
            self.keeps_attributes(from).await?;
        }
        match self.place.mode() {
            BindingMode::Resource => {
                still_allowed(&mut access, from).await?;
                let (from, to) = (self.place.stored(from), self.place.stored(to));
                let options = CopyOptions { mode, extensions };
                self.inner.copy_opts(&from, &to, options).await
            }
            BindingMode::Location => {
                let target_mode = match mode {
                    CopyMode::Overwrite => RenameTargetMode::Overwrite,
                    CopyMode::Create => RenameTargetMode::Create,
                };
                self.reseal(
                    from,
                    to,
                    RenameOptions {
                        target_mode,
                        extensions,
                    },
                )
                .await
                .map(drop)
            }
        }
        .map_err(|error| self.name_the_right_end(error, from, to))
    }

    pub(super) async fn rename_to(
        &self,
        from: &Path,
        to: &Path,
        options: RenameOptions,
    ) -> Result<()> {
        Self::named(to)?;
        if from == to {
            return self.rename_onto_itself(from, options.target_mode).await;
        }
        let mut access = self.access(from, Need::Move).await?;
        if matches!(options.target_mode, RenameTargetMode::Create) {
            self.keeps_attributes(from).await?;
        }
        let named = |error| self.name_the_right_end(error, from, to);
        match self.place.mode() {
            BindingMode::Resource => {
                still_allowed(&mut access, from).await?;
                let (from, to) = (self.place.stored(from), self.place.stored(to));
                let renamed = self.inner.rename_opts(&from, &to, options).await;
                renamed.map_err(named)
            }
            BindingMode::Location => {
                let seen = self.see(from).await?;
                let moved = self.reseal(from, to, options).await.map_err(named)?;
                // What was acknowledged meanwhile stays where it is.
                self.remove_seen(&seen, &moved).await
            }
        }
    }

    /// Copy and delete would lose the object.
    async fn rename_onto_itself(&self, location: &Path, mode: RenameTargetMode) -> Result<()> {
        self.read(location, head()).await?;
        match mode {
            RenameTargetMode::Overwrite => Ok(()),
            RenameTargetMode::Create => Err(StoreError::AlreadyExists {
                path: location.to_string(),
                source: Box::new(Error::RenamedOntoItself),
            }),
        }
    }

    async fn reseal(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<ObjectMeta> {
        let staged = self.staged(to).await?;
        match self.reseal_through(&staged, from, to, options).await {
            Ok(source) => Ok(source),
            Err(error) => {
                // Not there if the inner store has moved it; the sweep finds what stays.
                let _ = self.inner.delete(&staged).await;
                Err(error)
            }
        }
    }

    async fn reseal_through(
        &self,
        staged: &Path,
        from: &Path,
        to: &Path,
        options: RenameOptions,
    ) -> Result<ObjectMeta> {
        let source = self.read(from, GetOptions::default()).await?;
        let meta = source.meta.clone();
        let with_attributes = PutMultipartOptions {
            attributes: source.attributes.clone(),
            ..PutMultipartOptions::default()
        };
        let mut upload = self.sealing_upload(to, staged, with_attributes).await?;
        if let Err(error) = fill(&mut upload, source.into_stream()).await {
            let _ = upload.abort().await;
            return Err(error);
        }
        let mut access = self.access(to, Need::Write).await?;
        may_still_write(&mut access, upload.generation(), to).await?;
        self.inner
            .rename_opts(staged, &self.place.stored(to), options)
            .await?;
        Ok(meta)
    }
}

async fn fill(
    upload: &mut SealingUpload,
    mut plain: BoxStream<'static, Result<Bytes>>,
) -> Result<()> {
    while let Some(block) = plain.try_next().await? {
        // The upload gathers blocks into parts that every store takes.
        upload.put_part(block.into()).await?;
    }
    upload.complete().await.map(drop)
}

impl EncryptedStore {
    /// A missing source is said of the source, and what says itself that it is about it; everything else of
    /// the destination.
    fn name_the_right_end(&self, error: StoreError, from: &Path, to: &Path) -> StoreError {
        let of_source = match (&error, path_of(&error)) {
            (StoreError::NotFound { .. }, _) => true,
            (_, Some(path)) => path == from.as_ref() || path == self.place.stored(from).as_ref(),
            (_, None) => false,
        };
        localized(error, if of_source { from } else { to })
    }
}
