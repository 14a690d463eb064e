//! Files and links of a folder into a store.

use futures::{Stream, StreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, path::Path as ObjectPath};

use super::upload::{Onto, store};
use super::{AT_ONCE, Source, again_if_changed};
use crate::address::Address;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::own::Own;
use crate::shown::shortened;
use crate::walk::{Entry, EntryKind};

/// Stores every entry below `destination`, several at once. Of each it answers how many bytes it has, or why
/// it could not be stored.
pub(crate) fn store_all<'a>(
    store: &'a dyn ObjectStore,
    destination: &'a Address,
    entries: &'a [Entry],
    own: Option<&'a Own>,
    bar: &'a ProgressBar,
) -> impl Stream<Item = Result<u64, Failure>> + 'a {
    stream::iter(entries)
        .map(move |entry| async move {
            let stored =
                again_if_changed(async || store_one(store, destination, entry, own, bar).await)
                    .await;
            stored.map_err(|failure| failure.of(&shortened(&destination.joined(&entry.relative))))
        })
        .buffer_unordered(AT_ONCE)
}

async fn store_one(
    store: &dyn ObjectStore,
    destination: &Address,
    entry: &Entry,
    own: Option<&Own>,
    bar: &ProgressBar,
) -> Result<u64, Failure> {
    let at = |kind| destination.join(&entry.relative, kind);
    match &entry.kind {
        EntryKind::Link { target } => {
            let payload = PutPayload::from(target.clone());
            store.put(&at(ObjectKind::Link)?, payload).await?;
            remove(store, &at(ObjectKind::File)?).await?;
            bar.inc(entry.size);
            Ok(target.len() as u64)
        }
        EntryKind::File => {
            let location = at(ObjectKind::File)?;
            let mut source = Source::file(&entry.os_path, own).await?;
            let bytes = self::store(Onto::Any(store), &location, &mut source, bar).await?;
            remove(store, &at(ObjectKind::Link)?).await?;
            Ok(bytes)
        }
    }
}

/// Removes what the same path was before: a file that has become a link, or the reverse.
async fn remove(store: &dyn ObjectStore, location: &ObjectPath) -> Result<(), Failure> {
    match store.delete(location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
