//! The one task that writes, and group commit.

use std::sync::Arc;

use strongroom_base::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::apply::{Batch, Failure};
use super::fault::Fault;
use super::link::{Link, Opener};
use crate::runtime::{CutOff, OwnRuntime};
use crate::{ChainKey, Claim, ClaimOutcome, Commit, Committed, LedgerError};

/// How many may wait for the writer before callers wait to be queued.
const QUEUE: usize = 1_024;
/// How many are taken into one transaction.
const GROUP: usize = 256;

type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

/// The callers' side of the writing task.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    runtime: OwnRuntime,
}

enum Job {
    Commit {
        commit: Commit,
        now: Timestamp,
        reply: Reply<Committed>,
    },
    Claim {
        claim: Claim,
        now: Timestamp,
        reply: Reply<ClaimOutcome>,
    },
    Release {
        claim: Claim,
        reply: Reply<()>,
    },
    Close {
        reply: Reply<()>,
    },
}

impl Writer {
    pub(super) fn start(
        link: Link,
        opener: Arc<Opener>,
        key: Arc<dyn ChainKey>,
        runtime: &OwnRuntime,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = Task {
            opener,
            link: Some(link),
            key,
        };
        let lasting = runtime.clone();
        runtime.spawn(async move {
            task.run(receiver).await;
            // Commits that wait are carried out, also when everybody else has gone.
            drop(lasting);
        });
        Self {
            jobs: sender,
            runtime: runtime.clone(),
        }
    }

    pub(super) async fn commit(
        &self,
        commit: Commit,
        now: Timestamp,
    ) -> Result<Committed, LedgerError> {
        self.ask(|reply| Job::Commit { commit, now, reply }).await
    }

    pub(super) async fn claim(
        &self,
        claim: Claim,
        now: Timestamp,
    ) -> Result<ClaimOutcome, LedgerError> {
        self.ask(|reply| Job::Claim { claim, now, reply }).await
    }

    pub(super) async fn release(&self, claim: Claim) -> Result<(), LedgerError> {
        self.ask(|reply| Job::Release { claim, reply }).await
    }

    pub(super) async fn close(&self) -> Result<(), LedgerError> {
        match self.ask(|reply| Job::Close { reply }).await {
            // Closed before, or by somebody else at this moment.
            Err(LedgerError::Closed | LedgerError::InDoubt { cause: None }) => Ok(()),
            other => other,
        }
    }

    /// Queues a job and waits for its answer. Jobs are queued in the order in which they are first
    /// polled. From the moment it is queued the job is carried out, whether or not somebody still waits.
    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(Reply<T>) -> Job,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.runtime
            .within_held(self.jobs.send(job(reply)))
            .await
            .map_err(|_| LedgerError::Closed)?;
        match self.runtime.wait(answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(CutOff) => Err(LedgerError::InDoubt { cause: None }),
        }
    }
}

struct Task {
    opener: Arc<Opener>,
    /// `None` after a failure: the next group begins with a new connection.
    link: Option<Link>,
    key: Arc<dyn ChainKey>,
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut closing = Vec::new();
        while let Some(first) = jobs.recv().await {
            let mut group = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Close { reply } => {
                        jobs.close();
                        closing.push(reply);
                    }
                    job => group.push(job),
                }
                next = if group.len() < GROUP {
                    jobs.try_recv().ok()
                } else {
                    None
                };
            }
            self.carry_out(group).await;
        }
        let closed = match self.link.take() {
            Some(link) => link.close().await.map_err(LedgerError::from),
            None => Ok(()),
        };
        for reply in closing {
            // Whoever asked may have gone.
            let _ = reply.send(closed.clone());
        }
    }

    /// Carries a group out in one transaction; if one of it fails in a way that is no refusal,
    /// each in a transaction of its own, so that it fails alone.
    async fn carry_out(&mut self, group: Vec<Job>) {
        match self.transaction(&group).await {
            Ok(answers) => answer(group, answers),
            Err(Failed {
                error,
                alone: false,
            }) if group.len() > 1 => {
                tracing::warn!(jobs = group.len(), %error, "a group failed: each on its own");
                for job in group {
                    let one = vec![job];
                    match self.transaction(&one).await {
                        Ok(answers) => answer(one, answers),
                        Err(failed) => refuse(one, &failed.error),
                    }
                }
            }
            Err(failed) => refuse(group, &failed.error),
        }
    }

    /// One transaction. No answer is given before it is durable: a refusal, too, may rest on what
    /// stood before it in the group.
    async fn transaction(&mut self, group: &[Job]) -> Result<Vec<Answer>, Failed> {
        if group.is_empty() {
            return Ok(Vec::new());
        }
        // Taken out and put back only after success: whatever a failure leaves behind is dropped
        // with its connection.
        let mut link = match self.link.take() {
            Some(link) => link,
            None => self.opener.connect().await.map_err(Failed::all)?,
        };
        let mut tx = link.begin().await.map_err(Failed::all)?;
        let mut batch = Batch::begin(&mut tx, &*self.key)
            .await
            .map_err(Failed::one)?;
        let mut answers = Vec::with_capacity(group.len());
        for job in group {
            answers.push(apply(&mut batch, job).await.map_err(Failed::one)?);
        }
        batch.end().await.map_err(Failed::one)?;
        tx.commit().await.map_err(|error| Failed {
            error: Fault::from(error).in_doubt(),
            alone: true,
        })?;
        self.link = Some(link);
        Ok(answers)
    }
}

/// Why a transaction did not happen, and whether its jobs would fail one by one just the same.
struct Failed {
    error: LedgerError,
    alone: bool,
}

impl Failed {
    fn all(fault: Fault) -> Self {
        Self {
            error: fault.into(),
            alone: true,
        }
    }

    fn one(fault: Fault) -> Self {
        Self {
            error: fault.into(),
            alone: false,
        }
    }
}

/// What a job will be told when its transaction is durable.
enum Answer {
    Commit(Result<Committed, LedgerError>),
    Claim(Result<ClaimOutcome, LedgerError>),
    Release(Result<(), LedgerError>),
}

async fn apply(batch: &mut Batch<'_>, job: &Job) -> Result<Answer, Fault> {
    Ok(match job {
        Job::Commit {
            commit,
            now,
            reply: _,
        } => Answer::Commit(refusal(batch.commit(commit, *now).await)?),
        Job::Claim {
            claim,
            now,
            reply: _,
        } => Answer::Claim(Ok(batch.claim(claim, *now).await?)),
        Job::Release { claim, reply: _ } => Answer::Release(Ok(batch.release(claim).await?)),
        Job::Close { .. } => Answer::Release(Ok(())),
    })
}

/// Splits what concerns one job from what concerns its transaction.
fn refusal<T>(done: Result<T, Failure>) -> Result<Result<T, LedgerError>, Fault> {
    match done {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(error)) => Ok(Err(*error)),
        Err(Failure::Broken(fault)) => Err(fault),
    }
}

fn answer(group: Vec<Job>, answers: Vec<Answer>) {
    for (job, answer) in group.into_iter().zip(answers) {
        // Whoever asked may have gone: the answer is then nobody's.
        match (job, answer) {
            (Job::Commit { reply, .. }, Answer::Commit(done)) => drop(reply.send(done)),
            (Job::Claim { reply, .. }, Answer::Claim(done)) => drop(reply.send(done)),
            (Job::Release { reply, .. }, Answer::Release(done)) => drop(reply.send(done)),
            // Answers are made from the jobs, in their order. A reply that is dropped reads as
            // in doubt.
            _ => {}
        }
    }
}

fn refuse(group: Vec<Job>, error: &LedgerError) {
    for job in group {
        match job {
            Job::Commit { reply, .. } => drop(reply.send(Err(error.clone()))),
            Job::Claim { reply, .. } => drop(reply.send(Err(error.clone()))),
            Job::Release { reply, .. } | Job::Close { reply } => {
                drop(reply.send(Err(error.clone())));
            }
        }
    }
}
