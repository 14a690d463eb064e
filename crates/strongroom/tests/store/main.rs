//! A resource's store: what any `ObjectStore` must do, and what lies at rest.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it cannot go on"
)]

mod at_rest;
mod attributes;
mod bent;
mod checked;
mod concurrent;
mod differential;
mod fresh;
mod gathered;
mod in_pieces;
mod onto_itself;
mod overwritten_while_reading;
mod ranges;
mod requests;
mod suite;
mod uploads;
