//! anda's encrypted store over a store in memory.

use anda_object_store::{EncryptedStore, EncryptedStoreBuilder};
use anyhow::Result;
use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use tokio::runtime::Runtime;

use super::Peer;

pub struct Anda<'a> {
    store: EncryptedStore<InMemory>,
    path: Path,
    runtime: &'a Runtime,
}

impl<'a> Anda<'a> {
    pub fn new(runtime: &'a Runtime) -> Self {
        Self {
            store: EncryptedStoreBuilder::with_secret(InMemory::new(), 1000, [7; 32]).build(),
            path: Path::from("message"),
            runtime,
        }
    }
}

impl Peer for Anda<'_> {
    fn name(&self) -> &'static str {
        "anda EncryptedStore"
    }

    fn package(&self) -> &'static str {
        "anda_object_store"
    }

    fn note(&self) -> &'static str {
        "over InMemory; AES-256-GCM under one key for all objects, 256 KiB chunks"
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        let put = self.store.put(&self.path, plain.clone().into());
        self.runtime.block_on(put)?;
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        let get = async { self.store.get(&self.path).await?.bytes().await };
        Ok(self.runtime.block_on(get)?)
    }
}
