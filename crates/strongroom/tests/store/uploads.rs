//! Uploads: what their parts are, what ends them, and that one which has ended or lost a part makes nothing.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload, PutResult, Result, UploadPart,
};
use strongroom::{BindingMode, ResourceChange};

use crate::bent::{Bend, Bent, out_of_reach};
use crate::fresh::{Fresh, code};

/// More than a part of the inner store's.
const PART: usize = 6 << 20;

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
        assert!(format!("{upload:?}").contains(r#"location: Path { raw: "object" }"#));
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
    let parts = Parts {
        lost: Some(1),
        ..Parts::default()
    };
    let fresh = Fresh::new(BindingMode::Location, Some(Arc::new(Bent::new(parts)))).await;
    let path = Path::from("object");
    let mut upload = fresh.store.put_multipart(&path).await.unwrap();
    upload.put_part(part()).await.unwrap();
    assert_eq!(code(upload.put_part(part()).await), "StoreFailed");
    upload.put_part(part()).await.unwrap();
    assert_eq!(code(upload.complete().await), "UploadPartLost");
    let missing = fresh.store.get(&path).await.unwrap_err();
    assert!(matches!(missing, object_store::Error::NotFound { .. }));
    fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn r17_an_upload_ends_when_access_does() {
    let fresh = Fresh::new(BindingMode::Location, Some(Arc::new(InMemory::new()))).await;
    let path = Path::from("object");
    let begin = || fresh.store.put_multipart(&path);
    let (mut sending, mut ending) = (begin().await.unwrap(), begin().await.unwrap());
    sending.put_part(part()).await.unwrap();
    ending.put_part("short".into()).await.unwrap();
    fresh.resource.delete().await.unwrap();
    assert_eq!(code(sending.put_part(part()).await), "ResourceDeleted");
    assert_eq!(code(sending.complete().await), "UploadPartLost");
    assert_eq!(code(ending.complete().await), "ResourceDeleted");
    fresh.resource.recover().await.unwrap();
    let missing = fresh.store.get(&path).await.unwrap_err();
    assert!(matches!(missing, object_store::Error::NotFound { .. }));
    fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn i10_an_upload_ends_when_there_is_a_newer_key() {
    let fresh = Fresh::new(BindingMode::Location, Some(Arc::new(InMemory::new()))).await;
    let path = Path::from("object");
    let begin = || fresh.store.put_multipart(&path);
    let (mut sending, mut ending) = (begin().await.unwrap(), begin().await.unwrap());
    ending.put_part("short".into()).await.unwrap();
    fresh.resource.change(ResourceChange::Rekey).await.unwrap();
    let sent = sending.put_part(part()).await;
    assert_eq!(code(sent), "KeyChangedDuringWrite");
    assert_eq!(code(ending.complete().await), "KeyChangedDuringWrite");
    fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn small_parts_make_parts_that_every_store_takes() {
    let inner = Arc::new(Bent::<Parts>::default());
    let fresh = Fresh::new(BindingMode::Location, Some(inner.clone())).await;
    let path = Path::from("object");
    let mut upload = fresh.store.put_multipart(&path).await.unwrap();
    for _ in 0..12 {
        upload.put_part(vec![7; 1 << 20].into()).await.unwrap();
    }
    upload.complete().await.unwrap();
    // A copy is made of blocks, which are smaller.
    fresh.store.copy(&path, &"copy".into()).await.unwrap();
    let parts = inner.bend.lengths.lock().unwrap().clone();
    assert_eq!(parts.len(), 6, "{parts:?}");
    for parts in parts.chunks(3) {
        // S3 and its likes take 5 MiB and more; the last one may be shorter.
        let (last, others) = parts.split_last().unwrap();
        assert!(others.iter().all(|part| *part >= 5 << 20), "{parts:?}");
        assert!(*last < 5 << 20, "{parts:?}");
    }
    fresh.room.close().await.unwrap();
}

/// Uploads whose parts are written down, and one of which may be lost.
#[derive(Clone, Debug, Default)]
struct Parts {
    /// How long each is, in the order in which they were sent.
    lengths: Arc<Mutex<Vec<usize>>>,
    /// The number of the one that is lost, from zero.
    lost: Option<usize>,
}

impl Bend for Parts {
    fn begun(&self, inner: Box<dyn MultipartUpload>) -> Box<dyn MultipartUpload> {
        let parts = self.clone();
        Box::new(Upload { inner, parts })
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    parts: Parts,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let number = {
            let mut lengths = self.parts.lengths.lock().unwrap();
            lengths.push(data.content_length());
            lengths.len() - 1
        };
        if self.parts.lost == Some(number) {
            return Box::pin(async { Err(out_of_reach()) });
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
