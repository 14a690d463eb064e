//! The data path: an `object_store::ObjectStore` whose every byte at rest is sealed (R1).

mod attributes;
mod blocks;
mod buffer;
mod check;
mod copy;
mod create;
mod error;
mod file;
mod get;
mod guarded;
mod list;
mod multipart;
mod place;
mod plain_stream;
mod plane;
mod put;
#[cfg(test)]
mod rights;
mod seen;
mod staging;
mod unsealer;
mod window;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

pub(crate) use self::blocks::Blocks;
pub use self::check::{Checked, Depth};
pub(crate) use self::place::Place;
use self::plane::ConditionalCopies;
pub(crate) use self::plane::DataPlane;
pub use self::seen::Seen;
use strongroom_base::Clock;
use strongroom_crypto::SecureRandom;

use crate::lease::rights::Need;
use crate::lease::{Access, Session};
use crate::local_folder::LocalFolder;

/// A store of one resource's objects, sealed on their way in and opened on their way out.
///
/// Any program written for [`ObjectStore`] uses it unchanged. Paths, times, sizes and the standard
/// attributes are visible in the inner store; contents are not. It is never a `Signer`: a signed
/// URL would hand out sealed bytes past every check.
///
/// Sizes from `head`, listings and bounded ranges follow from the stored size and are not
/// authenticated; an answer that depends on the length (a suffix, an open-ended range, one that is
/// clipped at the end) is given only after the object's last chunk has been opened. A stream that
/// ends in an error has delivered an authentic prefix.
#[derive(Clone)]
pub struct EncryptedStore {
    inner: Arc<dyn ObjectStore>,
    session: Arc<Session>,
    place: Place,
    random: &'static dyn SecureRandom,
    blocks: Arc<Blocks>,
    /// The inner store, if it is the installation's own folder.
    folder: Option<Arc<LocalFolder>>,
    clear_metadata: bool,
    clock: Arc<dyn Clock>,
    /// Whether what others have left in staging places was looked for.
    swept: Arc<AtomicBool>,
    /// Found out when it first matters.
    conditional_copies: Arc<OnceLock<ConditionalCopies>>,
}

impl EncryptedStore {
    pub(crate) fn new(data: &DataPlane, session: Arc<Session>, place: Place) -> Self {
        Self {
            inner: Arc::clone(&data.objects),
            session,
            place,
            random: data.random,
            blocks: Arc::clone(&data.blocks),
            folder: data.folder.clone(),
            clear_metadata: false,
            clock: Arc::clone(&data.clock),
            swept: Arc::default(),
            conditional_copies: Arc::default(),
        }
    }

    /// Allows user metadata and tags, which lie in the inner store in clear (R1).
    #[must_use]
    pub fn allow_clear_metadata(mut self) -> Self {
        self.clear_metadata = true;
        self
    }

    /// What an operation costs before it does anything: its lease, and so many checks of it. For
    /// measurements.
    ///
    /// # Errors
    /// As for any operation.
    #[cfg(feature = "fault-injection")]
    #[doc(hidden)]
    pub async fn danger_lease_hit(&self, checks: u32) -> Result<(), crate::Error> {
        let mut access = Access::begin(&self.session, Need::Read).await?;
        for _ in 0..checks {
            access.check().await?;
        }
        Ok(())
    }

    /// Refuses the empty path for an object: in storage it is the folder that holds all others.
    fn named(location: &Path) -> Result<()> {
        if location.as_ref().is_empty() {
            return Err(error::at(crate::Error::EmptyPath, location));
        }
        Ok(())
    }

    /// Leave to use the data, for one operation.
    async fn access(&self, location: &Path, need: Need) -> Result<Access> {
        Access::begin(&self.session, need)
            .await
            .map_err(|error| error::at(error, location))
    }
}

impl fmt::Debug for EncryptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedStore")
            .field("inner", &self.inner)
            .field("place", &self.place)
            .field("clear_metadata", &self.clear_metadata)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for EncryptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedStore({} in {})", self.place.all(), self.inner)
    }
}

// A default method that is added upstream must not reach storage past the seal.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for EncryptedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write(location, payload, options)
            .await
            .map_err(|error| error::named(error, location))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.begin_multipart(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read(location, options)
            .await
            .map_err(|error| error::named(error, location))
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read_ranges(location, ranges)
            .await
            .map_err(|error| error::named(error, location))
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.deletion(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.delimited(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.copy_to(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.rename_to(from, to, options).await
    }
}
