//! What is done with objects beyond putting and getting them: named, checked, copied, moved, ingested.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it cannot go on"
)]

mod changed;
mod checked;
mod desk;
mod ended;
mod ingested;
mod kept_apart;
mod named;
mod one_bad;
mod relocated;

/// Bytes that no wrong offset keeps.
fn pattern(seed: u8, length: usize) -> Vec<u8> {
    (0..=250)
        .map(|byte: u8| byte ^ seed)
        .cycle()
        .take(length)
        .collect()
}
