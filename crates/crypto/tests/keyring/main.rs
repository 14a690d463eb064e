//! Keyrings, root keys, service-managed keys and the key material of vaults, over every provider that is built in.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod damage;
mod life;
mod material;
mod root;
#[cfg(feature = "serde")]
mod schema;
mod support;
