//! Tink's streaming AEAD, from buffer to buffer.

use std::cell::RefCell;
use std::io::{Cursor, Read, Write};
use std::rc::Rc;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use tink_core::keyset::Handle;
use tink_core::{StreamingAead, TinkError};

use super::Peer;

pub struct Tink {
    aead: Box<dyn StreamingAead>,
    sealed: Bytes,
    len: usize,
}

/// Tink wants to own what it writes to.
#[derive(Clone)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Tink {
    pub fn new() -> Result<Self> {
        tink_streaming_aead::init();
        let template = tink_streaming_aead::aes256_gcm_hkdf_4kb_key_template();
        let handle = Handle::new(&template).map_err(told)?;
        Ok(Self {
            aead: tink_streaming_aead::new(&handle).map_err(told)?,
            sealed: Bytes::new(),
            len: 0,
        })
    }
}

impl Peer for Tink {
    fn name(&self) -> &'static str {
        "Tink streaming"
    }

    fn package(&self) -> &'static str {
        "tink-streaming-aead"
    }

    fn note(&self) -> &'static str {
        "AES256-GCM-HKDF-4KB"
    }

    fn encrypt(&mut self, plain: &Bytes) -> Result<()> {
        // Room for the header and for a tag behind each segment: its buffer must not grow.
        let buffer = Buffer::with_capacity(plain.len() + plain.len() / 128 + 128);
        let out = Box::new(buffer.clone());
        let mut writer = self.aead.new_encrypting_writer(out, &[]).map_err(told)?;
        writer.write_all(plain)?;
        writer.close().map_err(told)?;
        self.sealed = buffer.0.take().into();
        self.len = plain.len();
        Ok(())
    }

    fn decrypt(&mut self) -> Result<Bytes> {
        // Shares its bytes: nothing is copied for it.
        let sealed = Box::new(Cursor::new(self.sealed.clone()));
        let mut reader = self.aead.new_decrypting_reader(sealed, &[]).map_err(told)?;
        let mut plain = Vec::with_capacity(self.len);
        reader.read_to_end(&mut plain)?;
        Ok(plain.into())
    }
}

impl Buffer {
    fn with_capacity(capacity: usize) -> Self {
        Self(Rc::new(RefCell::new(Vec::with_capacity(capacity))))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Its errors cannot go from thread to thread, as ours must.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn told(error: TinkError) -> anyhow::Error {
    anyhow!("{error}")
}
