//! Ways to change an audit behind the ledger's back.

/// Something that whoever can write the database might do to a chain of which they lack the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "subjects may want to carry out each in their own way"
)]
pub enum Tamper {
    /// Take an entry away.
    Remove(u64),
    /// Take an entry away and number the later ones anew.
    RemoveAndRenumber(u64),
    /// Give an entry another body.
    Body(u64),
    /// Give an entry another time.
    Time(u64),
    /// Give an entry another record.
    Record(u64),
    /// Give an entry another phase.
    Phase(u64),
    /// Give an entry another tag.
    Tag(u64),
    /// Exchange two entries.
    Swap(u64, u64),
    /// Take away the entries behind one, and leave the head.
    CutTail(u64),
    /// Take away the entries behind one, and put the head back.
    CutTailAndHead(u64),
    /// Take the head away.
    Head,
    /// Take the whole chain away.
    Chain,
}

impl Tamper {
    /// The statements that do it to `chain`, in the words that SQLite and PostgreSQL share.
    #[must_use]
    pub fn statements(self, chain: &str) -> Vec<String> {
        let at = |n: u64| format!("chain = '{chain}' AND sequence = {n}");
        let set = |what: &str, n| vec![format!("UPDATE audit_entries SET {what} WHERE {}", at(n))];
        let remove = |which: String| format!("DELETE FROM audit_entries WHERE {which}");
        let behind = |n: u64| format!("chain = '{chain}' AND sequence > {n}");
        let drop_head = format!("DELETE FROM audit_heads WHERE chain = '{chain}'");
        // Renumbering goes by way of numbers that no test reaches.
        let move_to =
            |n: u64, to: u64| format!("UPDATE audit_entries SET sequence = {to} WHERE {}", at(n));
        match self {
            Self::Remove(n) => vec![remove(at(n))],
            Self::RemoveAndRenumber(n) => vec![
                remove(at(n)),
                format!(
                    "UPDATE audit_entries SET sequence = sequence + 1000000 WHERE {}",
                    behind(n)
                ),
                format!(
                    "UPDATE audit_entries SET sequence = sequence - 1000001 WHERE {}",
                    behind(n)
                ),
                format!("UPDATE audit_heads SET sequence = sequence - 1 WHERE chain = '{chain}'"),
            ],
            Self::Body(n) => set("body = tag", n),
            Self::Time(n) => set("at_ms = at_ms + 1", n),
            Self::Record(n) => set("record = substr(tag, 1, 16)", n),
            Self::Phase(n) => set("phase = 4 - phase", n),
            Self::Tag(n) => set(
                "tag = (SELECT tag FROM audit_entries AS other \
                WHERE other.chain = audit_entries.chain AND other.sequence = 1)",
                n,
            ),
            Self::Swap(one, other) => {
                vec![
                    move_to(one, 1_000_000),
                    move_to(other, one),
                    move_to(1_000_000, other),
                ]
            }
            Self::CutTail(n) => vec![remove(behind(n))],
            Self::CutTailAndHead(n) => vec![
                remove(behind(n)),
                format!(
                    "UPDATE audit_heads SET sequence = {n}, tag = \
                     (SELECT tag FROM audit_entries WHERE {}) WHERE chain = '{chain}'",
                    at(n)
                ),
            ],
            Self::Head => vec![drop_head],
            Self::Chain => vec![remove(format!("chain = '{chain}'")), drop_head],
        }
    }
}
