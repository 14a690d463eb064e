//! Over `std::io`: for callers that need neither ranges nor all cores.

mod reader;
mod writer;

pub use reader::{OpeningReader, read_prologue};
pub use writer::SealingWriter;
