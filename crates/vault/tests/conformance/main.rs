//! The conformance suite, run on the software vault, and what is the software vault's alone.
#![expect(
    clippy::unwrap_used,
    reason = "tests; clippy knows only functions marked #[test] as such"
)]

mod rig;
mod software;

use strongroom_vault::conformance::{self, Circumstance};

use crate::rig::Software;

macro_rules! checks {
    ($($(#[$attribute:meta])* $test:ident => $check:ident $skips:expr;)+) => {$(
        $(#[$attribute])*
        #[tokio::test]
        async fn $test() {
            assert_eq!(skips(conformance::$check(&Software).await), $skips);
        }
    )+};
}

/// What a check skipped, if it can skip anything.
trait Skips {
    fn list(self) -> Vec<Circumstance>;
}

impl Skips for () {
    fn list(self) -> Vec<Circumstance> {
        Vec::new()
    }
}

impl Skips for Vec<conformance::Skipped> {
    fn list(self) -> Vec<Circumstance> {
        self.into_iter()
            .map(|skipped| skipped.circumstance)
            .collect()
    }
}

fn skips(outcome: impl Skips) -> Vec<Circumstance> {
    outcome.list()
}

checks! {
    what_is_wrapped_unwraps => what_is_wrapped_unwraps [];
    r16_an_answer_names_the_version => an_answer_names_the_version [];
    too_long_is_bad_input => too_long_is_bad_input [];
    damaged_bytes_are_refused_as_damaged => damaged_bytes_are_refused_as_damaged [];
    r15_other_types_are_refused => other_types_are_refused [];
    r17_every_state_of_a_version => every_state_of_a_version [];
    r17_every_denial_names_its_cause => every_denial_names_its_cause [];
    i05_what_is_judged_first_is_told => what_is_judged_first_is_told [];
    r17_an_outage_is_never_a_denial => an_outage_is_never_a_denial [Circumstance::Throttled];
    i07_a_denial_is_recorded_once => a_denial_is_recorded_once [];
}

#[tokio::test]
async fn the_whole_suite_skips_throttling_alone() {
    assert_eq!(
        skips(conformance::all(&Software).await),
        [Circumstance::Throttled]
    );
}
