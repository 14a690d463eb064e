//! An upload that has ended takes nothing more, and one that lost a part makes no object.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload, PutResult, Result, UploadPart,
};
use strongroom::{BindingMode, Error};
use strongroom_base::Outcome as _;

use crate::bent::{Bend, Bent};
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
    let fresh = Fresh::new(BindingMode::Location, Some(Arc::new(Bent::new(Lossy)))).await;
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

/// Loses the second part of every upload.
#[derive(Debug)]
struct Lossy;

impl Bend for Lossy {
    fn begun(&self, inner: Box<dyn MultipartUpload>) -> Box<dyn MultipartUpload> {
        Box::new(LossyUpload { inner, parts: 0 })
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
