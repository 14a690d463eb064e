//! What tests from inside begin with: an installation with one resource, and a key.

use strongroom_base::ResourceUid;
use strongroom_crypto::ResourceKey;
use strongroom_crypto::object::{Generation, GenerationKey};
use tempfile::TempDir;

use crate::{EncryptedStore, InitOptions, NewResource, Options, ResourceHandle, Strongroom};

/// A fresh resource in a fresh installation.
pub(crate) struct Fresh {
    _folder: TempDir,
    pub(crate) room: Strongroom,
    pub(crate) resource: ResourceHandle,
    pub(crate) store: EncryptedStore,
}

impl Fresh {
    pub(crate) async fn new() -> Self {
        Self::with(Options::new(crate::aws_lc_rs::PROVIDER)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let init = InitOptions::default();
        let view = Strongroom::init(&data, init, &options).await.unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.encrypted_store().await.unwrap();
        Self {
            _folder: folder,
            room,
            resource,
            store,
        }
    }
}

/// The same key at each call.
pub(crate) fn generation_key() -> GenerationKey {
    let key = ResourceKey::from_bytes(&mut [7; 32]);
    let uid = ResourceUid::from_bytes([1; 16]);
    GenerationKey::new(&crate::aws_lc_rs::PROVIDER, &key, uid, Generation::FIRST)
}
