//! What the caller of a store may do with its data, judged anew with each lease.

use std::fmt;

use async_trait::async_trait;
use strongroom_identity::Verdict;

use super::findings::Watching;
use crate::Error;

/// What the caller's roles say.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) read: Verdict,
    pub(crate) write: Verdict,
    pub(crate) delete: Verdict,
}

/// What an operation does with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
    Delete,
    /// Reads here and writes there.
    Copy,
    /// The same, and deletes what was read.
    Move,
}

impl Rights {
    /// Fails if the caller may do nothing at all with the data.
    pub(crate) fn any(&self) -> Verdict {
        self.read
            .clone()
            .or_else(|_| self.write.clone())
            .or_else(|_| self.delete.clone())
            .or_else(|_| self.read.clone())
    }

    /// Whether the caller may do what an operation does; the first that says no.
    pub(crate) fn allow(&self, need: Need) -> Verdict {
        let (read, write, delete) = (&self.read, &self.write, &self.delete);
        let needed: &[&Verdict] = match need {
            Need::Read => &[read],
            Need::Write => &[write],
            Need::Delete => &[delete],
            Need::Copy => &[read, write],
            Need::Move => &[read, write, delete],
        };
        needed.iter().try_for_each(|verdict| (*verdict).clone())
    }
}

/// Who judges what a caller may do with the data.
#[async_trait]
pub(crate) trait JudgesRights: fmt::Debug + Send + Sync {
    /// What holds now. What it rests on is watched for as long as somebody has it: the resource's lease ends
    /// when that changes.
    async fn rights(&self) -> Result<(Rights, Option<Watching>), Error>;
}
