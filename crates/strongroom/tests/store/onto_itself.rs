//! A rename or a copy onto itself loses nothing.

use std::sync::Arc;

use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use strongroom::BindingMode;

use crate::fresh::Fresh;

async fn keeps_the_object(binding: BindingMode, objects: Option<Arc<dyn ObjectStore>>) {
    let fresh = Fresh::new(binding, objects).await;
    let store = &fresh.store;
    let (here, nowhere) = (Path::from("a/here"), Path::from("a/nowhere"));
    let kept = Bytes::from_static(b"kept");
    store.put(&here, kept.clone().into()).await.unwrap();

    store.rename(&here, &here).await.unwrap();
    store.copy(&here, &here).await.unwrap();
    for refused in [
        store.rename_if_not_exists(&here, &here).await,
        store.copy_if_not_exists(&here, &here).await,
    ] {
        let error = refused.unwrap_err();
        assert!(
            matches!(&error, Error::AlreadyExists { path, .. } if path == "a/here"),
            "{error:?}"
        );
    }
    let found = store.get(&here).await.unwrap().bytes().await.unwrap();
    assert_eq!(found, kept);
    for missing in [
        store.rename(&nowhere, &nowhere).await,
        store.rename_if_not_exists(&nowhere, &nowhere).await,
        store.copy(&nowhere, &nowhere).await,
    ] {
        let error = missing.unwrap_err();
        assert!(
            matches!(&error, Error::NotFound { path, .. } if path == "a/nowhere"),
            "{error:?}"
        );
    }
    fresh.room.close().await.unwrap();
}

#[tokio::test]
async fn an_object_that_goes_onto_itself_stays() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        keeps_the_object(binding, None).await;
        keeps_the_object(binding, Some(Arc::new(InMemory::new()))).await;
    }
}
