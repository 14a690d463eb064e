//! Finding records by their index rows.

use crate::AggregateId;
use crate::invalid::Invalid;
use crate::text;

/// Which index rows to find.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every ledger must answer each")]
pub enum Find {
    /// Those with exactly this key.
    Exact {
        /// Which index.
        index: String,
        /// The key.
        key: String,
    },
    /// Those whose key starts with this text; the empty text finds the whole index.
    Prefix {
        /// Which index.
        index: String,
        /// How the key starts.
        key: String,
    },
}

impl Find {
    /// All rows of `index` with exactly `key`.
    pub fn exact(index: impl Into<String>, key: impl Into<String>) -> Self {
        Self::Exact {
            index: index.into(),
            key: key.into(),
        }
    }

    /// All rows of `index` whose key starts with `key`.
    pub fn prefix(index: impl Into<String>, key: impl Into<String>) -> Self {
        Self::Prefix {
            index: index.into(),
            key: key.into(),
        }
    }

    /// Which index is asked.
    #[must_use]
    pub fn index(&self) -> &str {
        match self {
            Self::Exact { index, .. } | Self::Prefix { index, .. } => index,
        }
    }

    /// Checks everything that can be checked without the database.
    ///
    /// # Errors
    /// What is malformed, and what would be right.
    pub fn validate(&self) -> Result<(), Invalid> {
        let (Self::Exact { index, key } | Self::Prefix { index, key }) = self;
        text::name("index", index, 64)?;
        text::key("index key", key)
    }
}

/// Which part of an answer, which is ordered by key and then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Page {
    /// The last row of the page before: the answer starts behind it. It need no longer exist.
    pub after: Option<(String, AggregateId)>,
    /// At most so many rows. Fewer come only at the end.
    pub limit: u32,
}

impl Page {
    /// The first rows.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The rows behind `found`.
    #[must_use]
    pub fn after(found: &Found, limit: u32) -> Self {
        Self {
            after: Some((found.key.clone(), found.id.clone())),
            limit,
        }
    }

    /// Checks everything that can be checked without the database.
    ///
    /// # Errors
    /// What is malformed, and what would be right.
    pub fn validate(&self) -> Result<(), Invalid> {
        match &self.after {
            Some((key, _)) => text::key("index key", key),
            None => Ok(()),
        }
    }
}

/// One index row that was sought.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "every ledger builds it")]
pub struct Found {
    /// Its key.
    pub key: String,
    /// The record that has it.
    pub id: AggregateId,
}

/// The first text behind all that start with `prefix`; `None` if there is no such text.
pub(crate) fn prefix_end(prefix: &str) -> Option<String> {
    let mut end: Vec<char> = prefix.chars().collect();
    while let Some(last) = end.pop() {
        // The order of code points is the order of UTF-8 bytes. A range of chars steps over the
        // surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_range_of_a_prefix_holds_what_starts_with_it(
            prefix in "[aé\u{d7ff}\u{10ffff}]{0,3}",
            key in "[aé\u{d7ff}\u{e000}\u{10ffff}b]{0,4}",
        ) {
            let inside = prefix.as_bytes() <= key.as_bytes()
                && prefix_end(&prefix).is_none_or(|end| key.as_bytes() < end.as_bytes());
            prop_assert_eq!(inside, key.starts_with(&prefix));
        }
    }
}
