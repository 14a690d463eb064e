//! What goes wrong with some of many: each is told, the rest is done, and the worst ends the program.

use futures::{Stream, StreamExt as _};
use indicatif::ProgressBar;

use crate::failure::{Failure, worst};
use crate::output::Output;

/// What has gone wrong so far. People are told as it happens, programs by one value at the end.
#[derive(Debug)]
pub(crate) struct Several<'a> {
    output: &'a Output,
    /// All of it for programs, for people the worst of it.
    failed: Vec<Failure>,
    count: usize,
}

impl<'a> Several<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self {
            output,
            failed: Vec::new(),
            count: 0,
        }
    }

    /// Keeps a failure with one of many. It comes back if nothing can be done with the rest either.
    pub(crate) fn note(&mut self, failure: Failure) -> Result<(), Failure> {
        match failure {
            // Nobody is there to be told.
            Failure::Output(_) => Err(failure),
            failure if failure.ends_everything() => {
                self.keep(failure);
                Err(Failure::Several(std::mem::take(&mut self.failed)))
            }
            failure => {
                self.keep(failure);
                Ok(())
            }
        }
    }

    fn keep(&mut self, failure: Failure) {
        self.output.failed(&failure);
        self.count += 1;
        self.failed.push(failure);
        if !self.output.is_json() && self.failed.len() > 1 {
            let is_first = worst(&self.failed).is_some_and(|worst| {
                self.failed
                    .first()
                    .is_some_and(|first| std::ptr::eq(first, worst))
            });
            self.failed.swap_remove(usize::from(is_first));
        }
    }

    /// Takes what goes wrong out of a stream, and does something with the rest.
    pub(crate) async fn each<T>(
        &mut self,
        stream: impl Stream<Item = Result<T, Failure>>,
        bar: &ProgressBar,
        mut done: impl FnMut(T),
    ) -> Result<(), Failure> {
        let mut stream = std::pin::pin!(stream);
        while let Some(one) = stream.next().await {
            match one {
                Ok(one) => done(one),
                Err(failure) => bar.suspend(|| self.note(failure))?,
            }
        }
        Ok(())
    }

    /// How much went wrong.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether nothing went wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The end of the verb: an error if anything went wrong.
    pub(crate) fn end(self) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        Err(Failure::Several(self.failed))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use strongroom_base::Outcome as _;

    use super::*;

    #[test]
    fn the_worst_of_several_is_what_ends_the_program() {
        for json in [false, true] {
            let output = Output::new(json);
            let mut several = Several::new(&output);
            assert!(several.is_empty());
            for failure in [
                Failure::NotFound("a".into()),
                Failure::FoundDamage(1),
                Failure::TourFailed,
                Failure::FoundDamage(2),
            ] {
                several.note(failure).unwrap();
            }
            assert_eq!(several.count(), 4);
            let ended = several.end().unwrap_err();
            assert_eq!(ended.code(), "DamageFound");
            assert!(ended.to_string().starts_with("1 objects"), "{ended}");
        }
    }

    #[test]
    fn nobody_goes_on_when_nobody_listens() {
        let output = Output::new(true);
        let gone = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert!(Several::new(&output).note(gone).is_err());
    }
}
