//! An upload that has ended takes nothing more, and one that lost a part makes no object.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use strongroom::{BindingMode, Error};
use strongroom_base::Outcome as _;

use crate::fresh::Fresh;

/// More than a part of the inner store's.
const PART: usize = 6 << 20;

fn code<T: fmt::Debug>(result: Result<T>) -> &'static str {
    Error::from(result.unwrap_err()).code()
}

fn part() -> PutPayload {
    vec![7; PART].into()
}

#[tokio::test]
async fn an_upload_that_has_ended_takes_nothing_more() {
    for objects in [
        None,
        Some(Arc::new(InMemory::new()) as Arc<dyn ObjectStore>),
    ] {
        let fresh = Fresh::new(BindingMode::Location, objects).await;
        let path = Path::from("object");
        let mut upload = fresh.store.put_multipart(&path).await.unwrap();
        upload.put_part(part()).await.unwrap();
        upload.complete().await.unwrap();
        assert_eq!(code(upload.put_part(part()).await), "UploadEnded");
        assert_eq!(code(upload.complete().await), "UploadEnded");

        let mut given_up = fresh.store.put_multipart(&path).await.unwrap();
        given_up.put_part("other".into()).await.unwrap();
        given_up.abort().await.unwrap();
        assert_eq!(code(given_up.put_part(part()).await), "UploadEnded");
        assert_eq!(code(given_up.complete().await), "UploadEnded");

        let found = fresh.store.get(&path).await.unwrap();
        assert!(found.bytes().await.unwrap() == vec![7; PART]);
        fresh.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_that_lost_a_part_makes_no_object() {
    let fresh = Fresh::new(BindingMode::Location, Some(Arc::new(Lossy::default()))).await;
    let path = Path::from("object");
    let mut upload = fresh.store.put_multipart(&path).await.unwrap();
    upload.put_part(part()).await.unwrap();
    let lost = upload.put_part(part()).await.unwrap_err();
    assert!(matches!(lost, object_store::Error::NotImplemented { .. }));
    upload.put_part(part()).await.unwrap();
    assert_eq!(code(upload.complete().await), "UploadPartLost");
    let missing = fresh.store.get(&path).await.unwrap_err();
    assert!(matches!(missing, object_store::Error::NotFound { .. }));
    fresh.room.close().await.unwrap();
}

/// A store that loses the second part of every upload.
#[derive(Debug, Default)]
struct Lossy(InMemory);

impl fmt::Display for Lossy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lossy")
    }
}

#[async_trait]
impl ObjectStore for Lossy {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.0.put_multipart_opts(location, options).await?;
        Ok(Box::new(LossyUpload { inner, parts: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct LossyUpload {
    inner: Box<dyn MultipartUpload>,
    parts: usize,
}

#[async_trait]
impl MultipartUpload for LossyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts += 1;
        if self.parts == 2 {
            let lost = object_store::Error::NotImplemented {
                operation: "the second part".to_owned(),
                implementer: "Lossy".to_owned(),
            };
            return Box::pin(async { Err(lost) });
        }
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
