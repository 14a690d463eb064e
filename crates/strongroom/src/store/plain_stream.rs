//! Sealed bytes in, plaintext out, no byte of it before its chunk's tag has passed.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::Result;
use object_store::path::Path;
use strongroom_crypto::object::{CHUNK_LEN, Layout, OpenError, Opener, SEALED_CHUNK_LEN};
use strongroom_crypto::{TAG_LEN, cobblestone};

use super::error::{damaged, local_io, named};
use super::guarded::while_access_lasts;
use crate::lease::Access;

/// How many chunks are opened into one block of plaintext: 1 MiB of it.
const BLOCK_CHUNKS: usize = 64;

/// Which chunks to open, and which of their bytes were asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The first chunk to open.
    pub(super) first: u64,
    /// One past the last chunk to open.
    pub(super) end: u64,
    /// Whether the last of these is the object's last chunk, which is shorter than the others.
    pub(super) with_last: bool,
    /// Plaintext bytes of the first chunk that were not asked for.
    pub(super) skip: usize,
    /// Plaintext bytes that were asked for.
    pub(super) take: u64,
}

impl Window {
    /// The chunks that hold `range` of an object. The range is within it.
    pub(super) fn covering(range: &Range<u64>, layout: Layout) -> Self {
        let last = layout.full_chunks();
        let end = if range.end == layout.plain_len() {
            last + 1
        } else {
            range.end.div_ceil(CHUNK_LEN as u64)
        };
        Self {
            first: layout.chunk_of(range.start),
            end,
            with_last: end > last,
            skip: usize::try_from(range.start % CHUNK_LEN as u64).unwrap_or(0),
            take: range.end - range.start,
        }
    }

    /// The last chunk alone: opening it is what authenticates the length.
    pub(super) fn last(layout: Layout) -> Self {
        Self::covering(&(layout.plain_len()..layout.plain_len()), layout)
    }

    /// How many full chunks there are in it.
    fn full_chunks(&self) -> u64 {
        self.end - self.first - u64::from(self.with_last)
    }
}

/// Opens a stream of sealed bytes that begins with the first chunk of `window`.
pub(super) fn from_stream(
    sealed: BoxStream<'static, Result<Bytes>>,
    opener: Arc<Opener>,
    window: Window,
) -> BoxStream<'static, Result<Bytes>> {
    let state = Unsealing {
        sealed,
        opener,
        window,
        next: window.first,
        rest: Bytes::new(),
        carry: BytesMut::new(),
    };
    stream::try_unfold(Some(state), |state| async move {
        let Some(state) = state else { return Ok(None) };
        state.step().await
    })
    .boxed()
}

struct Unsealing {
    sealed: BoxStream<'static, Result<Bytes>>,
    opener: Arc<Opener>,
    window: Window,
    next: u64,
    /// What is left of the block that arrived last.
    rest: Bytes,
    /// The beginning of a chunk whose end has not arrived.
    carry: BytesMut,
}

impl Unsealing {
    async fn step(mut self) -> Result<Option<(Bytes, Option<Self>)>> {
        loop {
            if let Some(plain) = self.open_full_chunks().map_err(damaged)? {
                return Ok(Some((plain, Some(self))));
            }
            self.carry.extend_from_slice(&self.rest);
            self.rest = Bytes::new();
            match self.sealed.try_next().await? {
                Some(arrived) => self.complete_carry(arrived),
                None => return Ok(self.open_end().map_err(damaged)?.map(|plain| (plain, None))),
            }
        }
    }

    /// Moves as much of `arrived` as completes the carried chunk, and keeps the rest as it is.
    fn complete_carry(&mut self, mut arrived: Bytes) {
        if !self.carry.is_empty() {
            let wanted = SEALED_CHUNK_LEN
                .saturating_sub(self.carry.len())
                .min(arrived.len());
            self.carry.extend_from_slice(&arrived.split_to(wanted));
        }
        self.rest = arrived;
    }

    /// Opens the carried chunk if it is whole, else the whole chunks of what arrived last.
    fn open_full_chunks(&mut self) -> Result<Option<Bytes>, OpenError> {
        let sealed: Bytes = if self.carry.len() == SEALED_CHUNK_LEN {
            self.carry.split().freeze()
        } else if self.carry.is_empty() {
            let chunks = (self.rest.len() / SEALED_CHUNK_LEN).min(BLOCK_CHUNKS);
            self.rest.split_to(chunks * SEALED_CHUNK_LEN)
        } else {
            Bytes::new()
        };
        if sealed.is_empty() {
            return Ok(None);
        }
        let end = self.next + (sealed.len() / SEALED_CHUNK_LEN) as u64;
        let chunks = Window {
            first: self.next,
            end,
            with_last: false,
            ..self.window
        };
        self.next = end;
        open_window(&self.opener, chunks, &sealed).map(Some)
    }

    /// Opens the object's last chunk if the window has it; anything else left over is a stored
    /// object that ends too early.
    fn open_end(&mut self) -> Result<Option<Bytes>, OpenError> {
        let due = self.window.first + self.window.full_chunks();
        if self.next != due || (!self.window.with_last && !self.carry.is_empty()) {
            return Err(truncated(self.carry.len()));
        }
        if !self.window.with_last {
            return Ok(None);
        }
        open_window(
            &self.opener,
            Window {
                first: due,
                ..self.window
            },
            &self.carry,
        )
        .map(Some)
    }
}

/// Opens chunks of a file, reading and opening a block at a time on the blocking pool, so that a
/// block is still in cache when it is opened.
pub(super) fn from_file(
    file: Arc<File>,
    layout: Layout,
    opener: Arc<Opener>,
    window: Window,
) -> BoxStream<'static, Result<Bytes>> {
    // One buffer for the sealed bytes of all blocks.
    stream::try_unfold((window.first, Vec::new()), move |(first, mut sealed)| {
        let (file, opener) = (Arc::clone(&file), Arc::clone(&opener));
        async move {
            if first >= window.end {
                return Ok(None);
            }
            let end = window.end.min(first + BLOCK_CHUNKS as u64);
            let with_last = window.with_last && end == window.end;
            let block = Window {
                first,
                end,
                with_last,
                ..window
            };
            let (plain, sealed) = on_blocking_pool(move || {
                read_exact(&file, layout.sealed_range(first..end), &mut sealed)?;
                let plain = open_window(&opener, block, &sealed).map_err(damaged)?;
                Ok((plain, sealed))
            })
            .await?;
            Ok(Some((plain, (end, sealed))))
        }
    })
    .boxed()
}

/// Reads `range` of a file into `bytes`, all of it or an error.
pub(super) fn read_exact(file: &File, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<()> {
    let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
    bytes.resize(len, 0);
    file.read_exact_at(bytes, range.start).map_err(local_io)
}

/// Runs what blocks away from the async workers.
pub(super) async fn on_blocking_pool<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Opens all chunks of `window`, which `sealed` holds, straight into the answer.
pub(super) fn open_window(
    opener: &Opener,
    window: Window,
    sealed: &[u8],
) -> Result<Bytes, OpenError> {
    let full = usize::try_from(window.full_chunks()).unwrap_or(usize::MAX);
    let (chunks, last) = sealed
        .split_at_checked(full.saturating_mul(SEALED_CHUNK_LEN))
        .ok_or_else(|| truncated(sealed.len()))?;
    let mut plain = vec![0; full * CHUNK_LEN + last.len().saturating_sub(TAG_LEN)];
    let (full_plain, last_plain) = plain.split_at_mut(full * CHUNK_LEN);
    opener.open_chunks(window.first, chunks, full_plain)?;
    if window.with_last {
        opener.open_last(window.first + full as u64, last, last_plain)?;
    } else if !last.is_empty() {
        return Err(truncated(last.len()));
    }
    Ok(plain.into())
}

/// The store gave fewer bytes, or others, than the object's size promises.
fn truncated(length: usize) -> OpenError {
    cobblestone::OpenError::Truncated { length }.into()
}

/// Drops what was not asked for, and hands out the rest while access lasts.
pub(super) fn hand_out(
    plain: BoxStream<'static, Result<Bytes>>,
    window: Window,
    access: Access,
    location: Path,
) -> BoxStream<'static, Result<Bytes>> {
    let mut skip = window.skip;
    let mut left = window.take;
    let named_at = location.clone();
    let wanted = plain
        .map(move |block| {
            let mut block = block.map_err(|error| named(error, &named_at))?;
            let _ = block.split_to(skip.min(block.len()));
            skip = 0;
            block.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= block.len() as u64;
            Ok(block)
        })
        .try_filter(|block| futures::future::ready(!block.is_empty()));
    while_access_lasts(wanted.boxed(), access, location)
}
