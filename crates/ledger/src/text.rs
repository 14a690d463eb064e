//! What texts and bytes the ledger takes, so that every database can hold and order them alike.

use crate::invalid::Invalid;

/// The largest state and the largest audit body, in bytes.
pub(crate) const MAX_BYTES: usize = 16 << 20;

/// Checks a short name: `1..=max` bytes of visible ASCII, so that it needs no quoting anywhere.
pub(crate) fn name(field: &'static str, text: &str, max: usize) -> Result<(), Invalid> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=max).contains(&text.len()) {
        Ok(())
    } else {
        Err(Invalid::Name {
            field,
            max,
            text: shortened(text),
        })
    }
}

/// Checks an index key: up to 1,024 bytes of any text without NUL, which PostgreSQL cannot hold.
pub(crate) fn key(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.len() <= 1_024 && !text.contains('\0') {
        Ok(())
    } else {
        Err(Invalid::Key {
            field,
            text: shortened(text),
        })
    }
}

/// Checks a size.
pub(crate) fn size(field: &'static str, bytes: &[u8]) -> Result<(), Invalid> {
    if bytes.len() <= MAX_BYTES {
        Ok(())
    } else {
        Err(Invalid::Size {
            field,
            found: bytes.len(),
            max: MAX_BYTES,
        })
    }
}

/// Checks that a number fits the 63 bits that databases hold.
pub(crate) fn number(field: &'static str, value: u64) -> Result<i64, Invalid> {
    i64::try_from(value).map_err(|_| Invalid::Number { field, value })
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
