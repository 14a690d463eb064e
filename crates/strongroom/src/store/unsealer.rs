//! What opens an object, and which of its chunks an answer needs.

use std::ops::Range;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{GetRange, Result};
use strongroom_crypto::object::{
    BindingMode, GenerationKeys, Header, Layout, LengthError, OpenError, Opener,
};

use super::error::{bad_range, damaged};
use super::place::binding;
use super::window::Window;
use crate::lease::Access;

/// Opens the object at one place, under the keys of one operation.
pub(super) struct Unsealer {
    pub(super) access: Access,
    pub(super) mode: BindingMode,
    pub(super) location: Path,
}

impl Unsealer {
    /// Checks the front of an object of this stored size against its commitment.
    pub(super) fn open(&self, front: &[u8], sealed_len: u64) -> Result<(Layout, Arc<Opener>)> {
        let layout = layout_of(sealed_len, front, self.access.keys())?;
        let prologue = front.try_into().map_err(|_| {
            let sealed = front.len() as u64;
            damaged(LengthError::NoPrologue { sealed }.into())
        })?;
        let opener = self
            .access
            .opener(prologue, binding(self.mode, &self.location));
        Ok((layout, opener.map_err(damaged)?))
    }
}

/// The layout of an object of this size. Where the size is impossible, the header says whether
/// this ever was an object (F8).
fn layout_of(sealed_len: u64, front: &[u8], keys: &GenerationKeys) -> Result<Layout> {
    Layout::from_sealed_len(sealed_len).map_err(|by_size| {
        let by_header = Header::parse(front)
            .map_err(OpenError::from)
            .and_then(|header| keys.key(header.generation).map(drop));
        damaged(by_header.err().unwrap_or(by_size.into()))
    })
}

/// Which chunks answer a request.
pub(super) struct Wanted {
    /// Bytes of plaintext.
    pub(super) range: Range<u64>,
    pub(super) window: Window,
    /// The last chunk, if it must be opened before any byte is given out: the answer depends on the
    /// object's length, which is authentic only then.
    pub(super) end_first: Option<Window>,
}

impl Wanted {
    /// What `wanted` asks for; the whole object if nothing.
    pub(super) fn of(wanted: Option<&GetRange>, layout: Layout) -> Result<Self> {
        let Some(wanted) = wanted else {
            let range = 0..layout.plain_len();
            return Ok(Self {
                window: Window::covering(&range, layout),
                range,
                end_first: None,
            });
        };
        let range = wanted.as_range(layout.plain_len()).map_err(bad_range)?;
        let window = Window::covering(&range, layout);
        // What depends on the length goes to the end: its window has the last chunk. Where that is the only
        // one, no byte is given out before it has opened.
        let end_first = window.end - window.first > 1 && depends_on_length(wanted, &range);
        Ok(Self {
            end_first: end_first.then(|| Window::last(layout)),
            range,
            window,
        })
    }
}

/// Whether the bytes to give out follow from the object's length.
fn depends_on_length(wanted: &GetRange, range: &Range<u64>) -> bool {
    match wanted {
        GetRange::Bounded(wanted) => wanted.end > range.end,
        GetRange::Offset(_) | GetRange::Suffix(_) => true,
    }
}
