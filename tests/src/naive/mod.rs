//! The oracle: a deliberately naive model of what the rules say, written from the rules alone.
//!
//! It is plain maps and a clone of the whole world. One function says whether a data operation may
//! succeed now ([`World::against_use`]), one what a command does or which rules refuse it
//! ([`World::step`]). It shares no machine, no type of state and no decision with the system that it
//! judges; the codes of outcomes are all that the two have in common.
//!
//! The rules do not say in which order refusals come. So the model collects every rule that says no,
//! and the system must answer with one of them. It must say no exactly when the model does.

mod answer;
mod commands;
mod data;
mod keys;
mod likely;
mod resources;
mod rights;
mod step;
mod vaults;
mod world;

pub use self::answer::{Answer, No, Uses};
pub use self::likely::likely;
pub use self::step::{Fire, Object, Step};
pub use self::world::{
    Content, Group, Identity, Kek, Key, KeyVersion, Life, OUTSIDE, Party, Permission, Resource,
    Rigged, Subscription, Tenant, Vault, VersionOf, Who, World,
};
