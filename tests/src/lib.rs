//! What the tests across crates share.
//!
//! The README's own example is one of them.

pub mod account;
pub mod application;
pub mod database;
pub mod desk;
pub mod fault;
pub mod faulty_vault;
pub mod naive;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub mod server;
pub mod tools;
