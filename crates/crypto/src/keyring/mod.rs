//! Keyrings: the generations of a resource key, wrapped and authenticated.
//!
//! Only the newest generation is wrapped by the key-encryption key; each older one is sealed under
//! the next newer. So opening costs one unwrap, whatever the number of generations. Whoever can write
//! the database can also wrap a key of their own for a resource, so every record carries a MAC under
//! a key derived from the root key, and nothing of a keyring can be unwrapped, opened or changed but
//! through these steps:
//!
//! ```text
//! Keyring ── verify(MAC) ──> VerifiedKeyring ── open(newest key) ──> OpenedKeyring ──> a new Keyring
//! ```

mod check;
mod error;
mod mac;
mod opened;
mod record;
#[cfg(feature = "serde")]
mod schema;
mod seal;
mod verified;

pub use check::CheckValue;
pub use error::KeyringError;
pub use mac::KeyringMac;
pub use opened::OpenedKeyring;
pub use record::{GenerationState, Kek, KeyringRecord, WrappedKey, Wrapping};
pub use verified::VerifiedKeyring;

use strongroom_base::ResourceUid;

use crate::object::Generation;
use crate::{Provider, ResourceKey};

/// The keyring of one resource, as it is stored: from the oldest generation to the newest.
///
/// Nothing about it is authenticated until [`verify`](Self::verify). It holds no clear key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "schema::Stored", into = "schema::Stored")
)]
pub struct Keyring {
    uid: ResourceUid,
    epoch: u64,
    records: Vec<KeyringRecord>,
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

    /// Checks the shape of the keyring and the MAC of every record, in constant time.
    ///
    /// # Errors
    /// A [`KeyringError`] of kind `Damaged` that names what is wrong.
    pub fn verify(&self, mac: &KeyringMac) -> Result<VerifiedKeyring<'_>, KeyringError> {
        VerifiedKeyring::new(self, mac)
    }

    /// Puts the records together and a MAC on each.
    fn authenticated(
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
fn ends(older: &[KeyringRecord], newest: &KeyringRecord) -> (Generation, Generation) {
    let oldest = older.first().unwrap_or(newest);
    (oldest.generation, newest.generation)
}
