//! A folder keeps no object at a path above or below another's, as other stores do: what is asked for
//! there is not found, and what is to be put there is refused by name.

use std::path::Path as OsPath;

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{
    Error as StoreError, MultipartUpload, PutPayload, PutResult, Result, UploadPart,
};

use super::{LocalFolder, blocking};
use crate::Error;

impl LocalFolder {
    /// What a failed read means: nothing can lie below an object, nor in a folder's own place.
    pub(super) async fn unread(&self, location: &Path, error: StoreError) -> StoreError {
        match error {
            StoreError::Generic { store: _, source } if self.is_blocked(location).await => {
                let path = location.to_string();
                StoreError::NotFound { path, source }
            }
            other => other,
        }
    }

    /// What a failed write means.
    pub(super) async fn unwritten(&self, location: &Path, error: StoreError) -> StoreError {
        match error {
            StoreError::Generic { store, source: _ } if self.is_blocked(location).await => {
                let path = location.to_string();
                let source = Box::new(Error::PathConflict { path });
                StoreError::Generic { store, source }
            }
            other => other,
        }
    }

    /// What a failed copy or rename means.
    pub(super) async fn uncopied(&self, from: &Path, to: &Path, error: StoreError) -> StoreError {
        match self.unread(from, error).await {
            error @ StoreError::Generic { .. } => self.unwritten(to, error).await,
            other => other,
        }
    }

    /// A rename of a folder would move every object below it: it is none itself.
    pub(super) async fn is_no_folder(&self, location: &Path) -> Result<()> {
        let path = self.inner.path_to_filesystem(location)?;
        if blocking(move || Ok(path.is_dir())).await? {
            return Err(StoreError::NotFound {
                path: location.to_string(),
                source: "it is a folder".into(),
            });
        }
        Ok(())
    }

    /// Whether a failed listing means that there is nothing: what is listed leads through an object.
    pub(super) async fn is_below_an_object(&self, prefix: &Path, error: &StoreError) -> bool {
        let Ok(path) = self.inner.path_to_filesystem(prefix) else {
            return false;
        };
        let root = self.root.clone();
        matches!(error, StoreError::Generic { .. })
            && blocking(move || Ok(leads_through_a_file(&root, &path)))
                .await
                .unwrap_or(false)
    }

    /// Whether the path leads through a file, or is a folder.
    async fn is_blocked(&self, location: &Path) -> bool {
        let Ok(path) = self.inner.path_to_filesystem(location) else {
            return false;
        };
        let root = self.root.clone();
        blocking(move || Ok(is_blocked(&root, &path)))
            .await
            .unwrap_or(false)
    }
}

pub(super) fn is_blocked(root: &OsPath, path: &OsPath) -> bool {
    path.is_dir() || leads_through_a_file(root, path)
}

fn leads_through_a_file(root: &OsPath, path: &OsPath) -> bool {
    let is_file = |path: &OsPath| path.symlink_metadata().is_ok_and(|found| !found.is_dir());
    let mut above = path.ancestors().skip(1).take_while(|above| *above != root);
    above.any(is_file)
}

/// An upload that says what is in its way when it is completed.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) inner: Box<dyn MultipartUpload>,
    pub(super) folder: LocalFolder,
    pub(super) location: Path,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        match self.inner.complete().await {
            Ok(result) => Ok(result),
            Err(error) => Err(self.folder.unwritten(&self.location, error).await),
        }
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::{ObjectStore as _, ObjectStoreExt as _};

    use super::*;

    fn is_conflict(error: &StoreError) -> bool {
        let StoreError::Generic { source, .. } = error else {
            return false;
        };
        matches!(source.downcast_ref(), Some(Error::PathConflict { .. }))
    }

    #[tokio::test]
    async fn a_path_below_or_above_an_object_is_not_found_and_cannot_be_put() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFolder::open(folder.path()).unwrap();
        let [file, below, above] = ["a/file", "a/file/below/it", "a"].map(Path::from);
        store.put(&file, "text".into()).await.unwrap();
        let other = Path::from("other");
        store.put(&other, "text".into()).await.unwrap();
        for path in [&below, &above] {
            let not_found = [
                store.head(path).await.map(drop),
                store.get(path).await.map(drop),
                store.get_range(path, 0..1).await.map(drop),
                store.get_ranges(path, &[0..1, 2..3]).await.map(drop),
                store.delete(path).await,
                store.copy(path, &"x".into()).await,
                store.rename(path, &"x".into()).await,
                store.copy_if_not_exists(path, &"x".into()).await,
            ];
            for (number, result) in not_found.into_iter().enumerate() {
                let error = result.unwrap_err();
                let expected = matches!(error, StoreError::NotFound { .. });
                assert!(expected, "{path} {number}: {error:?}");
            }
            let upload = async {
                let mut upload = store.put_multipart(path).await?;
                upload.put_part("text".into()).await?;
                upload.complete().await
            };
            let refused = [
                store.put(path, "text".into()).await.map(drop),
                upload.await.map(drop),
                store.copy(&other, path).await,
                store.rename(&other, path).await,
            ];
            for (number, result) in refused.into_iter().enumerate() {
                let error = result.unwrap_err();
                assert!(is_conflict(&error), "{path} {number}: {error:?}");
            }
        }
        for prefix in [&below, &Path::from("a/file/below"), &Path::from("none")] {
            let found: Vec<_> = store.list(Some(prefix)).try_collect().await.unwrap();
            assert!(found.is_empty());
            let after = store.list_with_offset(Some(prefix), &file);
            assert!(after.try_collect::<Vec<_>>().await.unwrap().is_empty());
            let found = store.list_with_delimiter(Some(prefix)).await.unwrap();
            assert!(found.objects.is_empty() && found.common_prefixes.is_empty());
        }
        // Nothing was changed by any of it.
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(
            store.get(&file).await.unwrap().bytes().await.unwrap(),
            "text"
        );
        assert_eq!(
            store.get(&other).await.unwrap().bytes().await.unwrap(),
            "text"
        );
    }
}
