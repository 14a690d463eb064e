//! A fresh installation with one resource, for a test of its store from inside.

use tempfile::TempDir;

use super::EncryptedStore;
use crate::{InitOptions, NewResource, Options, ResourceHandle, Strongroom};

pub(super) struct Fresh {
    _folder: TempDir,
    pub(super) room: Strongroom,
    pub(super) resource: ResourceHandle,
    pub(super) store: EncryptedStore,
}

impl Fresh {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(crate::aws_lc_rs::PROVIDER);
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
