//! C2SP chunked-encryption v1, instance Cobblestone-256: the published construction, with any
//! context.
//!
//! Specification: <https://c2sp.org/chunked-encryption>. HKDF-Expand-SHA-512 turns an input key, a
//! fresh 24-byte salt and a context into a key, a base nonce and a commitment; the message is sealed
//! with AES-256-GCM in chunks of [`CHUNK_LEN`] bytes, the last of them always shorter.
//!
//! Strongroom's own objects, with their header and binding, are in [`object`](crate::object), built
//! on this module. Use it alone to speak Cobblestone-256 with other implementations:
//!
//! ```
//! # #[cfg(feature = "aws-lc-rs")] {
//! use strongroom_crypto::cobblestone::{InputKey, SEALED_CHUNK_LEN, TAG_LEN};
//!
//! # let key = [7; 32];
//! let key = InputKey::new(&strongroom_crypto::aws_lc_rs::PROVIDER, &key);
//! let sealer = key.sealer(b"what this message is for")?;
//! let (salt, commitment) = (*sealer.salt(), *sealer.commitment());
//! let mut last = [0; 5 + TAG_LEN];
//! sealer.finish(b"hello", &mut last)?;
//!
//! let opener = key.opener(&salt, &commitment, b"what this message is for")?;
//! let mut plain = [0; 5];
//! opener.open_last(0, &last, &mut plain)?;
//! assert_eq!(&plain, b"hello");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod input_key;
mod message_key;
mod opener;
mod sealer;

pub use crate::TAG_LEN;
pub use error::{OpenError, SealError};
pub use input_key::InputKey;
pub use opener::Opener;
pub use sealer::{Sealer, SealingRun};

/// Bytes of plaintext in every chunk but the last, which is shorter.
pub const CHUNK_LEN: usize = 16_384;
/// Bytes of a full chunk once sealed.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;
/// Bytes of the salt.
pub const SALT_LEN: usize = 24;
/// Bytes of the commitment.
pub const COMMITMENT_LEN: usize = 32;
/// The longest message: 4 PiB less one byte, which is 2³⁸ chunks.
pub const MAX_LEN: u64 = (1 << 52) - 1;

/// [`CHUNK_LEN`] where file offsets are counted.
pub(crate) const CHUNK: u64 = CHUNK_LEN as u64;

/// The nonce of a chunk: the base nonce XOR the chunk's number as a big-endian integer.
pub(crate) fn nonce(base: &crate::Nonce, number: u64) -> crate::Nonce {
    let mut nonce = *base;
    // The number is shorter than the nonce: it is aligned at the end of both.
    for (byte, n) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte ^= n;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i06_nonces_are_the_base_xor_the_number() {
        let base = [0xff; 12];
        assert_eq!(nonce(&base, 0), base);
        let mut expected = base;
        expected[7..].copy_from_slice(&[0xfe, 0xfd, 0xfc, 0xfb, 0xfa]);
        assert_eq!(nonce(&base, 0x01_0203_0405), expected);
    }
}
