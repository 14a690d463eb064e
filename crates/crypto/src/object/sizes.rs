//! Sizes that the format fixes.

use crate::cobblestone::{COMMITMENT_LEN, SALT_LEN};

/// Bytes of the header.
pub const HEADER_LEN: usize = 16;

/// Bytes before the first chunk: header, salt and commitment.
pub const PROLOGUE_LEN: usize = HEADER_LEN + SALT_LEN + COMMITMENT_LEN;

/// The longest object, in bytes of plaintext: 16 TiB.
pub const MAX_PLAIN_LEN: u64 = 1 << 44;
