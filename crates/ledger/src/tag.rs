//! The keys of a ledger, and the tags that they make.

use core::fmt;

/// The keys of a ledger: HMACs with 32 bytes of output, held by whoever holds the root key.
pub trait ChainKey: fmt::Debug + Send + Sync {
    /// The MAC of an audit entry or a checkpoint, over the parts of `message`, one behind the other. The
    /// ledger sees to it that no two messages have the same bytes, be they for this or for
    /// [`state_tag`](Self::state_tag).
    fn tag(&self, message: &[&[u8]]) -> [u8; 32];

    /// The MAC of a record's state. It may be under a key of its own.
    fn state_tag(&self, message: &[&[u8]]) -> [u8; 32] {
        self.tag(message)
    }
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

/// The MAC over every field behind its length, eight bytes big-endian.
pub(crate) fn fields(fields: &[&[u8]], mac: impl FnOnce(&[&[u8]]) -> [u8; 32]) -> [u8; 32] {
    let lengths: Vec<[u8; 8]> = fields
        .iter()
        .map(|field| (field.len() as u64).to_be_bytes())
        .collect();
    let message: Vec<&[u8]> = lengths
        .iter()
        .zip(fields)
        .flat_map(|(length, field)| [length.as_slice(), field])
        .collect();
    mac(&message)
}
