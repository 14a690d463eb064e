//! Reading: the whole object in one request, or the chunks that a range touches.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, Error as StoreError, Extensions, GetOptions, GetRange, GetResult, GetResultPayload,
    ObjectMeta, ObjectStore, Result,
};
use strongroom_crypto::object::{
    GenerationKeys, Header, Layout, LengthError, OpenError, Opener, PROLOGUE_LEN,
};

use super::EncryptedStore;
use super::error::{bad_range, damaged, localized};
use super::guarded::still_allowed;
use super::plain_stream::{self, Window};
use crate::lease::Access;

const PROLOGUE: u64 = PROLOGUE_LEN as u64;

/// How often a read begins again because the object was overwritten between its requests.
const OVERWRITTEN_RETRIES: usize = 16;

/// A stored object whose prologue has been read and whose commitment has matched.
struct Opened {
    opener: Arc<Opener>,
    access: Access,
    source: Source,
    /// As the caller sees it.
    meta: ObjectMeta,
    layout: Layout,
    attributes: Attributes,
    extensions: Extensions,
}

/// Where an opened object's chunks come from.
enum Source {
    /// An open file: whatever replaces the object, these are the bytes that were opened.
    File(Arc<File>),
    /// A further request that asks for the same version.
    Request { stored: Path, meta: ObjectMeta },
}

/// What follows the prologue of a whole object.
enum Rest {
    File(Arc<File>),
    Stream(BoxStream<'static, Result<Bytes>>),
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
        match options.range.clone() {
            None => self.read_whole(location, options).await,
            Some(range) => self.read_range(location, &options, &range).await,
        }
    }

    async fn read_head(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let mut access = self.access(location).await?;
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

    /// One request: the prologue is the front of what it answers.
    async fn read_whole(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let access = self.access(location).await?;
        let inner = self.request(location, options).await?;
        let GetResult {
            payload,
            meta: stored,
            range: _,
            attributes,
            extensions,
        } = inner;
        let (prologue, rest) = match payload {
            GetResultPayload::File(file, _) => {
                let file = Arc::new(file);
                let prologue = read_from_file(&file, 0..PROLOGUE.min(stored.size)).await?;
                (prologue, Rest::File(file))
            }
            GetResultPayload::Stream(sealed) => {
                let (prologue, rest) = take_front(sealed, PROLOGUE_LEN).await?;
                (prologue, Rest::Stream(rest))
            }
        };
        let layout = layout_of(&stored, &prologue, access.keys())?;
        let meta = self.place.meta(stored)?;
        let window = Window::covering(&(0..meta.size), layout);
        let opener = self.opener(access.keys(), &prologue, location)?;
        let plain = match rest {
            Rest::File(file) => plain_stream::from_file(file, layout, opener, window),
            Rest::Stream(rest) => plain_stream::from_stream(rest, opener, window),
        };
        let plain = plain_stream::hand_out(plain, window, access, location.clone());
        let range = 0..meta.size;
        let payload = GetResultPayload::Stream(plain);
        Ok(GetResult {
            payload,
            meta,
            range,
            attributes,
            extensions,
        })
    }

    async fn read_range(
        &self,
        location: &Path,
        options: &GetOptions,
        wanted: &GetRange,
    ) -> Result<GetResult> {
        for _ in 0..OVERWRITTEN_RETRIES {
            let opened = self.open(location, options).await?;
            match self.ranged(location, opened, wanted).await {
                Ok(result) => return Ok(result),
                Err(Failed::Overwritten) => {}
                Err(Failed::For(error)) => return Err(error),
            }
        }
        Err(overwritten_too_often(location))
    }

    async fn ranged(
        &self,
        location: &Path,
        opened: Opened,
        wanted: &GetRange,
    ) -> Result<GetResult, Failed> {
        let range = wanted.as_range(opened.meta.size).map_err(bad_range)?;
        let window = Window::covering(&range, opened.layout);
        // The length is authentic only once the last chunk has opened. Where the answer depends on
        // it, that comes before any byte is given out.
        if depends_on_length(wanted, &range) && window.with_last && window.end - window.first > 1 {
            self.block(&opened, Window::last(opened.layout)).await?;
        }
        let Opened {
            opener,
            access,
            source,
            meta,
            layout,
            attributes,
            extensions,
        } = opened;
        let plain = match source {
            Source::File(file) => plain_stream::from_file(file, layout, opener, window),
            Source::Request { stored, meta } => {
                let range = layout.sealed_range(window.first..window.end);
                let sealed = self.again(&stored, &meta, range).await?;
                plain_stream::from_stream(sealed, opener, window)
            }
        };
        let plain = plain_stream::hand_out(plain, window, access, location.clone());
        let payload = GetResultPayload::Stream(plain);
        Ok(GetResult {
            payload,
            meta,
            range,
            attributes,
            extensions,
        })
    }

    pub(super) async fn read_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        for _ in 0..OVERWRITTEN_RETRIES {
            let mut opened = self.open(location, &GetOptions::default()).await?;
            match self.collect_ranges(location, &mut opened, ranges).await {
                Ok(blocks) => return Ok(blocks),
                Err(Failed::Overwritten) => {}
                Err(Failed::For(error)) => return Err(error),
            }
        }
        Err(overwritten_too_often(location))
    }

    async fn collect_ranges(
        &self,
        location: &Path,
        opened: &mut Opened,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, Failed> {
        let mut blocks = Vec::with_capacity(ranges.len());
        for wanted in ranges {
            let wanted = GetRange::Bounded(wanted.clone());
            let range = wanted.as_range(opened.meta.size).map_err(bad_range)?;
            let window = Window::covering(&range, opened.layout);
            let mut block = self.block(opened, window).await?;
            let _ = block.split_to(window.skip.min(block.len()));
            block.truncate(usize::try_from(window.take).unwrap_or(usize::MAX));
            blocks.push(block);
        }
        still_allowed(&mut opened.access, location).await?;
        Ok(blocks)
    }

    /// Opens all chunks of `window` at once.
    async fn block(&self, opened: &Opened, window: Window) -> Result<Bytes, Failed> {
        let range = opened.layout.sealed_range(window.first..window.end);
        let sealed = match &opened.source {
            Source::File(file) => read_from_file(file, range).await?,
            Source::Request { stored, meta } => {
                collect(self.again(stored, meta, range).await?).await?
            }
        };
        let plain = plain_stream::open_window(&opened.opener, window, &sealed);
        plain.map_err(|error| Failed::For(damaged(error)))
    }

    /// Reads an object's prologue and checks it.
    async fn open(&self, location: &Path, options: &GetOptions) -> Result<Opened> {
        let access = self.access(location).await?;
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..PROLOGUE)),
            ..options.clone()
        };
        let inner = match self.request(location, options).await {
            Ok(inner) => inner,
            Err(error) => return Err(self.or_empty(location, error).await),
        };
        let GetResult {
            payload,
            meta: stored,
            range: _,
            attributes,
            extensions,
        } = inner;
        let (prologue, source) = match payload {
            GetResultPayload::File(file, _) => {
                let file = Arc::new(file);
                let prologue = read_from_file(&file, 0..PROLOGUE.min(stored.size)).await?;
                (prologue, Source::File(file))
            }
            GetResultPayload::Stream(sealed) => {
                let prologue = collect(sealed).await?;
                let source = Source::Request {
                    stored: self.place.stored(location),
                    meta: stored.clone(),
                };
                (prologue, source)
            }
        };
        let layout = layout_of(&stored, &prologue, access.keys())?;
        let meta = self.place.meta(stored)?;
        let opener = self.opener(access.keys(), &prologue, location)?;
        Ok(Opened {
            opener,
            access,
            source,
            meta,
            layout,
            attributes,
            extensions,
        })
    }

    /// A further part of the version that `first` is.
    async fn again(
        &self,
        stored: &Path,
        first: &ObjectMeta,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>, Failed> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: first.e_tag.clone(),
            version: first.version.clone(),
            ..GetOptions::default()
        };
        match self.inner.get_opts(stored, options).await {
            Ok(result) if result.meta == *first && result.range == range => {
                Ok(result.into_stream())
            }
            // A store without etags answers with whatever is there now.
            Ok(_) | Err(StoreError::Precondition { .. } | StoreError::NotFound { .. }) => {
                Err(Failed::Overwritten)
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
        let head = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        match self.request(location, head).await {
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

    fn opener(
        &self,
        keys: &GenerationKeys,
        prologue: &[u8],
        location: &Path,
    ) -> Result<Arc<Opener>> {
        let prologue = prologue.try_into().map_err(|_| {
            damaged(
                LengthError::NoPrologue {
                    sealed: prologue.len() as u64,
                }
                .into(),
            )
        })?;
        let opener = keys.opener(prologue, self.place.binding(location));
        opener.map(Arc::new).map_err(damaged)
    }
}

/// The layout of an object of this size. Where the size is impossible, the header says whether
/// this ever was an object (F8).
fn layout_of(stored: &ObjectMeta, front: &[u8], keys: &GenerationKeys) -> Result<Layout> {
    Layout::from_sealed_len(stored.size).map_err(|by_size| {
        let by_header = Header::parse(front)
            .map_err(OpenError::from)
            .and_then(|header| keys.key(header.generation).map(drop));
        damaged(by_header.err().unwrap_or(by_size.into()))
    })
}

/// Whether the bytes to give out follow from the object's length.
fn depends_on_length(wanted: &GetRange, range: &Range<u64>) -> bool {
    match wanted {
        GetRange::Bounded(wanted) => wanted.end > range.end,
        GetRange::Offset(_) | GetRange::Suffix(_) => true,
    }
}

async fn read_from_file(file: &Arc<File>, range: Range<u64>) -> Result<Bytes> {
    let file = Arc::clone(file);
    plain_stream::on_blocking_pool(move || {
        let mut bytes = Vec::new();
        plain_stream::read_exact(&file, range, &mut bytes)?;
        Ok(bytes.into())
    })
    .await
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
