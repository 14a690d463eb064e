//! What authenticates a record (F51).

use std::fmt;

use strongroom_base::ResourceUid;

use super::{GenerationState, Kek, KeyringRecord, Wrapping};
use crate::encoding::encode;
use crate::object::Generation;
use crate::{HmacKey, MAC_LEN, WrapAlgorithm};

const LABEL: &[u8] = b"strongroom/keyring/record/1";

/// The MAC key of one resource's keyring; from [`RootKeys::keyring_mac`](crate::RootKeys).
pub struct KeyringMac {
    uid: ResourceUid,
    key: Box<dyn HmacKey>,
}

impl KeyringMac {
    pub(crate) fn new(uid: ResourceUid, key: Box<dyn HmacKey>) -> Self {
        Self { uid, key }
    }

    /// The resource whose keyring this key authenticates.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    pub(super) fn tag(&self, epoch: u64, ends: Ends, record: &KeyringRecord) -> [u8; MAC_LEN] {
        self.key.tag(&[&message(self.uid, epoch, ends, record)])
    }

    /// In constant time.
    pub(super) fn verify(&self, epoch: u64, ends: Ends, record: &KeyringRecord) -> bool {
        let message = message(self.uid, epoch, ends, record);
        self.key.verify(&[&message], &record.mac)
    }
}

impl fmt::Debug for KeyringMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringMac")
            .field("uid", &self.uid)
            .finish_non_exhaustive()
    }
}

/// The oldest and the newest generation of the keyring.
type Ends = (Generation, Generation);

fn message(
    uid: ResourceUid,
    epoch: u64,
    (oldest, newest): Ends,
    record: &KeyringRecord,
) -> Vec<u8> {
    let KeyringRecord {
        generation,
        state,
        wrapping,
        wrapped,
        check,
        mac: _,
    } = record;
    let state = match state {
        GenerationState::Writing => 1,
        GenerationState::Reading => 2,
    };
    let newer;
    // The kind, then two fields of it.
    let (kind, first, second): (u8, &[u8], &[u8]) = match wrapping {
        Wrapping::Kek(Kek::ServiceManaged { key }) => (1, key.as_bytes(), &[]),
        Wrapping::Kek(Kek::CustomerManaged { kid, algorithm }) => {
            (2, kid.as_bytes(), name(*algorithm))
        }
        Wrapping::UnderGeneration(generation) => {
            newer = generation.number().to_be_bytes();
            (3, &newer, &[])
        }
    };
    encode(&[
        LABEL,
        uid.as_bytes(),
        &epoch.to_be_bytes(),
        &oldest.number().to_be_bytes(),
        &newest.number().to_be_bytes(),
        &generation.number().to_be_bytes(),
        &[state],
        &[kind],
        first,
        second,
        wrapped.as_bytes(),
        check.as_bytes(),
    ])
}

fn name(algorithm: WrapAlgorithm) -> &'static [u8] {
    match algorithm {
        WrapAlgorithm::RsaOaep => b"RSA-OAEP",
        WrapAlgorithm::RsaOaep256 => b"RSA-OAEP-256",
    }
}
