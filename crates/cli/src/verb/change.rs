//! What came of a change that was asked for: done, or so already.

use serde_json::{Value, json};
use strongroom_base::{Outcome as _, OutcomeKind};

use crate::failure::Failure;
use crate::output::Output;

/// What was to be changed, as it is now.
pub(crate) struct Change<T> {
    /// None, if the caller may not see what they asked to change, and nothing had to change.
    pub(crate) view: Option<T>,
    /// Whether anything changed.
    pub(crate) changed: bool,
}

impl<T> Change<T> {
    /// Things that are so already are no failure: whoever asks for a state has it. `shown` reads them then.
    pub(crate) async fn of(
        asked: Result<T, strongroom::Error>,
        shown: impl Future<Output = Result<T, strongroom::Error>>,
    ) -> Result<Self, Failure> {
        let view = match asked {
            Ok(view) => {
                return Ok(Self {
                    view: Some(view),
                    changed: true,
                });
            }
            Err(error) if error.changes_nothing() => match shown.await {
                Ok(view) => Some(view),
                Err(error) if hides(error.kind()) => None,
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        };
        let changed = false;
        Ok(Self { view, changed })
    }

    /// Answers with what is now: for programs its members and `changed`, for people the words, or one line
    /// if nothing had to change.
    pub(crate) fn tell(
        &self,
        what: &str,
        output: &Output,
        wire: impl FnOnce(&T) -> Value,
        words: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let mut value = self.view.as_ref().map_or_else(|| json!({}), wire);
        if let Value::Object(members) = &mut value {
            members.insert("changed".to_owned(), self.changed.into());
        }
        output.answer(&value, || match &self.view {
            Some(view) if self.changed => words(view),
            _ => format!("no change needed: {what} is so already"),
        })
    }
}

/// Whether a reading failed because the caller may not see it.
fn hides(kind: OutcomeKind) -> bool {
    match kind {
        OutcomeKind::Denied | OutcomeKind::Refused | OutcomeKind::BadInput => true,
        OutcomeKind::Internal
        | OutcomeKind::Unavailable
        | OutcomeKind::Throttled
        | OutcomeKind::Damaged => false,
    }
}

/// "1 resource", "2 resources".
pub(crate) fn number(resources: u64) -> String {
    match resources {
        1 => "1 resource".to_owned(),
        more => format!("{more} resources"),
    }
}

/// "1 resource uses", "2 resources use".
pub(crate) fn counted(resources: u64, verb: &str) -> String {
    let ending = if resources == 1 { "s" } else { "" };
    format!("{} {verb}{ending}", number(resources))
}
