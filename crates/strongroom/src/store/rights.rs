//! Every operation needs the rights to all that it does.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore as _, ObjectStoreExt as _, Result};
use strongroom_base::{Outcome as _, PrincipalId};
use strongroom_identity::{Action, Denied, Verdict};

use super::EncryptedStore;
use crate::Error;
use crate::fresh::Fresh;
use crate::lease::Watching;
use crate::lease::rights::{JudgesRights, Rights};

fn says(allowed: bool, action: Action) -> Verdict {
    let principal = PrincipalId::from_bytes([7; 16]);
    allowed
        .then_some(())
        .ok_or(Denied::Hidden { principal, action })
}

/// They stay.
#[derive(Debug)]
struct Fixed(Rights);

#[async_trait]
impl JudgesRights for Fixed {
    async fn rights(&self) -> std::result::Result<(Rights, Option<Watching>), Error> {
        Ok((self.0.clone(), None))
    }
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
        store.session = Arc::new(whole.session.with_rights(Arc::new(Fixed(rights))));
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
