//! Asking for access again, once and before each item of a stream.

use futures::future;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::Result;
use object_store::path::Path;
use strongroom_crypto::object::Generation;

use super::error::at;
use crate::lease::Access;

/// Fails once the resource must not be used any more.
pub(super) async fn still_allowed(access: &mut Access, location: &Path) -> Result<()> {
    access.check().await.map_err(|error| at(error, location))
}

/// The same before something is sent that was sealed under `generation`.
pub(super) async fn may_still_write(
    access: &mut Access,
    generation: Generation,
    location: &Path,
) -> Result<()> {
    let allowed = access.check_write(generation).await;
    allowed.map_err(|error| at(error, location))
}

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
        match still_allowed(&mut access, &location).await {
            Ok(()) => Some((item, Some((items, access, location)))),
            Err(error) => Some((Err(error), None)),
        }
    })
    // Stores ask again after the end.
    .fuse()
    .boxed()
}

/// The same, and once more at the end: a store that gathers what it is to do, as S3's does with deletions, sends
/// the rest when there is no more, and drops it when there is an error instead.
pub(super) fn while_access_lasts_to_the_end<T: Send + 'static>(
    items: BoxStream<'static, Result<T>>,
    access: Access,
    location: Path,
) -> BoxStream<'static, Result<T>> {
    let end = stream::once(future::ready(Ok(None)));
    let items = items.map_ok(Some).chain(end);
    while_access_lasts(items.boxed(), access, location)
        .try_filter_map(future::ok)
        .boxed()
}
