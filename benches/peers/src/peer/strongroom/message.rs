//! Messages sealed by `strongroom-crypto`, beside the libraries that know no store.

use anyhow::Result;
use bytes::Bytes;
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{Binding, Generation, GenerationKey};
use strongroom_crypto::{ResourceKey, fastest};

use crate::peer::Peer;

const BINDING: Binding<'static> = Binding::Location(b"message");

pub struct Message {
    key: GenerationKey,
    sealed: Vec<u8>,
}

impl Message {
    pub fn new() -> Self {
        let key = ResourceKey::from_bytes(&mut [7; 32]);
        let resource = ResourceUid::from_bytes([1; 16]);
        Self {
            key: GenerationKey::new(&fastest::provider(), &key, resource, Generation::FIRST),
            sealed: Vec::new(),
        }
    }
}

impl Peer for Message {
    fn name(&self) -> &'static str {
        "Strongroom"
    }

    fn package(&self) -> &'static str {
        "strongroom-crypto"
    }

    fn note(&self) -> &'static str {
        "Cobblestone-256 under a key derived for each message, 16 KiB chunks"
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        self.sealed = self.key.seal_to_vec(BINDING, plain)?;
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        Ok(self.key.open_to_vec(BINDING, &self.sealed)?.into())
    }
}
