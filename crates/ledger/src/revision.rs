//! Each record counts its own changes: what a commit made of one, and how that is authenticated.

use crate::tag::fields;
use crate::{AggregateId, ChainKey, Tag, Version};

/// The bytes under a state's tag begin with this.
const STATE_LABEL: &[u8] = b"strongroom/ledger/state/2";
/// The bytes under a removal's tag begin with this.
const REMOVAL_LABEL: &[u8] = b"strongroom/ledger/removal/1";

/// The chain of the entries of commits that bring no audit entry of their own, and of those that say what an
/// older file held when it was moved to this form.
pub const REVISIONS: &str = "revisions";

/// What a commit made of a record. The entry that it leaves in a chain says so, and the record's row, or
/// what stands in its place once it is removed, must say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct Revised {
    /// Which record.
    pub id: AggregateId,
    /// The version that the commit drew; a removal draws one, too.
    pub version: Version,
    /// 1 for the first change of the record, and one more with each: a record that was removed and comes back
    /// goes on counting.
    pub revision: u64,
    /// Whether it was removed.
    pub removed: bool,
    /// The tag of its state, or of its removal.
    pub tag: Tag,
}

impl Tag {
    /// The tag of what is stored of a record at `revision`: its state, or that it was removed. Nobody without
    /// the key can make a state, move one, or give one another revision.
    #[must_use]
    pub fn of_state(
        key: &dyn ChainKey,
        id: &AggregateId,
        revision: u64,
        state: Option<&[u8]>,
    ) -> Self {
        let (id, revision) = (id.as_str().as_bytes(), revision.to_be_bytes());
        let tag = |message: &[&[u8]]| key.state_tag(message);
        Self::from_bytes(match state {
            Some(state) => fields(&[STATE_LABEL, id, &revision, state], tag),
            None => fields(&[REMOVAL_LABEL, id, &revision], tag),
        })
    }

    /// The tag of a state as it was before records had revisions. Its message begins with a letter, and
    /// those of today with a zero byte.
    pub(crate) fn of_old_state(key: &dyn ChainKey, id: &AggregateId, state: &[u8]) -> Self {
        Self::from_bytes(key.state_tag(&[id.as_str().as_bytes(), &[0], state]))
    }

    /// Whether two tags are the same, in a time that does not tell where they differ.
    pub(crate) fn matches(self, other: Self) -> bool {
        let differ = self.as_bytes().iter().zip(other.as_bytes());
        differ.fold(0, |all, (one, other)| all | (one ^ other)) == 0
    }
}
