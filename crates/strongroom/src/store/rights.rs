//! What the caller of a store may do with its data.

use futures::stream::{self, BoxStream, StreamExt};
use object_store::Result;
use object_store::path::Path;
use strongroom_identity::{Denied, Verdict};

use super::error::at;

/// What the caller's roles said when the store was opened. It is not asked again while the store is in
/// use: who opens another store is judged anew.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) read: Verdict,
    pub(crate) write: Verdict,
    pub(crate) delete: Verdict,
}

impl Rights {
    /// Fails if the caller may do nothing at all with the data.
    pub(crate) fn any(&self) -> Verdict {
        self.read
            .clone()
            .or_else(|_| self.write.clone())
            .or_else(|_| self.delete.clone())
            .or_else(|_| self.read.clone())
    }

    pub(super) fn to_read(&self, location: &Path) -> Result<()> {
        allowed(&self.read, location)
    }

    pub(super) fn to_write(&self, location: &Path) -> Result<()> {
        allowed(&self.write, location)
    }

    pub(super) fn to_copy(&self, from: &Path, to: &Path) -> Result<()> {
        self.to_read(from)?;
        self.to_write(to)
    }

    pub(super) fn to_move(&self, from: &Path, to: &Path) -> Result<()> {
        self.to_copy(from, to)?;
        allowed(&self.delete, from)
    }

    pub(super) fn stream_to_read<T: Send + 'static>(
        &self,
        location: &Path,
        allowed: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        guarded(self.to_read(location), allowed)
    }

    pub(super) fn stream_to_delete<T: Send + 'static>(
        &self,
        allowed_stream: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        guarded(allowed(&self.delete, &Path::default()), allowed_stream)
    }
}

fn allowed(verdict: &Verdict, location: &Path) -> Result<()> {
    let denied = |denied: &Denied| at(denied.clone().into(), location);
    verdict.as_ref().map(|&()| ()).map_err(denied)
}

fn guarded<T: Send + 'static>(
    verdict: Result<()>,
    allowed: impl FnOnce() -> BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    match verdict {
        Ok(()) => allowed(),
        Err(denied) => stream::once(async move { Err(denied) }).boxed(),
    }
}
