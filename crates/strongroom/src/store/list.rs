//! Listings with plaintext sizes, and deletion.

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, Extensions, ListResult, ObjectMeta, ObjectStore, Result};

use super::EncryptedStore;
use super::error::localized;
use super::guarded::{still_allowed, while_access_lasts, while_access_lasts_to_the_end};
use crate::lease::rights::Need;
use crate::local_folder::Unlistable;

impl EncryptedStore {
    pub(super) fn listing(
        &self,
        prefix: Option<&Path>,
        offset: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let root = Path::default();
        let prefix = prefix.unwrap_or(&root).clone();
        let offset = offset.cloned();
        stream::once(async move {
            let access = store.access(&prefix, Need::Read).await?;
            let stored = store.place.stored(&prefix);
            let entries = match offset {
                None => store.inner.list(Some(&stored)),
                Some(offset) => store
                    .inner
                    .list_with_offset(Some(&stored), &store.place.stored(&offset)),
            };
            let at = prefix.clone();
            let listed = entries.map(move |entry| {
                // What is no object, or has an impossible size, is an error of its own: the listing goes on.
                let entry = entry.map_err(|error| store.place.unlisted(error, &prefix))?;
                store.place.meta(entry)
            });
            Ok::<_, StoreError>(while_access_lasts(listed.boxed(), access, at))
        })
        .try_flatten()
        .boxed()
    }

    pub(super) async fn delimited(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let root = Path::default();
        let prefix = prefix.unwrap_or(&root);
        let mut access = self.access(prefix, Need::Read).await?;
        let stored = self.place.stored(prefix);
        let listed = self.inner.list_with_delimiter(Some(&stored)).await;
        let ListResult {
            common_prefixes,
            objects,
            mut extensions,
        } = listed.map_err(|error| localized(error, prefix))?;
        let common_prefixes = common_prefixes
            .iter()
            .map(|stored| self.place.location(stored))
            .collect();
        let objects = self.listable(objects, &mut extensions);
        still_allowed(&mut access, prefix).await?;
        Ok(ListResult {
            common_prefixes,
            objects,
            extensions,
        })
    }

    fn listable(&self, stored: Vec<ObjectMeta>, extensions: &mut Extensions) -> Vec<ObjectMeta> {
        let mut objects = Vec::with_capacity(stored.len());
        // What the inner store itself found to be no object.
        let mut locations: Vec<_> = extensions
            .remove::<Unlistable>()
            .into_iter()
            .flat_map(|foreign| foreign.locations)
            .map(|stored| self.place.location(&stored))
            .collect();
        for entry in stored {
            let location = self.place.location(&entry.location);
            match self.place.meta(entry) {
                Ok(meta) => objects.push(meta),
                Err(_) => locations.push(location),
            }
        }
        if !locations.is_empty() {
            extensions.insert(Unlistable { locations });
        }
        objects
    }

    pub(super) fn deletion(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        stream::once(async move {
            let root = Path::default();
            let access = store.access(&root, Need::Delete).await?;
            let place = store.place.clone();
            let stored = while_access_lasts_to_the_end(locations, access, root)
                .map_ok(move |location| place.stored(&location));
            let place = store.place.clone();
            Ok::<_, StoreError>(
                store
                    .inner
                    .delete_stream(stored.boxed())
                    .map(move |deleted| {
                        deleted
                            .map(|stored| place.location(&stored))
                            .map_err(|error| place.relocated(error))
                    }),
            )
        })
        .try_flatten()
        .boxed()
    }
}
