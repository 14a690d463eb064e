//! Whatever is asked for, what lies in storage is sealed, under a key of the resource's own.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeSet;
use std::path::Path as OsPath;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use strongroom::{
    BindingMode, InitOptions, KeySource, NewResource, Options, ResourceHandle, Strongroom, Tier,
};

const SECRET: &[u8] = b"thirty-two bytes of a customer's";

fn options() -> Options {
    Options::new(strongroom::aws_lc_rs::PROVIDER)
}

async fn open(data: &OsPath) -> Strongroom {
    Strongroom::init(data, InitOptions::default(), &options())
        .await
        .unwrap();
    Strongroom::open(data, &options()).await.unwrap()
}

/// Resources of every kind that can be asked for.
async fn every_kind(room: &Strongroom) -> Vec<ResourceHandle> {
    let mut all = Vec::new();
    for tier in [Tier::E0, Tier::F0, Tier::S, Tier::S0] {
        for binding in [BindingMode::Location, BindingMode::Resource] {
            let name = format!("{tier}-{}", binding.as_str()).parse().unwrap();
            let region = room.show().region.clone();
            let new = NewResource {
                tier,
                binding,
                ..NewResource::new(name, region)
            };
            all.push(room.create_resource(new).await.unwrap());
        }
    }
    all
}

/// Stores the secret in every way that a store has.
async fn store_in_every_way(store: &dyn ObjectStore) {
    let path = |name: &str| Path::from(name);
    store
        .put(&path("put"), SECRET.repeat(3).into())
        .await
        .unwrap();
    let mut parts = WriteMultipart::new_with_chunk_size(
        store.put_multipart(&path("parts")).await.unwrap(),
        20_000,
    );
    parts.write(&SECRET.repeat(2_000));
    parts.finish().await.unwrap();
    store.copy(&path("put"), &path("copied")).await.unwrap();
    store.copy(&path("put"), &path("moved/from")).await.unwrap();
    store
        .rename(&path("moved/from"), &path("moved/to"))
        .await
        .unwrap();
}

/// How many files below a folder hold the secret.
fn holding_the_secret(folder: &OsPath) -> usize {
    let mut holding = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding += holding_the_secret(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            holding += usize::from(bytes.windows(SECRET.len()).any(|window| window == SECRET));
        }
    }
    holding
}

#[tokio::test]
async fn r03_every_resource_is_sealed_whatever_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(&folder.path().join("data")).await;
    for resource in every_kind(&room).await {
        store_in_every_way(&*resource.store().await.unwrap()).await;
    }
    room.close().await.unwrap();
    assert_eq!(holding_the_secret(folder.path()), 0);

    // The control: the same search over the same bytes, not sealed.
    let plain = folder.path().join("plain");
    std::fs::create_dir(&plain).unwrap();
    let store = object_store::local::LocalFileSystem::new_with_prefix(&plain).unwrap();
    store_in_every_way(&store).await;
    assert_eq!(holding_the_secret(folder.path()), 4);
}

#[tokio::test]
async fn r04_every_resource_has_a_service_managed_key_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(&folder.path().join("data")).await;
    let mut keys = BTreeSet::new();
    for resource in every_kind(&room).await {
        let view = resource.show().await.unwrap();
        let KeySource::ServiceManaged { key } = view.encryption.source else {
            panic!("{view:?}");
        };
        assert_eq!(view.encryption.generations, 1);
        assert!(keys.insert(key), "a key is shared");
    }
    room.close().await.unwrap();
}

#[tokio::test]
async fn r01_what_would_lie_in_clear_is_refused_unless_it_is_allowed() {
    use object_store::{Attribute, Attributes, PutOptions};

    let folder = tempfile::tempdir().unwrap();
    let objects = std::sync::Arc::new(object_store::memory::InMemory::new());
    let options = options().with_objects(objects);
    let data = folder.path().join("data");
    let view = Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    let new = NewResource::new("notes".parse().unwrap(), view.region);
    let resource = room.create_resource(new).await.unwrap();
    let path = Path::from("object");
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::Metadata("owner".into()), "somebody".into());
    let with_metadata = || PutOptions {
        attributes: attributes.clone(),
        ..PutOptions::default()
    };

    let store = resource.encrypted_store().await.unwrap();
    let refused = store
        .put_opts(&path, "x".into(), with_metadata())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, object_store::Error::NotImplemented { .. }),
        "{refused}"
    );
    assert!(store.head(&path).await.is_err());
    let allowing = store.allow_clear_metadata();
    allowing
        .put_opts(&path, "x".into(), with_metadata())
        .await
        .unwrap();
    assert_eq!(allowing.get(&path).await.unwrap().attributes, attributes);
    room.close().await.unwrap();
}
