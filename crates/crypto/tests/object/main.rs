//! Sealed objects, over every provider that is built in.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]
#![expect(
    clippy::similar_names,
    reason = "a sealer makes what is sealed, an opener what is opened"
)]

mod bad_input;
mod format;
mod numbers;
mod outcomes;
mod published;
mod refusal;
mod round_trip;
mod secrecy;
mod stream;
mod support;
mod vectors;
