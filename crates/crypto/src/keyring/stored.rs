//! A keyring as it is stored.

use strongroom_base::ResourceUid;

use super::error::KeyringError;
use super::mac::KeyringMac;
use super::record::{Kek, KeyringRecord, WrappedKey};
use crate::object::Generation;
use crate::{Provider, ResourceKey};

/// The keyring of one resource, as it is stored: from the oldest generation to the newest.
///
/// Nothing about it is authenticated until [`verify`](Self::verify). It holds no clear key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::schema::Stored", into = "super::schema::Stored")
)]
pub struct Keyring {
    pub(super) uid: ResourceUid,
    pub(super) epoch: u64,
    pub(super) records: Vec<KeyringRecord>,
}

impl Keyring {
    /// The keyring of a new resource: its first generation, which the caller has wrapped under
    /// `kek`.
    ///
    /// # Errors
    /// [`KeyringError::Crypto`] if the provider fails.
    pub fn create(
        provider: &Provider,
        mac: &KeyringMac,
        key: &ResourceKey,
        kek: Kek,
        wrapped: WrappedKey,
    ) -> Result<Self, KeyringError> {
        let uid = mac.uid();
        let record = KeyringRecord::newest(provider, uid, Generation::FIRST, key, kek, wrapped)?;
        Ok(Self::authenticated(mac, 1, Vec::new(), record))
    }

    /// The resource that the keyring says it belongs to.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    /// How many times the keyring was written: it rises with every change.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The records, from the oldest generation to the newest.
    #[must_use]
    pub fn records(&self) -> &[KeyringRecord] {
        &self.records
    }

    /// Puts the records together and a MAC on each.
    pub(super) fn authenticated(
        mac: &KeyringMac,
        epoch: u64,
        older: Vec<KeyringRecord>,
        newest: KeyringRecord,
    ) -> Self {
        let ends = ends(&older, &newest);
        let mut records = older;
        records.push(newest);
        for record in &mut records {
            record.mac = mac.tag(epoch, ends, record);
        }
        Self {
            uid: mac.uid(),
            epoch,
            records,
        }
    }
}

/// The oldest and the newest generation, which every MAC covers: a record that was taken away at
/// either end is missed.
pub(super) fn ends(older: &[KeyringRecord], newest: &KeyringRecord) -> (Generation, Generation) {
    let oldest = older.first().unwrap_or(newest);
    (oldest.generation, newest.generation)
}
