//! `object_store`'s own conformance suite over a resource's store: in both binding modes, in memory,
//! in the installation's folder and in a folder without fsync (R1: it is an ordinary object store).
//! The `tests` room runs it over servers of S3 and Azure.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::integration as suite;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use strongroom::BindingMode;
use tempfile::TempDir;

use crate::fresh::Fresh;

/// A store, and the folder that it is in. Without one, the installation's own.
type Objects = (Option<TempDir>, Option<Arc<dyn ObjectStore>>);

/// `updates`: whether the inner store can replace an object on condition of its version.
async fn passes_the_suite(binding: BindingMode, updates: bool, objects: impl Fn() -> Objects) {
    let (_kept, objects_of_one) = objects();
    let one = Fresh::new(binding, objects_of_one).await;
    // Refused, user metadata would be accepted as absent by the suite.
    let store = &one.store.clone().allow_clear_metadata();
    suite::put_get_delete_list(store).await;
    suite::get_opts(store).await;
    suite::list_uses_directories_correctly(store).await;
    suite::list_with_delimiter(store).await;
    suite::list_with_offset_exclusivity(store).await;
    suite::rename_and_copy(store).await;
    suite::copy_if_not_exists(store).await;
    suite::copy_rename_nonexistent_object(store).await;
    suite::put_get_attributes(store).await;
    suite::put_opts(store, updates).await;
    one.room.close().await.unwrap();

    let (_kept, objects_of_other) = objects();
    let other = Fresh::new(binding, objects_of_other).await;
    suite::stream_get(&other.store).await;
    suite::multipart_race_condition(&other.store, true).await;
    suite::multipart_out_of_order(&other.store).await;
    other.room.close().await.unwrap();
}

macro_rules! suites {
    ($($name:ident: $updates:expr, $objects:expr;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn r01_the_suite_passes_bound_to_location() {
                passes_the_suite(BindingMode::Location, $updates, $objects).await;
            }

            #[tokio::test]
            async fn r01_the_suite_passes_bound_to_the_resource() {
                passes_the_suite(BindingMode::Resource, $updates, $objects).await;
            }
        }
    )+};
}

fn memory() -> Objects {
    (None, Some(Arc::new(InMemory::new())))
}

/// The installation's own folder, with fsync.
fn own_folder() -> Objects {
    (None, None)
}

/// `object_store`'s own local store, without fsync.
fn folder_without_fsync() -> Objects {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    (Some(folder), Some(Arc::new(store)))
}

suites! {
    in_memory: true, memory;
    in_the_own_folder: false, own_folder;
    in_a_folder_without_fsync: false, folder_without_fsync;
}
