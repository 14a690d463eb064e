//! age, to one X25519 recipient.

use age::x25519::{Identity, Recipient};
use anyhow::Result;
use bytes::Bytes;

use super::Peer;

pub struct Age {
    identity: Identity,
    recipient: Recipient,
    sealed: Vec<u8>,
}

impl Age {
    pub fn new() -> Self {
        let identity = Identity::generate();
        Self {
            recipient: identity.to_public(),
            identity,
            sealed: Vec::new(),
        }
    }
}

impl Peer for Age {
    fn name(&self) -> &'static str {
        "age"
    }

    fn package(&self) -> &'static str {
        "age"
    }

    fn note(&self) -> &'static str {
        "X25519 recipient, ChaCha20-Poly1305, 64 KiB chunks"
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        self.sealed = age::encrypt(&self.recipient, plain)?;
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        Ok(age::decrypt(&self.identity, &self.sealed)?.into())
    }
}
