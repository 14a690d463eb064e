//! What goes wrong with some of many: each is told, the rest is done, and the worst ends the program.

use strongroom_base::{Outcome as _, OutcomeKind};

use crate::failure::Failure;
use crate::output::Output;

/// What has gone wrong so far.
#[derive(Debug)]
pub(crate) struct Several<'a> {
    output: &'a Output,
    /// Not told yet: whoever ends the program tells it.
    worst: Option<Failure>,
}

impl<'a> Several<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self {
            output,
            worst: None,
        }
    }

    /// Keeps a failure with one of many. It comes back if nothing can be done with the rest either.
    pub(crate) fn note(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure.ends_everything() {
            return Err(failure);
        }
        let Some(worst) = self.worst.take() else {
            self.worst = Some(failure);
            return Ok(());
        };
        let (worst, told) = if gravity(failure.kind()) > gravity(worst.kind()) {
            (failure, worst)
        } else {
            (worst, failure)
        };
        self.output.failure(&told);
        self.worst = Some(worst);
        Ok(())
    }

    /// Whether nothing went wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.worst.is_none()
    }

    /// The worst, if anything went wrong.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.worst.map_or(Ok(()), Err)
    }
}

/// Which of two exit codes is told: 6, then 1, 5, 4, 3, 2.
fn gravity(kind: OutcomeKind) -> u8 {
    match kind {
        OutcomeKind::BadInput => 0,
        OutcomeKind::Refused => 1,
        OutcomeKind::Denied => 2,
        OutcomeKind::Unavailable | OutcomeKind::Throttled => 3,
        OutcomeKind::Internal => 4,
        OutcomeKind::Damaged => 5,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn the_worst_of_several_is_what_ends_the_program() {
        let output = Output::new(true);
        let mut several = Several::new(&output);
        assert!(several.is_empty());
        for failure in [
            Failure::NotFound("a".into()),
            Failure::FoundDamage(1),
            Failure::TourFailed,
        ] {
            several.note(failure).unwrap();
        }
        assert!(matches!(several.end(), Err(Failure::FoundDamage(1))));
    }

    #[test]
    fn nobody_goes_on_when_nobody_listens() {
        let output = Output::new(true);
        let gone = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert!(Several::new(&output).note(gone).is_err());
    }
}
