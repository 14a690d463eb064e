//! What every provider of [`KeyVault`](crate::KeyVault) must do, as checks to run on it.
//!
//! A provider brings a [`Bench`]: a way to a fresh vault with one key, and to every circumstance of
//! it. The same checks then run on a vault of our own, on one behind a wire, or on a recording.
//! They panic where a provider differs. Where one cannot make a circumstance, it says so, and the
//! check is named in what [`all`] returns: nothing is skipped in silence.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a check fails by panicking, as a test does"
)]

mod bench;
mod denial;
mod outage;
mod states;
mod wrapping;

pub use bench::{Attributes, Bench, Circumstance, Rig, Skipped};
pub use denial::{every_denial_names_its_cause, what_is_judged_first_is_told};
pub use outage::{a_denial_is_recorded_once, an_outage_is_never_a_denial};
pub use states::every_state_of_a_version;
pub use wrapping::{
    an_answer_names_the_version, damaged_bytes_are_refused_as_damaged, other_types_are_refused,
    too_long_is_bad_input, what_is_wrapped_unwraps,
};

/// Runs every check.
pub async fn all(bench: &dyn Bench) -> Vec<Skipped> {
    let mut skipped = Vec::new();
    what_is_wrapped_unwraps(bench).await;
    an_answer_names_the_version(bench).await;
    too_long_is_bad_input(bench).await;
    damaged_bytes_are_refused_as_damaged(bench).await;
    skipped.extend(other_types_are_refused(bench).await);
    skipped.extend(every_state_of_a_version(bench).await);
    skipped.extend(every_denial_names_its_cause(bench).await);
    skipped.extend(what_is_judged_first_is_told(bench).await);
    skipped.extend(an_outage_is_never_a_denial(bench).await);
    skipped.extend(a_denial_is_recorded_once(bench).await);
    skipped
}
