//! `object_store`'s own conformance suite over a resource whose sealed objects lie in S3 and in Azure
//! Blob Storage, in both binding modes: servers of both interfaces run on this machine for as long as a
//! test does.

mod in_turn;

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, S3CopyIfNotExists};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::integration::{self as suite, MarkerHttpConnector};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, Error, ObjectStore, ObjectStoreExt as _,
    PutOptions, RenameOptions, RenameTargetMode,
};
use strongroom::{BindingMode, EncryptedStore, InitOptions, NewResource, Options, Strongroom};
use strongroom_tests::server::{AZURITE_ACCOUNT, AZURITE_KEY, Server};
use tempfile::TempDir;

use in_turn::WritesInTurn;

const CONTAINER: &str = "sealed";

/// What an inner store can do. Where it cannot, that is asserted rather than left out.
#[derive(Clone, Copy)]
struct Able {
    last_writer_wins: bool,
    keeps_attributes: bool,
    /// In a copy that is made only if nothing is there.
    keeps_attributes_if_new: bool,
}

struct Scene {
    _folder: TempDir,
    room: Strongroom,
    store: EncryptedStore,
}

impl Scene {
    async fn new(binding: BindingMode, objects: &Arc<dyn ObjectStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_objects(objects.clone());
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource {
            binding,
            ..NewResource::new("suite".parse().unwrap(), view.region)
        };
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.encrypted_store().await.unwrap();
        Self {
            _folder: folder,
            room,
            store,
        }
    }
}

async fn passes_the_suite(binding: BindingMode, able: Able, objects: Arc<dyn ObjectStore>) {
    let one = Scene::new(binding, &objects).await;
    let store = &one.store.clone().allow_clear_metadata();
    suite::put_get_delete_list(store).await;
    suite::list_with_offset_exclusivity(store).await;
    suite::get_opts(store).await;
    suite::list_uses_directories_correctly(store).await;
    suite::list_with_delimiter(store).await;
    suite::rename_and_copy(store).await;
    suite::copy_if_not_exists(store).await;
    suite::copy_rename_nonexistent_object(store).await;
    suite::put_opts(store, true).await;
    if able.keeps_attributes {
        suite::put_get_attributes(store).await;
    }
    suite::response_extensions(store, true).await;
    one.room.close().await.unwrap();

    let other = Scene::new(binding, &objects).await;
    suite::stream_get(&other.store).await;
    suite::multipart_race_condition(&other.store, able.last_writer_wins).await;
    suite::multipart_out_of_order(&other.store).await;
    parts_of_any_size(&other.store).await;
    if able.keeps_attributes {
        copies_keep_attributes(&other.store, able.keeps_attributes_if_new).await;
    }
    other.room.close().await.unwrap();
}

/// The caller's parts may be shorter than the inner store takes, the last one too.
async fn parts_of_any_size(store: &dyn ObjectStore) {
    let whole: Vec<u8> = (0..3_500_000_u32).flat_map(u32::to_le_bytes).collect();
    for sizes in [
        &[1_000_000][..],
        &[5 << 20, 100],
        &[6_000_000, 1, 0, 70_000],
    ] {
        let path = Path::from("parts");
        let mut upload = store.put_multipart(&path).await.unwrap();
        let mut rest = &whole[..];
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            upload.put_part(part.to_vec().into()).await.unwrap();
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        upload.complete().await.unwrap();
        let read = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert!(read == whole, "{sizes:?}");
        store.delete(&path).await.unwrap();
    }
}

/// Attributes are kept or the copy is refused whole: never dropped without a word.
async fn copies_keep_attributes(store: &dyn ObjectStore, conditional: bool) {
    let [from, to] = ["from", "to"].map(Path::from);
    let attributes = Attributes::from_iter([(Attribute::ContentType, "text/plain")]);
    let options = PutOptions::from(attributes.clone());
    store.put_opts(&from, "text".into(), options).await.unwrap();
    let create = CopyOptions::new().with_mode(CopyMode::Create);
    let copied = store.copy_opts(&from, &to, create).await;
    if conditional {
        copied.unwrap();
    } else {
        let error = copied.unwrap_err();
        assert!(matches!(error, Error::NotImplemented { .. }), "{error}");
        let rename = RenameOptions::new().with_target_mode(RenameTargetMode::Create);
        store.rename_opts(&from, &to, rename).await.unwrap_err();
        let missing = store.head(&to).await.unwrap_err();
        assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
        store.copy(&from, &to).await.unwrap();
    }
    for path in [&from, &to] {
        let found = store.get(path).await.unwrap();
        assert_eq!(found.attributes, attributes, "{path}");
        store.delete(path).await.unwrap();
    }
}

fn s3(server: &Server) -> Arc<dyn ObjectStore> {
    let store = AmazonS3Builder::new()
        .with_endpoint(&server.url)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name(CONTAINER)
        .with_access_key_id("test")
        .with_secret_access_key("test")
        .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
        .with_http_connector(WritesInTurn::<MarkerHttpConnector>::default())
        .build();
    Arc::new(store.unwrap())
}

fn azure(server: &Server) -> Arc<dyn ObjectStore> {
    let store = MicrosoftAzureBuilder::new()
        .with_endpoint(format!("{}/{AZURITE_ACCOUNT}", server.url))
        .with_allow_http(true)
        .with_account(AZURITE_ACCOUNT)
        .with_access_key(AZURITE_KEY)
        .with_container_name(CONTAINER)
        .with_http_connector(MarkerHttpConnector::default())
        .build();
    Arc::new(store.unwrap())
}

async fn suite_on_s3(binding: BindingMode) {
    let server = Server::moto().with_container("s3", CONTAINER);
    let able = Able {
        last_writer_wins: true,
        keeps_attributes: true,
        keeps_attributes_if_new: false,
    };
    passes_the_suite(binding, able, s3(&server)).await;
}

async fn suite_on_azure(binding: BindingMode) {
    let server = Server::azurite().with_container("azure", CONTAINER);
    let able = Able {
        // Blocks that were not committed are dropped by whoever commits first.
        last_writer_wins: false,
        // Azurite does not: object_store leaves this one out of its own run too.
        keeps_attributes: false,
        keeps_attributes_if_new: false,
    };
    passes_the_suite(binding, able, azure(&server)).await;
}

#[tokio::test]
async fn r01_the_suite_passes_on_s3_bound_to_location() {
    suite_on_s3(BindingMode::Location).await;
}

#[tokio::test]
async fn r01_the_suite_passes_on_s3_bound_to_the_resource() {
    suite_on_s3(BindingMode::Resource).await;
}

#[tokio::test]
async fn r01_the_suite_passes_on_azure_bound_to_location() {
    suite_on_azure(BindingMode::Location).await;
}

#[tokio::test]
async fn r01_the_suite_passes_on_azure_bound_to_the_resource() {
    suite_on_azure(BindingMode::Resource).await;
}
