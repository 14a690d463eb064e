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

    pub(super) fn to_delete(&self, location: &Path) -> Result<()> {
        allowed(&self.delete, location)
    }

    pub(super) fn to_copy(&self, from: &Path, to: &Path) -> Result<()> {
        self.to_read(from)?;
        self.to_write(to)
    }

    pub(super) fn to_move(&self, from: &Path, to: &Path) -> Result<()> {
        self.to_copy(from, to)?;
        self.to_delete(from)
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
        guarded(self.to_delete(&Path::default()), allowed_stream)
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

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::{Error as StoreError, ObjectStore as _, ObjectStoreExt as _};
    use strongroom_base::{Outcome as _, PrincipalId};
    use strongroom_identity::Action;

    use super::*;
    use crate::Error;
    use crate::fresh::Fresh;
    use crate::store::EncryptedStore;

    fn says(allowed: bool, action: Action) -> Verdict {
        let principal = PrincipalId::from_bytes([7; 16]);
        allowed
            .then_some(())
            .ok_or(Denied::Hidden { principal, action })
    }

    /// Every combination, and which of reading, writing and deleting it allows.
    fn every_rights() -> impl Iterator<Item = ([bool; 3], Rights)> {
        (0..8_u8).map(|bits| {
            let [read, write, delete] = [1, 2, 4].map(|bit| bits & bit != 0);
            let rights = Rights {
                read: says(read, Action::ObjectsRead),
                write: says(write, Action::ObjectsWrite),
                delete: says(delete, Action::ObjectsDelete),
            };
            ([read, write, delete], rights)
        })
    }

    #[test]
    fn whoever_may_do_anything_may_open_the_store() {
        for (allows, rights) in every_rights() {
            let expected = says(allows.contains(&true), Action::ObjectsRead);
            assert_eq!(rights.any(), expected, "{allows:?}");
        }
    }

    /// Each operation on an object that is there: what it came to, and whether it needs to read, to write
    /// and to delete.
    async fn every_operation(store: &EncryptedStore) -> Vec<(&'static str, Result<()>, [bool; 3])> {
        const READ: [bool; 3] = [true, false, false];
        const WRITE: [bool; 3] = [false, true, false];

        let (here, there) = (Path::from("here"), Path::from("there"));
        let gone = stream::iter([Ok(here.clone())]).boxed();
        let listed = store.list(None).try_collect::<Vec<_>>();
        let after = store.list_with_offset(None, &there);
        let (put, begun) = (store.put(&here, "b".into()), store.put_multipart(&here));
        vec![
            ("get", store.get(&here).await.map(drop), READ),
            ("head", store.head(&here).await.map(drop), READ),
            (
                "ranges",
                store.get_ranges(&here, &[0..1, 0..1]).await.map(drop),
                READ,
            ),
            ("list", listed.await.map(drop), READ),
            ("after", after.try_collect::<Vec<_>>().await.map(drop), READ),
            (
                "delimited",
                store.list_with_delimiter(None).await.map(drop),
                READ,
            ),
            ("put", put.await.map(drop), WRITE),
            ("multipart", begun.await.map(drop), WRITE),
            ("copy", store.copy(&here, &there).await, [true, true, false]),
            ("rename", store.rename(&here, &there).await, [true; 3]),
            (
                "delete",
                store
                    .delete_stream(gone)
                    .try_collect::<Vec<_>>()
                    .await
                    .map(drop),
                [false, false, true],
            ),
        ]
    }

    #[tokio::test]
    async fn every_operation_needs_the_rights_to_all_that_it_does() {
        let fresh = Fresh::new().await;
        let whole = &fresh.store;
        for (allows, rights) in every_rights() {
            whole.put(&"here".into(), "a".into()).await.unwrap();
            let mut store = whole.clone();
            store.rights = rights;
            for (name, result, needs) in every_operation(&store).await {
                let lacking = needs.iter().zip(allows).any(|(need, has)| *need && !has);
                let denied = match result {
                    Ok(()) => false,
                    // It was renamed just before.
                    Err(StoreError::NotFound { .. }) if name == "delete" => false,
                    Err(error) => {
                        assert_eq!(Error::from(error).code(), "AuthorizationFailed", "{name}");
                        true
                    }
                };
                assert_eq!(denied, lacking, "{name} with {allows:?}");
            }
            let [_, write, delete] = allows;
            let content = whole.get(&"here".into()).await.ok();
            match content {
                Some(content) => {
                    let expected = if write { "b" } else { "a" };
                    assert_eq!(content.bytes().await.unwrap(), expected, "{allows:?}");
                }
                None => assert!(delete, "{allows:?}"),
            }
        }
        fresh.room.close().await.unwrap();
    }
}
