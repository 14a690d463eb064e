//! An inner store in memory, some of whose answers a test bends.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What is bent; everything else is as the store in memory does it.
#[async_trait]
pub(crate) trait Bend: fmt::Debug + Send + Sync + 'static {
    /// Sees what is put in one piece.
    fn putting(&self, _location: &Path, _payload: &PutPayload) {}

    /// What a get with these options answers instead of `answer`.
    async fn got(
        &self,
        _inner: &InMemory,
        _options: GetOptions,
        answer: Result<GetResult>,
    ) -> Result<GetResult> {
        answer
    }

    /// Copies instead of the store.
    async fn copy(
        &self,
        inner: &InMemory,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> Result<()> {
        inner.copy_opts(from, to, options).await
    }

    /// What a listing gives instead of `entries`.
    fn listed(
        &self,
        entries: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        entries
    }

    /// Deletes instead of the store.
    fn deleting(
        &self,
        inner: &Arc<InMemory>,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        inner.delete_stream(locations)
    }

    /// The upload to use instead of `upload`.
    fn begun(&self, upload: Box<dyn MultipartUpload>) -> Box<dyn MultipartUpload> {
        upload
    }
}

/// What a store says that does not answer.
pub(crate) fn out_of_reach() -> Error {
    Error::Generic {
        store: "Bent",
        source: "bent by a test".into(),
    }
}

#[derive(Debug, Default)]
pub(crate) struct Bent<B> {
    inner: Arc<InMemory>,
    pub(crate) bend: B,
}

impl<B> Bent<B> {
    pub(crate) fn new(bend: B) -> Self {
        Self {
            inner: Arc::default(),
            bend,
        }
    }
}

impl<B: Bend> fmt::Display for Bent<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bent({:?})", self.bend)
    }
}

#[async_trait]
impl<B: Bend> ObjectStore for Bent<B> {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.bend.putting(location, &payload);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.inner.put_multipart_opts(location, options).await?;
        Ok(self.bend.begun(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let answer = self.inner.get_opts(location, options.clone()).await;
        self.bend.got(&self.inner, options, answer).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.bend.deleting(&self.inner, locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.bend.listed(self.inner.list(prefix))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.bend.copy(&self.inner, from, to, options).await
    }
}
