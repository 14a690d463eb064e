//! Writing an object in parts, at a place where none is to be.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutPayload, PutResult,
    RenameOptions, RenameTargetMode, Result, UploadPart,
};

use super::EncryptedStore;
use super::error::localized;
use super::multipart::SealingUpload;

impl EncryptedStore {
    /// An upload that does not replace: it fails to complete with `AlreadyExists` if an object lies at
    /// `location` by then. (An upload of [`ObjectStore`]'s own always replaces.)
    ///
    /// What it writes lies in no listing until it is complete.
    ///
    /// # Errors
    /// Those of any upload.
    pub async fn create_multipart(&self, location: &Path) -> Result<Box<dyn MultipartUpload>> {
        let staged = self.staged(location).await?;
        let options = PutMultipartOptions::default();
        let upload = self.sealing_upload(location, &staged, options).await?;
        Ok(Box::new(CreatingUpload {
            upload,
            inner: Arc::clone(&self.inner),
            staged,
            stored: self.place.stored(location),
            location: location.clone(),
        }))
    }
}

/// An upload to a staging place, which moves from there if nothing is in its way.
#[derive(Debug)]
struct CreatingUpload {
    upload: SealingUpload,
    inner: Arc<dyn ObjectStore>,
    staged: Path,
    stored: Path,
    location: Path,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for CreatingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.upload.complete().await?;
        let moved = async {
            self.upload.may_write().await?;
            let options = RenameOptions {
                target_mode: RenameTargetMode::Create,
                ..RenameOptions::default()
            };
            let renamed = self.inner.rename_opts(&self.staged, &self.stored, options);
            renamed
                .await
                .map_err(|error| localized(error, &self.location))
        };
        if let Err(error) = moved.await {
            // The sweep finds what stays.
            let _ = self.inner.delete(&self.staged).await;
            return Err(error);
        }
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;
    use crate::fresh::Fresh;

    async fn upload(store: &EncryptedStore, path: &Path, text: &'static str) -> Result<()> {
        let mut upload = store.create_multipart(path).await?;
        upload.put_part(text.into()).await?;
        // In no listing yet, wherever one looks.
        let listed: Vec<_> = store.list(None).try_collect().await?;
        assert!(listed.iter().all(|meta| meta.size != text.len() as u64));
        upload.complete().await.map(drop)
    }

    #[tokio::test]
    async fn an_upload_that_creates_never_replaces() {
        let Fresh { store, .. } = &Fresh::new().await;
        let path = Path::from("object");
        upload(store, &path, "first").await.unwrap();
        let refused = upload(store, &path, "the second").await.unwrap_err();
        assert!(
            matches!(&refused, object_store::Error::AlreadyExists { path, .. } if path == "object"),
            "{refused}"
        );
        let read = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, "first");
        let resources = Path::from("r");
        let listed = store.inner.list(Some(&resources));
        let all: Vec<_> = listed.try_collect().await.unwrap();
        assert_eq!(all.len(), 1, "nothing stays in the staging place: {all:?}");
    }
}
