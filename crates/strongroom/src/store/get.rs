//! Reading: the whole object in one request, or the chunks that a range touches.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, Error as StoreError, Extensions, GetOptions, GetRange, GetResult, GetResultPayload,
    ObjectMeta, ObjectStore, Result,
};
use strongroom_crypto::object::{Layout, LengthError, Opener, PROLOGUE_LEN};

use super::EncryptedStore;
use super::error::{damaged, localized};
use super::file;
use super::guarded::still_allowed;
use super::plain_stream::{self, Answer, on_blocking_pool};
use super::plane::head;
use super::unsealer::{Unsealer, Wanted};
use super::window::Window;
use crate::lease::Access;
use crate::lease::rights::Need;
use crate::local_folder::LocalFolder;

/// How often a read begins again because the object was overwritten between its requests.
const OVERWRITTEN_RETRIES: usize = 16;

/// What the inner store said of an object, beside its bytes.
struct About {
    /// As it is stored.
    stored: ObjectMeta,
    attributes: Attributes,
    extensions: Extensions,
}

impl About {
    /// A file has nothing else.
    fn file(stored: ObjectMeta) -> Self {
        Self {
            stored,
            attributes: Attributes::default(),
            extensions: Extensions::default(),
        }
    }
}

/// An object whose commitment has matched, and whose chunks are had by further requests for the same
/// version.
struct Requested {
    opener: Arc<Opener>,
    layout: Layout,
    stored: ObjectMeta,
}

/// Why a read did not succeed.
enum Failed {
    /// The object was replaced between two requests: begin again.
    Overwritten,
    For(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::For(error)
    }
}

impl EncryptedStore {
    pub(super) async fn read(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            return self.read_head(location, options).await;
        }
        if let Some(folder) = &self.folder {
            return self.read_from(folder, location, options).await;
        }
        match options.range.clone() {
            None => self.read_whole(location, options).await,
            Some(range) => self.read_range(location, &options, &range).await,
        }
    }

    async fn read_head(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let mut access = self.access(location, Need::Read).await?;
        let options = GetOptions {
            range: None,
            ..options
        };
        let inner = self.request(location, options).await?;
        let GetResult {
            payload: _,
            meta,
            range: _,
            attributes,
            extensions,
        } = inner;
        let meta = self.place.meta(meta)?;
        still_allowed(&mut access, location).await?;
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::empty().boxed()),
            range: 0..meta.size,
            meta,
            attributes,
            extensions,
        })
    }

    /// From the installation's own folder: the file is opened where it is read.
    async fn read_from(
        &self,
        folder: &Arc<LocalFolder>,
        location: &Path,
        options: GetOptions,
    ) -> Result<GetResult> {
        let access = self.access(location, Need::Read).await?;
        let unsealer = self.unsealer(&access, location);
        let (folder, blocks) = (Arc::clone(folder), Arc::clone(&self.blocks));
        let stored = self.place.stored(location);
        let read = on_blocking_pool(move || {
            let (file, stored) = folder.open_file(&stored, &options)?;
            let wanted = options.range.as_ref();
            let answer = file::read(file, stored.size, &unsealer, wanted, blocks)?;
            Ok((About::file(stored), answer))
        });
        let (about, answer) = read.await.map_err(|error| localized(error, location))?;
        self.answer(location, access, about, answer)
    }

    /// One request: the prologue is the front of what it answers.
    async fn read_whole(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let access = self.access(location, Need::Read).await?;
        let (payload, about) = split(self.request(location, options).await?);
        let unsealer = self.unsealer(&access, location);
        let blocks = Arc::clone(&self.blocks);
        let answer = match payload {
            GetResultPayload::File(file, _) => {
                let size = about.stored.size;
                on_blocking_pool(move || file::read(file, size, &unsealer, None, blocks)).await?
            }
            GetResultPayload::Stream(sealed) => {
                let (front, rest) = take_front(sealed, PROLOGUE_LEN).await?;
                let (layout, opener) = unsealer.open(&front, about.stored.size)?;
                let Wanted { range, window, .. } = Wanted::of(None, layout)?;
                let plain = plain_stream::from_stream(rest, opener, window, blocks);
                Answer {
                    range,
                    window,
                    plain,
                }
            }
        };
        self.answer(location, access, about, answer)
    }

    async fn read_range(
        &self,
        location: &Path,
        options: &GetOptions,
        wanted: &GetRange,
    ) -> Result<GetResult> {
        for _ in 0..OVERWRITTEN_RETRIES {
            match self.try_range(location, options, wanted).await {
                Ok(result) => return Ok(result),
                Err(Failed::Overwritten) => {}
                Err(Failed::For(error)) => return Err(error),
            }
        }
        Err(overwritten_too_often(location))
    }

    async fn try_range(
        &self,
        location: &Path,
        options: &GetOptions,
        wanted: &GetRange,
    ) -> Result<GetResult, Failed> {
        let access = self.access(location, Need::Read).await?;
        let (payload, about) = split(self.request_front(location, options).await?);
        let unsealer = self.unsealer(&access, location);
        let answer = match payload {
            GetResultPayload::File(file, _) => {
                let (blocks, wanted) = (Arc::clone(&self.blocks), wanted.clone());
                let size = about.stored.size;
                let read = move || file::read(file, size, &unsealer, Some(&wanted), blocks);
                on_blocking_pool(read).await?
            }
            GetResultPayload::Stream(front) => {
                let object = requested(front, about.stored.clone(), &unsealer).await?;
                self.request_range(location, object, wanted).await?
            }
        };
        Ok(self.answer(location, access, about, answer)?)
    }

    /// The chunks that a range touches, of an object that is not a file.
    async fn request_range(
        &self,
        location: &Path,
        object: Requested,
        wanted: &GetRange,
    ) -> Result<Answer, Failed> {
        let wanted = Wanted::of(Some(wanted), object.layout)?;
        if let Some(end) = wanted.end_first {
            self.block(location, &object, end).await?;
        }
        let window = wanted.window;
        let sealed = self.again(location, &object, window).await?;
        let blocks = Arc::clone(&self.blocks);
        Ok(Answer {
            range: wanted.range,
            window,
            plain: plain_stream::from_stream(sealed, object.opener, window, blocks),
        })
    }

    pub(super) async fn read_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        if let Some(folder) = &self.folder {
            return self.read_ranges_from(folder, location, ranges).await;
        }
        for _ in 0..OVERWRITTEN_RETRIES {
            match self.try_ranges(location, ranges).await {
                Ok(blocks) => return Ok(blocks),
                Err(Failed::Overwritten) => {}
                Err(Failed::For(error)) => return Err(error),
            }
        }
        Err(overwritten_too_often(location))
    }

    async fn read_ranges_from(
        &self,
        folder: &Arc<LocalFolder>,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        let mut access = self.access(location, Need::Read).await?;
        let unsealer = self.unsealer(&access, location);
        let (folder, blocks) = (Arc::clone(folder), Arc::clone(&self.blocks));
        let (stored, ranges) = (self.place.stored(location), ranges.to_vec());
        let read = on_blocking_pool(move || {
            let (file, stored) = folder.open_file(&stored, &GetOptions::default())?;
            file::read_ranges(file, stored.size, &unsealer, &ranges, blocks)
        });
        let plain = read.await.map_err(|error| localized(error, location))?;
        still_allowed(&mut access, location).await?;
        Ok(plain)
    }

    async fn try_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, Failed> {
        let mut access = self.access(location, Need::Read).await?;
        let inner = self.request_front(location, &GetOptions::default()).await?;
        let (payload, about) = split(inner);
        let unsealer = self.unsealer(&access, location);
        let plain = match payload {
            GetResultPayload::File(file, _) => {
                let (ranges, blocks) = (ranges.to_vec(), Arc::clone(&self.blocks));
                let size = about.stored.size;
                let read = move || file::read_ranges(file, size, &unsealer, &ranges, blocks);
                on_blocking_pool(read).await?
            }
            GetResultPayload::Stream(front) => {
                let object = requested(front, about.stored, &unsealer).await?;
                let mut plain = Vec::with_capacity(ranges.len());
                for range in ranges {
                    let wanted = GetRange::Bounded(range.clone());
                    let Wanted { window, .. } = Wanted::of(Some(&wanted), object.layout)?;
                    let block = self.block(location, &object, window).await?;
                    plain.push(window.wanted_of(block));
                }
                plain
            }
        };
        still_allowed(&mut access, location).await?;
        Ok(plain)
    }

    /// Opens all chunks of `window` at once.
    async fn block(
        &self,
        location: &Path,
        object: &Requested,
        window: Window,
    ) -> Result<Bytes, Failed> {
        let sealed = collect(self.again(location, object, window).await?).await?;
        let plain = plain_stream::open_window(&object.opener, window, &sealed, &self.blocks);
        plain.map_err(|error| Failed::For(damaged(error)))
    }

    /// What is asked before any chunk: the prologue.
    async fn request_front(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..PROLOGUE_LEN as u64)),
            ..options.clone()
        };
        match self.request(location, options).await {
            Ok(inner) => Ok(inner),
            Err(error) => Err(self.or_empty(location, error).await),
        }
    }

    fn unsealer(&self, access: &Access, location: &Path) -> Unsealer {
        Unsealer {
            access: access.clone(),
            mode: self.place.mode(),
            location: location.clone(),
        }
    }

    fn answer(
        &self,
        location: &Path,
        access: Access,
        about: About,
        answer: Answer,
    ) -> Result<GetResult> {
        let plain = plain_stream::hand_out(answer.plain, answer.window, access, location.clone());
        Ok(GetResult {
            payload: GetResultPayload::Stream(plain),
            meta: self.place.meta(about.stored)?,
            range: answer.range,
            attributes: about.attributes,
            extensions: about.extensions,
        })
    }

    /// The stored chunks of `window`, of the version that is being read.
    async fn again(
        &self,
        location: &Path,
        object: &Requested,
        window: Window,
    ) -> Result<BoxStream<'static, Result<Bytes>>, Failed> {
        let range = object.layout.sealed_range(window.first..window.end);
        let first = &object.stored;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: first.e_tag.clone(),
            version: first.version.clone(),
            ..GetOptions::default()
        };
        match self.request(location, options).await {
            Ok(result) if result.meta == *first && result.range == range => {
                Ok(result.into_stream())
            }
            // A store without etags answers with whatever is there now.
            Ok(_) | Err(StoreError::Precondition { .. } | StoreError::NotFound { .. }) => {
                Err(Failed::Overwritten)
            }
            // Nor has it such a range of an object that became shorter, which each says in words of its own.
            Err(error @ StoreError::Generic { .. }) if first.e_tag.is_none() => {
                match self.request(location, head()).await {
                    Ok(found) if found.meta != *first => Err(Failed::Overwritten),
                    Err(StoreError::NotFound { .. }) => Err(Failed::Overwritten),
                    _ => Err(Failed::For(error)),
                }
            }
            Err(error) => Err(Failed::For(error)),
        }
    }

    /// Why the prologue could not be had: an empty object has no range at all, which stores say in
    /// words of their own.
    async fn or_empty(&self, location: &Path, error: StoreError) -> StoreError {
        if !matches!(error, StoreError::Generic { .. }) {
            return error;
        }
        match self.request(location, head()).await {
            Ok(found) if found.meta.size == 0 => {
                damaged(LengthError::NoPrologue { sealed: 0 }.into())
            }
            _ => error,
        }
    }

    async fn request(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let stored = self.place.stored(location);
        self.inner
            .get_opts(&stored, options)
            .await
            .map_err(|error| localized(error, location))
    }
}

/// The bytes of an answer, and the rest of it.
fn split(inner: GetResult) -> (GetResultPayload, About) {
    // Every field is named: one that is added upstream must be thought about here.
    let GetResult {
        payload,
        meta: stored,
        range: _,
        attributes,
        extensions,
    } = inner;
    let about = About {
        stored,
        attributes,
        extensions,
    };
    (payload, about)
}

async fn requested(
    front: BoxStream<'static, Result<Bytes>>,
    stored: ObjectMeta,
    unsealer: &Unsealer,
) -> Result<Requested> {
    let front = collect(front).await?;
    let (layout, opener) = unsealer.open(&front, stored.size)?;
    Ok(Requested {
        opener,
        layout,
        stored,
    })
}

async fn collect(mut sealed: BoxStream<'static, Result<Bytes>>) -> Result<Bytes> {
    let first = sealed.try_next().await?.unwrap_or_default();
    let Some(second) = sealed.try_next().await? else {
        return Ok(first);
    };
    let mut all = BytesMut::from(&*first);
    all.extend_from_slice(&second);
    while let Some(more) = sealed.try_next().await? {
        all.extend_from_slice(&more);
    }
    Ok(all.freeze())
}

/// Splits the first `len` bytes off a stream; fewer only if it has no more.
async fn take_front(
    mut stream: BoxStream<'static, Result<Bytes>>,
    len: usize,
) -> Result<(Bytes, BoxStream<'static, Result<Bytes>>)> {
    let mut front = BytesMut::new();
    while front.len() < len {
        let Some(mut block) = stream.try_next().await? else {
            break;
        };
        let wanted = (len - front.len()).min(block.len());
        front.extend_from_slice(&block.split_to(wanted));
        if !block.is_empty() {
            stream = stream::once(futures::future::ready(Ok(block)))
                .chain(stream)
                .boxed();
        }
    }
    Ok((front.freeze(), stream))
}

fn overwritten_too_often(location: &Path) -> StoreError {
    StoreError::Precondition {
        path: location.to_string(),
        source: Box::new(crate::Error::OverwrittenWhileReading),
    }
}
