//! An application that uses a resource's store itself, under paths of its own choice.

use std::path::Path as Folder;
use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{Options, Strongroom};
use tokio::runtime::Runtime;

/// Puts these objects into a resource of the installation in `data`, each with its own path as its bytes.
///
/// # Panics
/// If they cannot be put.
pub fn put(data: &Folder, resource: &str, objects: &[Path]) {
    with_store(data, resource, async |store| {
        for object in objects {
            let bytes = object.as_ref().as_bytes().to_vec();
            store.put(object, bytes.into()).await.expect("it is put");
        }
    });
}

/// The paths of everything in a resource, as an application sees them, sorted.
///
/// # Panics
/// If they cannot be listed.
#[must_use]
pub fn listed(data: &Folder, resource: &str) -> Vec<Path> {
    with_store(data, resource, async |store| {
        let paths = store.list(None).map_ok(|meta| meta.location);
        let mut paths: Vec<Path> = paths.try_collect().await.expect("a listing");
        paths.sort();
        paths
    })
}

fn with_store<T>(
    data: &Folder,
    resource: &str,
    work: impl AsyncFnOnce(Arc<dyn ObjectStore>) -> T,
) -> T {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let options = Options::new(strongroom::fastest::provider());
        let room = Strongroom::open(data, &options).await.expect("it opens");
        let name = resource.parse().expect("a name");
        let resource = room.administrator().resource(&name).await;
        let store = resource.expect("a resource").store().await;
        let done = work(store.expect("a store")).await;
        room.close().await.expect("it closes");
        done
    })
}
