//! Reading a sealed object from an open file.
//!
//! Whatever replaces the object, an open file keeps the bytes that were opened. It is read on the blocking
//! pool, and every visit there costs as much as opening several chunks: the first one reads the prologue
//! and opens the first block too, and while a block is with its reader the next one is made ready.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures::future;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::{GetRange, Result};
use strongroom_crypto::object::{Layout, Opener, PROLOGUE_LEN};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::blocks::{BLOCK_CHUNKS, Blocks};
use super::error::{damaged, local_io};
use super::plain_stream::{Answer, open_into};
use super::unsealer::{Unsealer, Wanted};
use super::window::Window;

/// How many chunks are read from the file before they are opened: what the cache of a core holds.
const READ_CHUNKS: usize = 16;

/// Opens what is wanted of the object of `sealed_len` bytes that the file holds: the first block now,
/// which blocks, and the others as they are asked for.
pub(super) fn read(
    file: File,
    sealed_len: u64,
    unsealer: &Unsealer,
    wanted: Option<&GetRange>,
    blocks: Arc<Blocks>,
) -> Result<Answer> {
    let file = SealedFile::open(file, sealed_len, unsealer, blocks)?;
    let wanted = Wanted::of(wanted, file.layout)?;
    if let Some(end) = wanted.end_first {
        file.block(end)?;
    }
    let window = wanted.window;
    let first = window.part(window.first, BLOCK_CHUNKS);
    let opened = file.block(first);
    let plain = if first.end < window.end {
        blocks_of(file, window, first.end, opened)
    } else {
        stream::once(future::ready(opened)).boxed()
    };
    Ok(Answer {
        range: wanted.range,
        window,
        plain,
    })
}

/// Opens several ranges of the object, all of them now.
pub(super) fn read_ranges(
    file: File,
    sealed_len: u64,
    unsealer: &Unsealer,
    ranges: &[Range<u64>],
    blocks: Arc<Blocks>,
) -> Result<Vec<Bytes>> {
    let file = SealedFile::open(file, sealed_len, unsealer, blocks)?;
    let mut length_is_authentic = false;
    ranges
        .iter()
        .map(|range| {
            let wanted = Wanted::of(Some(&GetRange::Bounded(range.clone())), file.layout)?;
            // No more memory than for a block rests on a length that nothing has authenticated.
            let is_long = wanted.window.full_chunks() > BLOCK_CHUNKS as u64;
            if !length_is_authentic && (is_long || wanted.end_first.is_some()) {
                file.block(Window::last(file.layout))?;
                length_is_authentic = true;
            }
            let block = file.block(wanted.window)?;
            Ok(wanted.window.wanted_of(block))
        })
        .collect()
}

/// An object whose commitment has matched, in an open file.
struct SealedFile {
    file: File,
    layout: Layout,
    opener: Arc<Opener>,
    blocks: Arc<Blocks>,
}

impl SealedFile {
    fn open(file: File, sealed_len: u64, unsealer: &Unsealer, blocks: Arc<Blocks>) -> Result<Self> {
        let mut prologue = [0; PROLOGUE_LEN];
        let there = usize::try_from(sealed_len).unwrap_or(PROLOGUE_LEN);
        let front = prologue.split_at_mut(there.min(PROLOGUE_LEN)).0;
        file.read_exact_at(front, 0).map_err(local_io)?;
        let (layout, opener) = unsealer.open(front, sealed_len)?;
        Ok(Self {
            file,
            layout,
            opener,
            blocks,
        })
    }

    /// Reads and opens all chunks of `window`, a few at a time.
    fn block(&self, window: Window) -> Result<Bytes> {
        let mut sealed = self.blocks.take();
        let opened = self
            .blocks
            .filled(window.plain_len(self.layout), |mut plain| {
                let mut first = window.first;
                while first < window.end {
                    let part = window.part(first, READ_CHUNKS);
                    let stored = self.layout.sealed_range(part.first..part.end);
                    let sealed = read_exact(&self.file, stored, &mut sealed)?;
                    let (now, later) = plain.split_at_mut(part.plain_len(self.layout));
                    open_into(&self.opener, part, sealed, now).map_err(damaged)?;
                    (plain, first) = (later, part.end);
                }
                Ok(())
            });
        self.blocks.give_back(sealed);
        opened
    }
}

/// Reads `range` of a file, all of it or an error, into the front of `buffer`.
fn read_exact<'b>(file: &File, range: Range<u64>, buffer: &'b mut Vec<u8>) -> Result<&'b [u8]> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    let (bytes, _) = buffer.split_at_mut(length);
    file.read_exact_at(bytes, range.start).map_err(local_io)?;
    Ok(bytes)
}

/// The blocks of a window, the first of which is at hand: what follows it begins with chunk `next`.
fn blocks_of(
    file: SealedFile,
    window: Window,
    next: u64,
    first: Result<Bytes>,
) -> BoxStream<'static, Result<Bytes>> {
    let rest = Rest {
        file: Arc::new(file),
        window,
        next,
    };
    stream::unfold(Some((Ahead::Ready(first), rest)), |state| async move {
        let (ahead, mut rest) = state?;
        let block = match ahead {
            Ahead::Ready(block) => block,
            Ahead::Begun(block) => block.await.unwrap_or_else(|lost| Err(lost.into())),
        };
        let following = match &block {
            Ok(_) => rest.begin_next(),
            Err(_) => None,
        };
        Some((block, following.map(|ahead| (ahead, rest))))
    })
    .boxed()
}

/// The block that a stream gives out next.
enum Ahead {
    Ready(Result<Bytes>),
    /// Being opened on the blocking pool.
    Begun(JoinHandle<Result<Bytes>>),
}

/// What of a window has not been begun.
struct Rest {
    file: Arc<SealedFile>,
    window: Window,
    next: u64,
}

impl Rest {
    fn begin_next(&mut self) -> Option<Ahead> {
        if self.next >= self.window.end {
            return None;
        }
        let block = self.window.part(self.next, BLOCK_CHUNKS);
        self.next = block.end;
        let file = Arc::clone(&self.file);
        // Without a runtime there is nothing to be ahead of.
        Some(match Handle::try_current() {
            Ok(handle) => Ahead::Begun(handle.spawn_blocking(move || file.block(block))),
            Err(_) => Ahead::Ready(file.block(block)),
        })
    }
}
