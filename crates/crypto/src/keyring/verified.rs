//! A keyring whose records are this installation's own.

use strongroom_base::ResourceUid;

use super::seal::Link;
use super::stored::ends;
use super::{
    CheckValue, GenerationState, Kek, Keyring, KeyringError, KeyringMac, KeyringRecord,
    OpenedKeyring, WrappedKey, Wrapping,
};
use crate::object::Generation;
use crate::{CryptoError, Provider, ResourceKey};

/// A keyring whose shape and MACs have been checked: now its newest generation may be unwrapped.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedKeyring<'a> {
    keyring: &'a Keyring,
    newest: &'a KeyringRecord,
    older: &'a [KeyringRecord],
    kek: &'a Kek,
}

impl Keyring {
    /// Checks the shape of the keyring and the MAC of every record, in constant time.
    ///
    /// # Errors
    /// A [`KeyringError`] of kind `Damaged` that names what is wrong.
    pub fn verify(&self, mac: &KeyringMac) -> Result<VerifiedKeyring<'_>, KeyringError> {
        VerifiedKeyring::new(self, mac)
    }
}

impl<'a> VerifiedKeyring<'a> {
    pub(super) fn new(keyring: &'a Keyring, mac: &KeyringMac) -> Result<Self, KeyringError> {
        let Keyring {
            uid,
            epoch,
            records,
        } = keyring;
        if *uid != mac.uid() {
            return Err(KeyringError::OtherResource {
                expected: mac.uid(),
                found: *uid,
            });
        }
        let (newest, older) = records.split_last().ok_or(KeyringError::Empty)?;
        let ends = ends(older, newest);
        for (record, next) in older.iter().zip(records.iter().skip(1)) {
            let newer = record.generation.next().ok_or_else(|| misplaced(record))?;
            if next.generation != newer {
                return Err(KeyringError::Gap {
                    expected: newer,
                    found: next.generation,
                });
            }
            if record.state != GenerationState::Reading
                || record.wrapping != Wrapping::UnderGeneration(newer)
            {
                return Err(misplaced(record));
            }
        }
        let (Wrapping::Kek(kek), GenerationState::Writing) = (&newest.wrapping, newest.state)
        else {
            return Err(misplaced(newest));
        };
        for record in records {
            if !mac.verify(*epoch, ends, record) {
                return Err(KeyringError::Mac {
                    generation: record.generation,
                });
            }
        }
        Ok(Self {
            keyring,
            newest,
            older,
            kek,
        })
    }

    /// The keyring.
    #[must_use]
    pub fn keyring(&self) -> &'a Keyring {
        self.keyring
    }

    /// The newest generation's number.
    #[must_use]
    pub fn newest(&self) -> Generation {
        self.newest.generation
    }

    /// What the newest generation is wrapped by.
    #[must_use]
    pub fn kek(&self) -> &'a Kek {
        self.kek
    }

    /// The newest generation's key, to be unwrapped by [`kek`](Self::kek).
    #[must_use]
    pub fn wrapped(&self) -> &'a WrappedKey {
        &self.newest.wrapped
    }

    /// Opens all generations from the newest, which the caller has unwrapped. Every key's check value
    /// is compared in constant time.
    ///
    /// # Errors
    /// [`KeyringError::CheckValue`] if a key is not the one its record was made for,
    /// [`KeyringError::Older`] if a generation does not open under the next newer.
    pub fn open(
        &self,
        provider: &Provider,
        newest: ResourceKey,
    ) -> Result<OpenedKeyring, KeyringError> {
        let uid = self.keyring.uid;
        check(provider, uid, self.newest, &newest)?;
        // From the newest to the oldest: each opens the next.
        let mut older: Vec<(KeyringRecord, ResourceKey)> = Vec::with_capacity(self.older.len());
        for record in self.older.iter().rev() {
            let generation = record.generation;
            let (newer, newer_key) = match older.last() {
                Some((newer, key)) => (newer.generation, key),
                None => (self.newest.generation, &newest),
            };
            let link = Link {
                uid,
                older: generation,
                newer,
            };
            let key =
                link.open(provider, &record.wrapped, newer_key)
                    .map_err(|error| match error {
                        CryptoError::Authentication => KeyringError::Older { generation },
                        other => other.into(),
                    })?;
            check(provider, uid, record, &key)?;
            older.push((record.clone(), key));
        }
        older.reverse();
        let newest = (self.newest.clone(), newest);
        Ok(OpenedKeyring::new(uid, self.keyring.epoch, newest, older))
    }
}

/// Whether this is the key that the record was made for.
fn check(
    provider: &Provider,
    uid: ResourceUid,
    record: &KeyringRecord,
    key: &ResourceKey,
) -> Result<(), KeyringError> {
    let generation = record.generation;
    if CheckValue::of(provider, uid, generation, key)?.matches(&record.check) {
        Ok(())
    } else {
        Err(KeyringError::CheckValue { generation })
    }
}

fn misplaced(record: &KeyringRecord) -> KeyringError {
    KeyringError::Misplaced {
        generation: record.generation,
    }
}
