//! Streams that go on only while access lasts.

use futures::stream::{self, BoxStream, StreamExt};
use object_store::Result;
use object_store::path::Path;

use super::error::at;
use crate::lease::Access;

/// Asks for access anew right before each item is given out (R17). The first refusal is the last item.
pub(super) fn while_access_lasts<T: Send + 'static>(
    items: BoxStream<'static, Result<T>>,
    access: Access,
    location: Path,
) -> BoxStream<'static, Result<T>> {
    let going = Some((items, access, location));
    stream::unfold(going, |state| async move {
        let (mut items, mut access, location) = state?;
        let item = items.next().await?;
        match access.check().await {
            Ok(()) => Some((item, Some((items, access, location)))),
            Err(error) => Some((Err(at(error, &location)), None)),
        }
    })
    // Stores ask again after the end.
    .fuse()
    .boxed()
}
