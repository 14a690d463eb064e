//! How audit entries are chained: the exact bytes under each tag (`docs/ledger.md`).

use strongroom_base::Timestamp;

use crate::tag::{ChainKey, Tag, fields};
use crate::{AuditEntry, Revised};

/// The bytes under an entry's tag begin with this.
const ENTRY_LABEL: &[u8] = b"strongroom/ledger/audit-entry/1";
/// Those under the tag of an entry that says what became of a record begin with this.
const REVISING_ENTRY_LABEL: &[u8] = b"strongroom/ledger/audit-entry/2";
/// The bytes under a checkpoint's MAC begin with this.
const CHECKPOINT_LABEL: &[u8] = b"strongroom/ledger/checkpoint/1";

impl Tag {
    /// The tag of `entry` as number `sequence` of its chain, behind one tagged `previous`, saying what became
    /// of a record if it does.
    #[must_use]
    pub fn of_entry(
        key: &dyn ChainKey,
        previous: Tag,
        sequence: u64,
        entry: &AuditEntry,
        revised: Option<&Revised>,
    ) -> Self {
        let AuditEntry {
            chain,
            record,
            phase,
            at,
            body,
        } = entry;
        let label = if revised.is_some() {
            REVISING_ENTRY_LABEL
        } else {
            ENTRY_LABEL
        };
        let (sequence, phase) = (sequence.to_be_bytes(), [phase.number()]);
        let at = at.as_unix_millis().to_be_bytes();
        let said: [&[u8]; 8] = [
            label,
            chain.as_bytes(),
            &sequence,
            previous.as_bytes(),
            record.as_bytes(),
            &phase,
            &at,
            body,
        ];
        let Some(Revised {
            id,
            version,
            revision,
            removed,
            tag,
        }) = revised
        else {
            return tagged(key, &said);
        };
        let (version, revision) = (version.as_u64().to_be_bytes(), revision.to_be_bytes());
        let removed = [u8::from(*removed)];
        let made: [&[u8]; 5] = [
            id.as_str().as_bytes(),
            &version,
            &revision,
            &removed,
            tag.as_bytes(),
        ];
        tagged(key, &[said.as_slice(), made.as_slice()].concat())
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
                tag.as_bytes(),
                &at.as_unix_millis().to_be_bytes(),
            ],
        )
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
    /// What became of a record in the commit that brought it.
    pub revised: Option<Revised>,
    /// Its tag.
    pub tag: Tag,
}

fn tagged(key: &dyn ChainKey, parts: &[&[u8]]) -> Tag {
    Tag::from_bytes(fields(parts, |message| key.tag(message)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use strongroom_base::RecordId;

    use super::*;
    use crate::{Phase, Version};

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
        let tag = Tag::of_entry(&recorder, Tag::from_bytes([7; 32]), 5, &entry, None);
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

        let revised = Revised {
            id: "key/v/k".parse().unwrap(),
            version: Version::from_u64(9),
            revision: 2,
            removed: true,
            tag: Tag::from_bytes([8; 32]),
        };
        let previous = Tag::from_bytes([7; 32]);
        let with = Tag::of_entry(&recorder, previous, 5, &entry, Some(&revised));
        assert_eq!(with, tag);
        let more = [
            "0000000000000007",
            &hex::encode("key/v/k"),
            "0000000000000008",
            "0000000000000009",
            "0000000000000008",
            "0000000000000002",
            "0000000000000001",
            "01",
            "0000000000000020",
            &"08".repeat(32),
        ];
        let (one, two) = (hex::encode("audit-entry/1"), hex::encode("audit-entry/2"));
        let expected = expected.concat().replace(&one, &two) + &more.concat();
        assert_eq!(hex::encode(&*recorder.0.lock().unwrap()), expected);

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

    #[test]
    fn f36_the_bytes_under_a_states_tag_are_the_documented_ones() {
        let id = "key/v/k".parse().unwrap();
        let recorder = Recorder::default();
        let said = || hex::encode(&*recorder.0.lock().unwrap());
        let of = |label: &str| {
            let length = format!("{:016x}", label.len());
            let (id, revision) = (hex::encode("key/v/k"), "0000000000000003");
            let label = hex::encode(label);
            format!("{length}{label}0000000000000007{id}0000000000000008{revision}")
        };
        let _ = Tag::of_state(&recorder, &id, 3, Some(b"{}"));
        let state = format!("{}00000000000000027b7d", of("strongroom/ledger/state/2"));
        assert_eq!(said(), state);
        let _ = Tag::of_state(&recorder, &id, 3, None);
        assert_eq!(said(), of("strongroom/ledger/removal/1"));
    }
}
