//! How audit entries are chained: the exact bytes under each tag (`docs/ledger.md`).

use core::fmt;

use strongroom_base::Timestamp;

use crate::AuditEntry;

/// The bytes under an entry's tag begin with this.
const ENTRY_LABEL: &[u8] = b"strongroom/ledger/audit-entry/1";
/// The bytes under a checkpoint's MAC begin with this.
const CHECKPOINT_LABEL: &[u8] = b"strongroom/ledger/checkpoint/1";

/// The key of the audit chains: an HMAC with 32 bytes of output, held by whoever holds the root key.
pub trait ChainKey: fmt::Debug + Send + Sync {
    /// The MAC over the parts of `message`, one behind the other. The ledger sees to it that no two
    /// messages have the same bytes.
    fn tag(&self, message: &[&[u8]]) -> [u8; 32];
}

/// What [`ChainKey::tag`] answered: it stands for an entry and all before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag([u8; 32]);

impl Tag {
    /// The tag before the first entry of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The tag that these bytes are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The tag's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The tag of `entry` as number `sequence` of its chain, behind one tagged `previous`.
    #[must_use]
    pub fn of_entry(key: &dyn ChainKey, previous: Tag, sequence: u64, entry: &AuditEntry) -> Self {
        let AuditEntry {
            chain,
            record,
            phase,
            at,
            body,
        } = entry;
        tagged(
            key,
            &[
                ENTRY_LABEL,
                chain.as_bytes(),
                &sequence.to_be_bytes(),
                &previous.0,
                record.as_bytes(),
                &[phase.number()],
                &at.as_unix_millis().to_be_bytes(),
                body,
            ],
        )
    }

    /// The MAC of a checkpoint that found `head` at `at`.
    #[must_use]
    pub fn of_checkpoint(key: &dyn ChainKey, head: &Head, at: Timestamp) -> Self {
        let Head {
            chain,
            sequence,
            tag,
        } = head;
        tagged(
            key,
            &[
                CHECKPOINT_LABEL,
                chain.as_bytes(),
                &sequence.to_be_bytes(),
                &tag.0,
                &at.as_unix_millis().to_be_bytes(),
            ],
        )
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct Head {
    /// Which chain.
    pub chain: String,
    /// The number of its last entry, from 1.
    pub sequence: u64,
    /// The tag of its last entry.
    pub tag: Tag,
}

/// One entry of a chain, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct AuditRow {
    /// Its number in its chain, from 1, without gaps.
    pub sequence: u64,
    /// What was recorded.
    pub entry: AuditEntry,
    /// Its tag.
    pub tag: Tag,
}

/// The MAC over every field behind its length, eight bytes big-endian.
fn tagged(key: &dyn ChainKey, fields: &[&[u8]]) -> Tag {
    let lengths: Vec<[u8; 8]> = fields
        .iter()
        .map(|field| (field.len() as u64).to_be_bytes())
        .collect();
    let message: Vec<&[u8]> = lengths
        .iter()
        .zip(fields)
        .flat_map(|(length, field)| [length.as_slice(), field])
        .collect();
    Tag(key.tag(&message))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use strongroom_base::RecordId;

    use super::*;
    use crate::Phase;

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<u8>>);

    impl ChainKey for Recorder {
        fn tag(&self, message: &[&[u8]]) -> [u8; 32] {
            *self.0.lock().unwrap() = message.concat();
            [9; 32]
        }
    }

    #[test]
    fn r18_the_bytes_under_a_tag_are_the_documented_ones() {
        let entry = AuditEntry {
            chain: "t1".into(),
            record: RecordId::from_bytes([3; 16]),
            phase: Phase::Intent,
            at: Timestamp::from_unix_millis(258),
            body: Bytes::from_static(b"hi"),
        };
        let recorder = Recorder::default();
        let tag = Tag::of_entry(&recorder, Tag::from_bytes([7; 32]), 5, &entry);
        assert_eq!(tag, Tag::from_bytes([9; 32]));
        let expected = [
            "000000000000001f",
            &hex::encode("strongroom/ledger/audit-entry/1"),
            "0000000000000002",
            "7431",
            "0000000000000008",
            "0000000000000005",
            "0000000000000020",
            &"07".repeat(32),
            "0000000000000010",
            &"03".repeat(16),
            "0000000000000001",
            "02",
            "0000000000000008",
            "0000000000000102",
            "0000000000000002",
            "6869",
        ];
        assert_eq!(hex::encode(&*recorder.0.lock().unwrap()), expected.concat());

        let head = Head {
            chain: "t1".into(),
            sequence: 5,
            tag,
        };
        assert_eq!(
            Tag::of_checkpoint(&recorder, &head, Timestamp::from_unix_millis(1)),
            tag
        );
        let expected = [
            "000000000000001e",
            &hex::encode("strongroom/ledger/checkpoint/1"),
            "0000000000000002",
            "7431",
            "0000000000000008",
            "0000000000000005",
            "0000000000000020",
            &"09".repeat(32),
            "0000000000000008",
            "0000000000000001",
        ];
        assert_eq!(hex::encode(&*recorder.0.lock().unwrap()), expected.concat());
    }
}
