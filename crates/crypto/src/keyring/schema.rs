//! The persisted form of a keyring (F54). Nothing of it is trusted before the MACs are verified.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strongroom_base::ResourceUid;

use super::{CheckValue, GenerationState, Keyring, KeyringRecord, WrappedKey, Wrapping};
use crate::object::Generation;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    version: Version,
    uid: ResourceUid,
    epoch: u64,
    records: Vec<StoredRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRecord {
    generation: Generation,
    state: GenerationState,
    wrapping: Wrapping,
    wrapped: Bytes,
    check: Bytes,
    mac: Bytes,
}

/// The number of this schema.
struct Version;

const VERSION: u32 = 1;

/// Bytes as standard base64 with padding.
struct Bytes(Vec<u8>);

/// A stored value of a length that its field cannot have.
#[derive(Debug, thiserror::Error)]
#[error("the {field} of generation {generation} has {found} bytes, not 32")]
pub(super) struct WrongLength {
    field: &'static str,
    generation: Generation,
    found: usize,
}

impl From<Keyring> for Stored {
    fn from(keyring: Keyring) -> Self {
        let Keyring {
            uid,
            epoch,
            records,
        } = keyring;
        Self {
            version: Version,
            uid,
            epoch,
            records: records.into_iter().map(StoredRecord::from).collect(),
        }
    }
}

impl From<KeyringRecord> for StoredRecord {
    fn from(record: KeyringRecord) -> Self {
        let KeyringRecord {
            generation,
            state,
            wrapping,
            wrapped,
            check,
            mac,
        } = record;
        Self {
            generation,
            state,
            wrapping,
            wrapped: Bytes(wrapped.as_bytes().to_vec()),
            check: Bytes(check.as_bytes().to_vec()),
            mac: Bytes(mac.to_vec()),
        }
    }
}

impl TryFrom<Stored> for Keyring {
    type Error = WrongLength;

    fn try_from(stored: Stored) -> Result<Self, WrongLength> {
        let Stored {
            version: Version,
            uid,
            epoch,
            records,
        } = stored;
        let records = records
            .into_iter()
            .map(KeyringRecord::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            uid,
            epoch,
            records,
        })
    }
}

impl TryFrom<StoredRecord> for KeyringRecord {
    type Error = WrongLength;

    fn try_from(stored: StoredRecord) -> Result<Self, WrongLength> {
        let StoredRecord {
            generation,
            state,
            wrapping,
            wrapped,
            check,
            mac,
        } = stored;
        let exact = |field, bytes: Bytes| {
            <[u8; 32]>::try_from(bytes.0).map_err(|bytes| WrongLength {
                field,
                generation,
                found: bytes.len(),
            })
        };
        Ok(Self {
            generation,
            state,
            wrapping,
            wrapped: WrappedKey::new(wrapped.0),
            check: CheckValue::from_bytes(exact("check value", check)?),
            mac: exact("MAC", mac)?,
        })
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(de::Error::custom(format_args!(
                "keyring schema {other} is not known here ({VERSION} is): a newer version may have \
                 written it"
            ))),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Base64::decode_vec(&text)
            .map(Self)
            .map_err(|_| de::Error::custom("expected standard base64 with padding"))
    }
}
