//! Data that are out of reach.

use std::fmt;
use std::sync::Arc;

use strongroom_resource::Inaccessible;

use super::Error;

/// A resource's data are out of reach, because whoever holds the key, or the directory, says no.
///
/// It heals by itself: once what it names is mended, the next use finds the key.
#[derive(Debug)]
pub struct OutOfReach {
    inaccessible: Inaccessible,
    cause: Arc<Error>,
}

impl OutOfReach {
    pub(crate) fn new(inaccessible: Inaccessible, cause: Error) -> Self {
        Self {
            inaccessible,
            cause: Arc::new(cause),
        }
    }

    /// Why, and since when.
    #[must_use]
    pub fn inaccessible(&self) -> Inaccessible {
        self.inaccessible
    }

    /// What was said, with what would turn it into a yes.
    #[must_use]
    pub fn cause(&self) -> &Error {
        &self.cause
    }
}

impl From<OutOfReach> for Error {
    fn from(found: OutOfReach) -> Self {
        Self::OutOfReach(Box::new(found))
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for OutOfReach {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}
