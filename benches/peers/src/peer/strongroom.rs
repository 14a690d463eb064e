//! Strongroom, twice: as one who seals messages uses it, and as one who stores objects does.

mod message;
mod store;

pub use message::Message;
pub use store::Store;
