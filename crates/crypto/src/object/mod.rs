//! Sealed objects, format 1: a header, then one Cobblestone-256 message that is bound to the header,
//! the resource and, by default, the place. `docs/format.md` gives every byte.
//!
//! ```text
//! header (16) ‖ salt (24) ‖ commitment (32) ‖ sealed chunks (16,400 each) ‖ last chunk (16 to 16,399)
//! ```

mod binding;
mod error;
mod generation;
mod generation_key;
mod generation_keys;
mod header;
mod layout;
mod message;
mod opener;
mod sealer;
mod sizes;
mod stream;

pub use binding::{Binding, BindingMode};
pub use error::{HeaderError, LengthError, OpenError};
pub use generation::Generation;
pub use generation_key::GenerationKey;
pub use generation_keys::GenerationKeys;
pub use header::Header;
pub use layout::{Layout, plain_len, sealed_len};
pub use opener::Opener;
pub use sealer::Sealer;
pub use sizes::{HEADER_LEN, MAX_PLAIN_LEN, PROLOGUE_LEN};
pub use stream::{OpeningReader, SealingWriter, read_prologue};

pub use crate::cobblestone::{CHUNK_LEN, SEALED_CHUNK_LEN, SealError, SealingRun};
