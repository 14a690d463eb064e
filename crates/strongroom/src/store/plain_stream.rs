//! Sealed bytes in, plaintext out, no byte of it before its chunk's tag has passed.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::Result;
use object_store::path::Path;
use strongroom_crypto::object::{OpenError, Opener, SEALED_CHUNK_LEN};
use strongroom_crypto::{TAG_LEN, cobblestone};
use strongroom_ledger::runtime::blocking;

use super::blocks::{BLOCK_CHUNKS, Blocks};
use super::error::{damaged, named};
use super::guarded::while_access_lasts;
use super::window::Window;
use crate::lease::Access;

/// What a read answers, whatever its bytes come from.
pub(super) struct Answer {
    pub(super) range: Range<u64>,
    pub(super) window: Window,
    /// The blocks of `window`.
    pub(super) plain: BoxStream<'static, Result<Bytes>>,
}

/// Opens a stream of sealed bytes that begins with the first chunk of `window`.
pub(super) fn from_stream(
    sealed: BoxStream<'static, Result<Bytes>>,
    opener: Arc<Opener>,
    window: Window,
    blocks: Arc<Blocks>,
) -> BoxStream<'static, Result<Bytes>> {
    let state = Unsealing {
        sealed,
        opener,
        window,
        blocks,
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
    blocks: Arc<Blocks>,
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
        open_window(&self.opener, chunks, &sealed, &self.blocks).map(Some)
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
            &self.blocks,
        )
        .map(Some)
    }
}

/// Runs what blocks away from the async workers.
pub(super) async fn on_blocking_pool<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    blocking(work).await?
}

/// Opens all chunks of `window`, which `sealed` holds, straight into the answer.
pub(super) fn open_window(
    opener: &Opener,
    window: Window,
    sealed: &[u8],
    blocks: &Arc<Blocks>,
) -> Result<Bytes, OpenError> {
    let (_, last) = split(window, sealed)?;
    let length = window.full_len() + last.len().saturating_sub(TAG_LEN);
    blocks.filled(length, |plain| open_into(opener, window, sealed, plain))
}

/// The same into `plain`, which is as long as they are.
pub(super) fn open_into(
    opener: &Opener,
    window: Window,
    sealed: &[u8],
    plain: &mut [u8],
) -> Result<(), OpenError> {
    let (chunks, last) = split(window, sealed)?;
    let (plain, last_plain) = plain
        .split_at_mut_checked(window.full_len())
        .ok_or_else(|| truncated(sealed.len()))?;
    opener.open_chunks(window.first, chunks, plain)?;
    if window.with_last {
        opener.open_last(window.first + window.full_chunks(), last, last_plain)?;
    } else if !last.is_empty() {
        return Err(truncated(last.len()));
    }
    Ok(())
}

fn split(window: Window, sealed: &[u8]) -> Result<(&[u8], &[u8]), OpenError> {
    window.split(sealed).ok_or_else(|| truncated(sealed.len()))
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
