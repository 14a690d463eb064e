//! The header: what a reader must know before it can ask for a key.

use super::{BindingMode, Generation, HEADER_LEN, HeaderError};

/// The first bytes of every sealed object. The first of them begins no UTF-8 text.
const MAGIC: [u8; 8] = *b"\x93STRROOM";
/// The one format so far.
const FORMAT: u8 = 1;
/// Cobblestone-256: HKDF-Expand-SHA-512 and AES-256-GCM in chunks of 16 KiB.
const SUITE: u8 = 1;

/// What the header of a sealed object says (F2–F8). Unauthenticated until the commitment matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "another format has another header"
)]
pub struct Header {
    /// Whether the object is bound to its place.
    pub binding: BindingMode,
    /// The generation of the resource key that it is sealed under.
    pub generation: Generation,
}

impl Header {
    /// Reads the header at the start of `bytes`, which may go on.
    ///
    /// # Errors
    /// A [`HeaderError`] that says which field is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let (magic, rest) = bytes
            .split_first_chunk::<8>()
            .ok_or(HeaderError::TooShort {
                length: bytes.len(),
            })?;
        if *magic != MAGIC {
            return Err(HeaderError::NotSealed);
        }
        let (&[format, suite, binding, reserved, generation @ ..], _) =
            rest.split_first_chunk::<8>().ok_or(HeaderError::TooShort {
                length: bytes.len(),
            })?;
        if format != FORMAT {
            return Err(HeaderError::UnknownFormat(format));
        }
        if suite != SUITE {
            return Err(HeaderError::UnknownSuite(suite));
        }
        let binding = match binding {
            1 => BindingMode::Location,
            2 => BindingMode::Resource,
            other => return Err(HeaderError::UnknownBinding(other)),
        };
        if reserved != 0 {
            return Err(HeaderError::Reserved(reserved));
        }
        let generation =
            Generation::new(u32::from_be_bytes(generation)).ok_or(HeaderError::GenerationZero)?;
        Ok(Self {
            binding,
            generation,
        })
    }

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let Self {
            binding,
            generation,
        } = self;
        let binding = match binding {
            BindingMode::Location => 1,
            BindingMode::Resource => 2,
        };
        let [m0, m1, m2, m3, m4, m5, m6, m7] = MAGIC;
        let [g0, g1, g2, g3] = generation.number().to_be_bytes();
        [
            m0, m1, m2, m3, m4, m5, m6, m7, FORMAT, SUITE, binding, 0, g0, g1, g2, g3,
        ]
    }
}
