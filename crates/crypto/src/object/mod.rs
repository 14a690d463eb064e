//! Sealed objects, format 1: a header, then one Cobblestone-256 message that is bound to the header,
//! the resource and, by default, the place. `docs/format.md` gives every byte.
//!
//! ```text
//! header (16) ‖ salt (24) ‖ commitment (32) ‖ sealed chunks (16,400 each) ‖ last chunk (16 to 16,399)
//! ```

mod binding;
mod error;
mod generation_key;
mod generation_keys;
mod header;
mod layout;
mod message;
mod opener;
mod sealer;
mod stream;

pub use binding::{Binding, BindingMode};
pub use error::{HeaderError, LengthError, OpenError};
pub use generation_key::GenerationKey;
pub use generation_keys::GenerationKeys;
pub use header::{Generation, HEADER_LEN, Header};
pub use layout::{Layout, MAX_PLAIN_LEN, plain_len, sealed_len};
pub use opener::Opener;
pub use sealer::Sealer;
pub use stream::{OpeningReader, SealingWriter, read_prologue};

pub use crate::cobblestone::{CHUNK_LEN, SEALED_CHUNK_LEN, SealError, SealingRun};
use crate::cobblestone::{COMMITMENT_LEN, SALT_LEN};

/// Bytes before the first chunk: header, salt and commitment.
pub const PROLOGUE_LEN: usize = HEADER_LEN + SALT_LEN + COMMITMENT_LEN;
