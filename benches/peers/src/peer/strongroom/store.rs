//! The store of a resource over a store in memory, beside the peer that is a store too.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use strongroom::{InitOptions, NewResource, Options, Strongroom, fastest};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::peer::Peer;

pub struct Store<'a> {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    runtime: &'a Runtime,
    room: Option<Strongroom>,
    /// Holds the ledger, and goes when the room is closed.
    _folder: TempDir,
}

impl<'a> Store<'a> {
    pub fn new(runtime: &'a Runtime) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the ledger")?;
        let data = folder.path().join("data");
        let options = Options::new(fastest::provider()).with_objects(Arc::new(InMemory::new()));
        let made = async {
            let view = Strongroom::init(&data, InitOptions::default(), &options).await?;
            let room = Strongroom::open(&data, &options).await?;
            let new = NewResource::new("peers".parse()?, view.region);
            let store = room.create_resource(new).await?.store().await?;
            anyhow::Ok((room, store))
        };
        let (room, objects) = runtime.block_on(made)?;
        Ok(Self {
            objects,
            path: Path::from("message"),
            runtime,
            room: Some(room),
            _folder: folder,
        })
    }
}

impl Peer for Store<'_> {
    fn name(&self) -> &'static str {
        "Strongroom EncryptedStore"
    }

    fn package(&self) -> &'static str {
        "strongroom"
    }

    fn note(&self) -> &'static str {
        "over InMemory; Cobblestone-256 under a key derived for each object, 16 KiB chunks"
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        let put = self.objects.put(&self.path, plain.clone().into());
        self.runtime.block_on(put)?;
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        let get = async { self.objects.get(&self.path).await?.bytes().await };
        Ok(self.runtime.block_on(get)?)
    }
}

impl Drop for Store<'_> {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            // What is measured is over; the folder goes away in any case.
            let _ = self.runtime.block_on(room.close());
        }
    }
}
