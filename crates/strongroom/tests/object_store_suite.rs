//! `object_store`'s own conformance suite over a resource's store: in both binding modes, in memory
//! and in a folder (R1: it is an ordinary object store).
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::integration as suite;
use object_store::memory::InMemory;
use strongroom::{BindingMode, InitOptions, NewResource, Options, Strongroom};
use tempfile::TempDir;

/// A fresh resource in a fresh installation.
struct Fresh {
    _folder: TempDir,
    room: Strongroom,
    store: Arc<dyn ObjectStore>,
}

impl Fresh {
    async fn new(binding: BindingMode, objects: Option<Arc<dyn ObjectStore>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut options = Options::new(strongroom::aws_lc_rs::PROVIDER);
        options.objects = objects;
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource {
            binding,
            ..NewResource::new("suite".parse().unwrap(), view.region)
        };
        let resource = room.create_resource(new).await.unwrap();
        let store = Arc::new(
            resource
                .encrypted_store()
                .await
                .unwrap()
                .allow_clear_metadata(),
        );
        Self {
            _folder: folder,
            room,
            store,
        }
    }
}

async fn passes_the_suite(
    binding: BindingMode,
    objects: impl Fn() -> Option<Arc<dyn ObjectStore>>,
) {
    let in_memory = objects().is_some();
    let fresh = async || Fresh::new(binding, objects()).await;

    let one = fresh().await;
    let store = &*one.store;
    suite::put_get_delete_list(store).await;
    suite::get_opts(store).await;
    suite::list_uses_directories_correctly(store).await;
    suite::list_with_delimiter(store).await;
    suite::list_with_offset_exclusivity(store).await;
    suite::rename_and_copy(store).await;
    suite::copy_if_not_exists(store).await;
    suite::copy_rename_nonexistent_object(store).await;
    suite::put_get_attributes(store).await;
    suite::put_opts(store, in_memory).await;
    one.room.close().await.unwrap();

    let other = fresh().await;
    suite::stream_get(&*other.store).await;
    suite::multipart_race_condition(&*other.store, true).await;
    suite::multipart_out_of_order(&*other.store).await;
    other.room.close().await.unwrap();
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

#[tokio::test]
async fn r01_the_suite_passes_in_memory_bound_to_location() {
    passes_the_suite(BindingMode::Location, || Some(memory())).await;
}

#[tokio::test]
async fn r01_the_suite_passes_in_memory_bound_to_the_resource() {
    passes_the_suite(BindingMode::Resource, || Some(memory())).await;
}

#[tokio::test]
async fn r01_the_suite_passes_in_a_folder_bound_to_location() {
    passes_the_suite(BindingMode::Location, || None).await;
}

#[tokio::test]
async fn r01_the_suite_passes_in_a_folder_bound_to_the_resource() {
    passes_the_suite(BindingMode::Resource, || None).await;
}
