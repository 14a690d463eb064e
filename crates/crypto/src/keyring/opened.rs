//! A keyring and the clear keys of all its generations.

use std::fmt;

use strongroom_base::ResourceUid;

use super::seal::Link;
use super::{
    GenerationState, Kek, Keyring, KeyringError, KeyringMac, KeyringRecord, WrappedKey, Wrapping,
};
use crate::object::{Generation, GenerationKey, GenerationKeys};
use crate::{Provider, ResourceKey};

/// All generations of a resource key, in clear, and the keyring that they came from.
///
/// Only this can write a changed keyring: every change begins with an unwrap of the stored bytes.
pub struct OpenedKeyring {
    uid: ResourceUid,
    epoch: u64,
    newest: (KeyringRecord, ResourceKey),
    /// From the oldest.
    older: Vec<(KeyringRecord, ResourceKey)>,
}

impl OpenedKeyring {
    pub(super) fn new(
        uid: ResourceUid,
        epoch: u64,
        newest: (KeyringRecord, ResourceKey),
        older: Vec<(KeyringRecord, ResourceKey)>,
    ) -> Self {
        Self {
            uid,
            epoch,
            newest,
            older,
        }
    }

    /// The resource.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    /// The epoch of the keyring that was opened.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The newest generation: its number, and its key to be wrapped by another key-encryption key.
    #[must_use]
    pub fn newest(&self) -> (Generation, &ResourceKey) {
        let (record, key) = &self.newest;
        (record.generation, key)
    }

    /// The key of one generation.
    #[must_use]
    pub fn key(&self, generation: Generation) -> Option<&ResourceKey> {
        self.older
            .iter()
            .chain([&self.newest])
            .find(|(record, _)| record.generation == generation)
            .map(|(_, key)| key)
    }

    /// Prepares all generations for sealing and opening objects; they do not need this keyring
    /// afterwards.
    #[must_use]
    pub fn generation_keys(&self, provider: &Provider) -> GenerationKeys {
        let prepare = |(record, key): &(KeyringRecord, ResourceKey)| {
            GenerationKey::new(provider, key, self.uid, record.generation)
        };
        GenerationKeys::new(prepare(&self.newest), self.older.iter().map(prepare))
    }

    /// The keyring with its newest generation wrapped by another key-encryption key: the caller has
    /// wrapped [`newest`](Self::newest). No generation changes (R16).
    ///
    /// # Errors
    /// [`KeyringError::OtherResource`] if the MAC key is another resource's,
    /// [`KeyringError::Exhausted`] if the epoch cannot rise.
    pub fn rewrap(
        &self,
        mac: &KeyringMac,
        kek: Kek,
        wrapped: WrappedKey,
    ) -> Result<Keyring, KeyringError> {
        let epoch = self.next_epoch(mac)?;
        let newest = KeyringRecord {
            wrapping: Wrapping::Kek(kek),
            wrapped,
            ..self.newest.0.clone()
        };
        Ok(Keyring::authenticated(
            mac,
            epoch,
            self.older_records(),
            newest,
        ))
    }

    /// The keyring with a new generation for later writes, which the caller has wrapped under `kek`.
    /// The one that was newest is sealed under it and goes on reading.
    ///
    /// # Errors
    /// [`KeyringError::OtherResource`] if the MAC key is another resource's,
    /// [`KeyringError::Exhausted`] if there is no further number, [`KeyringError::Crypto`] if the
    /// provider fails.
    pub fn add_generation(
        &self,
        provider: &Provider,
        mac: &KeyringMac,
        key: &ResourceKey,
        kek: Kek,
        wrapped: WrappedKey,
    ) -> Result<Keyring, KeyringError> {
        let epoch = self.next_epoch(mac)?;
        let (previous, previous_key) = &self.newest;
        let older = previous.generation;
        let newer = older.next().ok_or(KeyringError::Exhausted)?;
        let link = Link {
            uid: self.uid,
            older,
            newer,
        };
        let mut records = self.older_records();
        records.push(KeyringRecord {
            state: GenerationState::Reading,
            wrapping: Wrapping::UnderGeneration(newer),
            wrapped: link.seal(provider, previous_key, key)?,
            ..previous.clone()
        });
        let newest = KeyringRecord::newest(provider, self.uid, newer, key, kek, wrapped)?;
        Ok(Keyring::authenticated(mac, epoch, records, newest))
    }

    fn next_epoch(&self, mac: &KeyringMac) -> Result<u64, KeyringError> {
        if mac.uid() != self.uid {
            return Err(KeyringError::OtherResource {
                expected: mac.uid(),
                found: self.uid,
            });
        }
        self.epoch.checked_add(1).ok_or(KeyringError::Exhausted)
    }

    fn older_records(&self) -> Vec<KeyringRecord> {
        self.older
            .iter()
            .map(|(record, _)| record.clone())
            .collect()
    }
}

impl fmt::Debug for OpenedKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedKeyring")
            .field("uid", &self.uid)
            .field("epoch", &self.epoch)
            .field("newest", &self.newest.0.generation)
            .finish_non_exhaustive()
    }
}
