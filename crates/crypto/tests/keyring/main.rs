//! Keyrings, root keys and service-managed keys, over every provider that is built in.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod damage;
mod life;
mod root;
#[cfg(feature = "serde")]
mod schema;
mod support;
