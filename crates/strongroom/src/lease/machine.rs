//! What becomes of a lease: decided here alone, from commands and moments. No clock is read, nobody is
//! asked and nothing waits.
//!
//! Of the four answers to an unwrap, a *denial* ends the lease at once; an *outage* (nobody answers, or
//! says to ask later) leaves it to its end and, if a grace was given, a little longer; *damage* is asked
//! about again ever more rarely, and takes nothing away. A success is a proof from when it was asked for.

use std::time::Duration;

use crate::clock::Moment;

/// How long damage is taken for granted when it is found, and at most when it is found again and again.
const DAMAGED_FOR: Duration = Duration::from_mins(1);
const DAMAGED_FOR_AT_MOST: Duration = Duration::from_hours(1);

/// How long a proof is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) lease: Duration,
    /// How much longer, while the vault cannot be asked.
    pub(crate) grace: Duration,
}

impl Terms {
    /// Whether a proof from `sent` is still good at `now`.
    pub(crate) fn hold(&self, sent: Moment, now: Moment, in_outage: bool) -> bool {
        now.since(sent)
            .is_some_and(|age| age < self.lasting(in_outage))
    }

    fn lasting(&self, in_outage: bool) -> Duration {
        let grace = if in_outage {
            self.grace
        } else {
            Duration::ZERO
        };
        self.lease.saturating_add(grace)
    }

    /// When to ask anew, before the proof runs out: at 60 to 90 of 100 parts of it. `spread` is drawn, so
    /// that those who began together do not go on together.
    fn refresh(&self, sent: Moment, spread: u8) -> Duration {
        let parts = 60 + u32::from(spread % 31);
        sent.boot
            .saturating_add(self.lease.saturating_mul(parts) / 100)
    }
}

/// Names one attempt to prove a resource's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt(u64);

/// One that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asking {
    attempt: Attempt,
    /// From when on it counts as not answered, by the boot-time clock.
    void_at: Duration,
}

/// The lease of one resource in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeaseState {
    /// How long an attempt may take.
    longest: Duration,
    held: Option<Held>,
    asking: Option<Asking>,
    trouble: Option<Trouble>,
    attempts: u64,
}

/// A proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    sent: Moment,
    terms: Terms,
    /// When it is to be asked for anew, by the boot-time clock.
    refresh: Duration,
    /// Whether it was asked for anew and nobody answered.
    in_outage: bool,
}

impl Held {
    fn is_good(&self, now: Moment) -> bool {
        self.terms.hold(self.sent, now, self.in_outage)
    }

    /// Whether it would not be good even if nobody could be asked.
    fn is_over(&self, now: Moment) -> bool {
        !self.terms.hold(self.sent, now, true)
    }

    fn ends(&self) -> Duration {
        self.sent.boot.saturating_add(self.terms.lasting(true))
    }
}

/// What came of the last attempt, if no proof did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Denied, or not answered: asked again from then on, by the boot-time clock.
    Until(Duration),
    /// Damaged: asked again from then on, and taken for granted for twice as long if it still is.
    Damaged { until: Duration, wait: Duration },
}

impl Trouble {
    /// Until when nobody is asked.
    const fn until(self) -> Duration {
        match self {
            Self::Until(until) | Self::Damaged { until, .. } => until,
        }
    }

    /// When it matters to nobody any more.
    const fn forgotten(self) -> Duration {
        match self {
            Self::Until(until) => until,
            Self::Damaged { until, .. } => until.saturating_add(DAMAGED_FOR_AT_MOST),
        }
    }
}

/// What a lease is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Somebody is about to use the resource.
    Use,
    /// An attempt, asked for at `sent`, has proved the keys.
    Proved {
        attempt: Attempt,
        sent: Moment,
        terms: Terms,
        /// Drawn by the driver.
        spread: u8,
        /// Whether the proof serves those who come later, too.
        kept: bool,
    },
    /// An attempt has not.
    Failed { attempt: Attempt, answer: Answer },
    /// An attempt was told no. It goes on until that is written down.
    Refused { attempt: Attempt },
    /// Something that the proof rests on has changed, so what was found is void.
    Drop,
    /// Time has passed.
    Wake,
}

/// Why an attempt has proved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The vault, the directory or a rule of use says no: this revokes. Taken for granted for a while.
    Denied { wait: Duration },
    /// Nobody answered, or said to ask later.
    Outage { wait: Duration },
    /// Bytes fail their check.
    Damaged,
    /// Whoever carried the attempt out has gone.
    CutOff,
    /// The resource itself is not there to be used, or the request was no good.
    Other,
}

/// What has happened to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An attempt began.
    Asked { attempt: Attempt, void_at: Duration },
    /// It has proved the keys, for later operations too.
    Proved {
        sent: Moment,
        terms: Terms,
        refresh: Duration,
    },
    /// It has proved them for those who waited, or too late for anybody.
    Over,
    /// It was denied.
    Denied { until: Duration },
    /// It was not answered.
    Outage { until: Duration },
    /// It has found damage.
    Damaged { until: Duration, wait: Duration },
    /// It has found nothing.
    CutOff,
    /// There is nothing to prove.
    Ended,
    /// The proof has run out, and the grace with it; or an attempt was told no.
    Expired,
    /// What came of the last attempt is taken for granted no longer.
    Forgotten,
    /// What it rests on has changed.
    Dropped,
}

/// What somebody who is about to use the resource does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Goes on, under the proof that is held.
    Go,
    /// Waits for the attempt under way.
    Wait,
    /// Fails as the last attempt did.
    Fail,
}

impl LeaseState {
    /// Nothing is held, and no attempt takes longer than `longest`.
    pub(crate) const fn new(longest: Duration) -> Self {
        Self {
            longest,
            held: None,
            asking: None,
            trouble: None,
            attempts: 0,
        }
    }

    /// What follows from `command`; changes nothing.
    pub(crate) fn decide(&self, command: Command, now: Moment) -> Vec<Event> {
        match command {
            Command::Use => self.used(now),
            Command::Wake => {
                let (expired, forgotten) = (self.expired(now), self.forgotten(now));
                expired.into_iter().chain(forgotten).collect()
            }
            Command::Refused { attempt } if self.is_asking(attempt) => {
                self.held.map(|_| Event::Expired).into_iter().collect()
            }
            Command::Drop => vec![Event::Dropped],
            // It was void before it was answered.
            Command::Refused { .. } => Vec::new(),
            Command::Proved { attempt, .. } | Command::Failed { attempt, .. }
                if !self.is_asking(attempt) =>
            {
                Vec::new()
            }
            Command::Proved {
                attempt: _,
                sent,
                terms,
                spread,
                kept,
            } => {
                // An answer that took longer than it would be good for is none.
                let event = if kept && terms.hold(sent, now, false) {
                    Event::Proved {
                        sent,
                        terms,
                        refresh: terms.refresh(sent, spread),
                    }
                } else {
                    Event::Over
                };
                vec![event]
            }
            Command::Failed { attempt: _, answer } => vec![match answer {
                Answer::Denied { wait } => Event::Denied {
                    until: now.boot.saturating_add(wait),
                },
                Answer::Outage { wait } => Event::Outage {
                    until: now.boot.saturating_add(wait),
                },
                Answer::Damaged => {
                    let wait = match self.trouble {
                        Some(Trouble::Damaged { wait, .. }) => wait.saturating_mul(2),
                        Some(Trouble::Until(_)) | None => DAMAGED_FOR,
                    };
                    let wait = wait.min(DAMAGED_FOR_AT_MOST);
                    Event::Damaged {
                        until: now.boot.saturating_add(wait),
                        wait,
                    }
                }
                Answer::CutOff => Event::CutOff,
                Answer::Other => Event::Ended,
            }],
        }
    }

    fn used(&self, now: Moment) -> Vec<Event> {
        let expired = self.expired(now);
        let due = match self.held {
            Some(held) if held.is_good(now) => now.boot >= held.refresh,
            Some(_) | None => true,
        };
        let too_early = self.trouble.is_some_and(|found| now.boot < found.until());
        let is_free = self.asking.is_none() || self.overdue(now).is_some();
        let asked = (due && !too_early && is_free).then(|| Event::Asked {
            attempt: Attempt(self.attempts.wrapping_add(1)),
            void_at: now.boot.saturating_add(self.longest),
        });
        expired.into_iter().chain(asked).collect()
    }

    fn forgotten(&self, now: Moment) -> Option<Event> {
        let forgotten = self.trouble?.forgotten() <= now.boot && self.asking.is_none();
        forgotten.then_some(Event::Forgotten)
    }

    /// Whether `attempt` is the one under way.
    pub(crate) fn is_asking(&self, attempt: Attempt) -> bool {
        self.asking.is_some_and(|asking| asking.attempt == attempt)
    }

    fn expired(&self, now: Moment) -> Option<Event> {
        self.held
            .filter(|held| held.is_over(now))
            .map(|_| Event::Expired)
    }

    /// Takes in what has happened.
    pub(crate) fn evolve(&mut self, event: Event) {
        match event {
            Event::Asked { attempt, void_at } => {
                self.attempts = attempt.0;
                self.asking = Some(Asking { attempt, void_at });
            }
            Event::Proved {
                sent,
                terms,
                refresh,
            } => {
                self.settle(None);
                self.held = Some(Held {
                    sent,
                    terms,
                    refresh,
                    in_outage: false,
                });
            }
            Event::Over | Event::CutOff => self.settle(None),
            Event::Denied { until } => {
                self.settle(Some(Trouble::Until(until)));
                self.held = None;
            }
            Event::Outage { until } => {
                self.settle(Some(Trouble::Until(until)));
                if let Some(held) = &mut self.held {
                    held.in_outage = true;
                }
            }
            Event::Damaged { until, wait } => self.settle(Some(Trouble::Damaged { until, wait })),
            Event::Expired => self.held = None,
            Event::Forgotten => self.trouble = None,
            Event::Ended | Event::Dropped => {
                self.settle(None);
                self.held = None;
            }
        }
    }

    /// The attempt is over, and this came of it.
    fn settle(&mut self, trouble: Option<Trouble>) {
        self.asking = None;
        self.trouble = trouble;
    }

    /// What somebody who is about to use the resource does, once [`Command::Use`] is taken in.
    pub(crate) fn verdict(&self, now: Moment) -> Verdict {
        if self.held.is_some_and(|held| held.is_good(now)) {
            Verdict::Go
        } else if self.asking.is_some() {
            Verdict::Wait
        } else {
            Verdict::Fail
        }
    }

    /// The attempt under way, if it takes too long: nobody waits for it any more.
    pub(crate) fn overdue(&self, now: Moment) -> Option<Attempt> {
        let overdue = self.asking.filter(|asking| now.boot >= asking.void_at);
        overdue.map(|asking| asking.attempt)
    }

    /// When time alone will change something, by the boot-time clock: there is nothing left of the proof,
    /// it is time to ask for another, or an attempt takes too long.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        let ends = self.held.map(|held| held.ends());
        let refresh = self.held.map(|held| held.refresh);
        let asks = match (self.asking, self.trouble) {
            (Some(asking), _) => Some(asking.void_at),
            (None, Some(found)) => Some(match refresh {
                Some(refresh) => refresh.max(found.until()),
                None => found.forgotten(),
            }),
            (None, None) => refresh,
        };
        [ends, asks].into_iter().flatten().min()
    }

    /// Whether nothing is held, under way or remembered.
    pub(crate) fn is_idle(&self) -> bool {
        let Self {
            longest: _,
            held,
            asking,
            trouble,
            attempts: _,
        } = self;
        held.is_none() && asking.is_none() && trouble.is_none()
    }
}
