//! Where those who use a resource meet: many read its lease without a lock, one of those who wait asks
//! for the next, and whoever takes the lease away is obeyed by all of them at once.
//!
//! What becomes of a lease is the [machine](super::machine)'s to decide. Here it is shared.

use std::time::Duration;

use tokio::sync::oneshot;

use super::machine::{Answer, Attempt, Command, Event, LeaseState, Terms, Verdict};
use super::sync::{Arc, AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError, Slot};
use crate::clock::Moment;

/// Keys, and how long they may be used.
#[derive(Debug)]
pub(crate) struct Lease<K> {
    keys: K,
    sent: Moment,
    terms: Terms,
    /// Set once, for every lease that was out or on its way by then.
    ended: Arc<AtomicBool>,
    /// Whether the next was asked for, and nobody answered.
    in_outage: AtomicBool,
    /// When to ask for the next, in nanoseconds of the boot-time clock; never, while somebody does.
    refresh: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl<K> Lease<K> {
    pub(crate) fn keys(&self) -> &K {
        &self.keys
    }

    /// Whether the keys may be used at `now`.
    pub(crate) fn holds(&self, now: Moment) -> bool {
        let in_outage = self.in_outage.load(Ordering::Acquire);
        !self.ended.load(Ordering::Acquire) && self.terms.hold(self.sent, now, in_outage)
    }

    /// Whether it is time to ask for the next lease. It is said to one of those who want to know.
    pub(crate) fn is_due(&self, now: Moment) -> bool {
        nanos(now.boot) >= self.refresh.load(Ordering::Relaxed)
            && self.refresh.swap(NEVER, Ordering::Relaxed) != NEVER
    }
}

/// What an attempt has proved.
#[derive(Debug)]
pub(crate) struct Proved<K> {
    pub(crate) keys: K,
    /// When it was asked for.
    pub(crate) sent: Moment,
    pub(crate) terms: Terms,
    /// Drawn: see [`Command::Proved`].
    pub(crate) spread: u8,
    /// Whether the lease serves those who come later, too.
    pub(crate) kept: bool,
}

/// What became of an attempt.
pub(crate) type Outcome<K, E> = Result<Proved<K>, (Answer, Arc<E>)>;

/// What somebody who is about to use the resource is told.
#[derive(Debug)]
pub(crate) enum Told<K, E> {
    /// Here are the keys.
    Go(Arc<Lease<K>>),
    /// The last attempt failed so.
    Fail(Arc<E>),
    /// What was found is void by now: ask again.
    Again,
}

/// The same, where it may take a while.
#[derive(Debug)]
pub(crate) enum Telling<K, E> {
    Now(Told<K, E>),
    Later(oneshot::Receiver<Told<K, E>>),
}

/// The desk of one resource.
#[derive(Debug)]
pub(crate) struct Desk<K, E> {
    current: Slot<Lease<K>>,
    book: Mutex<Book<K, E>>,
}

#[derive(Debug)]
struct Book<K, E> {
    state: LeaseState,
    waiting: Vec<oneshot::Sender<Told<K, E>>>,
    /// Why the last attempt failed.
    trouble: Option<Arc<E>>,
    /// What ends all leases that are out, and the one that the attempt under way may bring.
    ended: Arc<AtomicBool>,
}

impl<K, E> Desk<K, E> {
    /// No attempt counts that takes longer than `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        Self {
            current: Slot::empty(),
            book: Mutex::new(Book {
                state: LeaseState::new(longest),
                waiting: Vec::new(),
                trouble: None,
                ended: Arc::new(AtomicBool::new(false)),
            }),
        }
    }

    /// The lease that is kept, if it holds. No lock is taken.
    pub(crate) fn current(&self, now: Moment) -> Option<Arc<Lease<K>>> {
        self.current.load().filter(|lease| lease.holds(now))
    }

    /// Somebody is about to use the resource. Whoever is given an attempt carries it out, and
    /// [answers](Self::answer) it.
    pub(crate) fn ask(&self, now: Moment) -> (Telling<K, E>, Option<Attempt>) {
        let mut book = self.book();
        let attempt = self.take_in(&mut book, Command::Use, now);
        let telling = match book.state.verdict(now) {
            Verdict::Go => Telling::Now(self.current(now).map_or(Told::Again, Told::Go)),
            Verdict::Wait => {
                let (tell, told) = oneshot::channel();
                book.waiting.push(tell);
                Telling::Later(told)
            }
            Verdict::Fail => Telling::Now(book.trouble.clone().map_or(Told::Again, Told::Fail)),
        };
        (telling, attempt)
    }

    /// An attempt is over. One that was void before changes nothing.
    pub(crate) fn answer(&self, attempt: Attempt, outcome: Outcome<K, E>, now: Moment) {
        let mut book = self.book();
        match outcome {
            Ok(proved) => self.proved(&mut book, attempt, proved, now),
            Err((answer, error)) => self.failed(&mut book, attempt, answer, &error, now),
        }
    }

    fn proved(&self, book: &mut Book<K, E>, attempt: Attempt, proved: Proved<K>, now: Moment) {
        let Proved {
            keys,
            sent,
            terms,
            spread,
            kept,
        } = proved;
        let command = Command::Proved {
            attempt,
            sent,
            terms,
            spread,
            kept,
        };
        let refresh = match note(book, command, now) {
            None => return,
            Some(Event::Proved { refresh, .. }) => Some(refresh),
            Some(_) => None,
        };
        book.trouble = None;
        let lease = Arc::new(Lease {
            keys,
            sent,
            terms,
            ended: Arc::clone(&book.ended),
            in_outage: AtomicBool::new(false),
            refresh: AtomicU64::new(refresh.map_or(NEVER, nanos)),
        });
        if refresh.is_some() {
            self.current.store(Some(Arc::clone(&lease)));
        }
        let too_late = kept && refresh.is_none();
        book.tell_all(|| {
            if too_late {
                Told::Again
            } else {
                Told::Go(Arc::clone(&lease))
            }
        });
    }

    fn failed(
        &self,
        book: &mut Book<K, E>,
        attempt: Attempt,
        answer: Answer,
        error: &Arc<E>,
        now: Moment,
    ) {
        let Some(event) = note(book, Command::Failed { attempt, answer }, now) else {
            return;
        };
        match event {
            Event::Denied { .. } | Event::Ended => self.end_all(book),
            Event::Outage { until } => {
                if let Some(lease) = self.current.load() {
                    lease.in_outage.store(true, Ordering::Release);
                    lease.refresh.store(nanos(until), Ordering::Relaxed);
                }
            }
            Event::Damaged { until, .. } => {
                if let Some(lease) = self.current.load() {
                    lease.refresh.store(nanos(until), Ordering::Relaxed);
                }
            }
            _ => {}
        }
        book.trouble = Some(Arc::clone(error));
        // An outage and damage take nothing away.
        let kept = match book.state.verdict(now) {
            Verdict::Go => self.current(now),
            Verdict::Wait | Verdict::Fail => None,
        };
        book.tell_all(|| match &kept {
            Some(lease) => Told::Go(Arc::clone(lease)),
            None => Told::Fail(Arc::clone(error)),
        });
    }

    /// An attempt was told no, and is about to write that down: whatever is out ends now. Nothing, if it is
    /// void.
    pub(crate) fn refused(&self, attempt: Attempt, now: Moment) {
        let mut book = self.book();
        if book.state.is_asking(attempt) {
            self.take_in(&mut book, Command::Refused { attempt }, now);
            self.end_all(&mut book);
        }
    }

    /// Whoever carried an attempt out has gone: it is asked again by those who wait. Nothing, if it was
    /// answered.
    pub(crate) fn cut_off(&self, attempt: Attempt, now: Moment) {
        let mut book = self.book();
        let answer = Answer::CutOff;
        if note(&mut book, Command::Failed { attempt, answer }, now).is_none() {
            return;
        }
        book.trouble = None;
        if let Some(lease) = self.current.load() {
            // Asked for ahead of its end, and not any more.
            lease.refresh.store(nanos(now.boot), Ordering::Relaxed);
        }
        book.tell_all(|| Told::Again);
    }

    /// Something that the proof rests on has changed: whatever was found is void, and what is out ends.
    pub(crate) fn drop_lease(&self, now: Moment) {
        let mut book = self.book();
        self.take_in(&mut book, Command::Drop, now);
        self.end_all(&mut book);
        book.trouble = None;
        book.tell_all(|| Told::Again);
    }

    /// Time has passed: keys that may not be used any more do not stay in memory, and nobody waits any longer
    /// for an attempt that takes too long. Whether nothing is left to remember.
    pub(crate) fn wake(&self, now: Moment, overdue: impl FnOnce() -> (Answer, Arc<E>)) -> bool {
        let mut book = self.book();
        self.take_in(&mut book, Command::Wake, now);
        if let Some(attempt) = book.state.overdue(now) {
            let (answer, error) = overdue();
            self.failed(&mut book, attempt, answer, &error, now);
        }
        book.state.is_idle()
    }

    /// When [`wake`](Self::wake) has something to do.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.book().state.wake_at()
    }

    /// Ends every lease that is out.
    fn end_all(&self, book: &mut Book<K, E>) {
        let ended = std::mem::replace(&mut book.ended, Arc::new(AtomicBool::new(false)));
        ended.store(true, Ordering::Release);
        self.current.store(None);
    }

    /// Takes a command in, and gives out the attempt that it begins.
    fn take_in(&self, book: &mut Book<K, E>, command: Command, now: Moment) -> Option<Attempt> {
        let mut attempt = None;
        for event in book.state.decide(command, now) {
            book.state.evolve(event);
            match event {
                Event::Asked { attempt: begun, .. } => attempt = Some(begun),
                Event::Expired => self.current.store(None),
                Event::Forgotten => book.trouble = None,
                _ => {}
            }
        }
        attempt
    }

    fn book(&self) -> MutexGuard<'_, Book<K, E>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, E> Book<K, E> {
    /// Whoever waits no longer misses nothing.
    fn tell_all(&mut self, told: impl Fn() -> Told<K, E>) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(told());
        }
    }
}

/// Takes an answer in; none, if it was void.
fn note<K, E>(book: &mut Book<K, E>, command: Command, now: Moment) -> Option<Event> {
    let event = book.state.decide(command, now).pop()?;
    book.state.evolve(event);
    Some(event)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NEVER - 1)
}
