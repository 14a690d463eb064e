//! A fresh installation with one resource, for a test of its store, and what the store says.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use strongroom::{
    BindingMode, EncryptedStore, Error, InitOptions, NewResource, Options, ResourceHandle,
    Strongroom,
};
use strongroom_base::Outcome as _;
use tempfile::TempDir;

/// A fresh resource in a fresh installation.
#[derive(Debug)]
pub(crate) struct Fresh {
    folder: TempDir,
    pub(crate) room: Strongroom,
    pub(crate) resource: ResourceHandle,
    pub(crate) store: EncryptedStore,
}

impl Fresh {
    /// Objects lie in `objects`, or else in the installation's own folder.
    pub(crate) async fn new(binding: BindingMode, objects: Option<Arc<dyn ObjectStore>>) -> Self {
        let mut options = Options::new(strongroom::aws_lc_rs::PROVIDER);
        options.objects = objects;
        Self::with(binding, options).await
    }

    /// Where F60 has an object lie in the inner store.
    pub(crate) fn stored(&self, location: &str) -> Path {
        Path::parse(format!("r/{}/o/{location}", self.resource.uid())).unwrap()
    }

    /// The same in the installation's own folder.
    pub(crate) fn file(&self, location: &str) -> PathBuf {
        let objects = self.folder.path().join("data/objects");
        objects.join(self.stored(location).as_ref())
    }

    pub(crate) async fn with(binding: BindingMode, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
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
            folder,
            room,
            resource,
            store,
        }
    }
}

/// The code of what went wrong.
pub(crate) fn code<T: fmt::Debug>(result: object_store::Result<T>) -> &'static str {
    Error::from(result.unwrap_err()).code()
}
