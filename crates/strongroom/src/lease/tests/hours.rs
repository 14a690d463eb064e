//! Ten simulated hours of ten thousand resources that have their keys in one vault.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock as _, FakeRelativeClock};
use strongroom_base::Timestamp;

use crate::clock::Moment;
use crate::lease::machine::{Attempt, Command, Event, LeaseState, Terms, Verdict};
use crate::vaults::{VaultBudget, quota};

const RESOURCES: usize = 10_000;
/// Ten of them; times here are milliseconds.
const HOURS: u64 = 36_000_000;
/// By then all have had their first lease.
const WARM: u64 = 120_000;
/// What Key Vault allows in ten seconds.
const ALLOWED: usize = 4_000;
const WINDOW: u64 = 10_000;
const ANSWERED_IN: u64 = 30;

const TERMS: Terms = Terms {
    lease: Duration::from_mins(1),
    grace: Duration::ZERO,
};

/// Something that happens to a resource at a millisecond, as one number that sorts by time: there are
/// millions of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u64);

impl Entry {
    const RESOURCE_BITS: u32 = 14;

    /// Its resource is in use, and its lease wants something; or the vault has answered.
    fn new(at: u64, resource: usize, answers: bool) -> Self {
        let what = (resource as u64) << 1 | u64::from(answers);
        Self(at << (Self::RESOURCE_BITS + 1) | what)
    }

    fn at(self) -> u64 {
        self.0 >> (Self::RESOURCE_BITS + 1)
    }

    fn resource(self) -> usize {
        usize::try_from(self.0 >> 1 & ((1 << Self::RESOURCE_BITS) - 1)).unwrap()
    }

    fn answers(self) -> bool {
        self.0 & 1 == 1
    }
}

fn moment(at: u64) -> Moment {
    Moment {
        boot: Duration::from_millis(at),
        wall: Timestamp::from_unix_millis(1_800_000_000_000 + at),
    }
}

fn millis_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap()
}

/// Every resource is in use all the time, and all of them at first at once.
#[test]
fn r17_calls_stay_in_the_budget_with_ten_thousand_resources_over_ten_hours() {
    let clock = FakeRelativeClock::default();
    let limiter = RateLimiter::direct_with_clock(quota(&VaultBudget::default()), clock.clone());
    let mut now = 0;
    let mut leases = vec![LeaseState::new(Duration::from_secs(40)); RESOURCES];
    let mut asking: Vec<Option<(Attempt, Moment)>> = vec![None; RESOURCES];
    let mut queue = VecDeque::new();
    let mut agenda: BinaryHeap<Reverse<Entry>> = (0..RESOURCES)
        .map(|resource| Reverse(Entry::new(0, resource, false)))
        .collect();
    // When calls were made, as far as a window reaches back.
    let mut made = VecDeque::new();
    let (mut calls, mut most) = (0, 0);
    let mut late = 0;
    let mut seed = 1_u64;
    loop {
        // Whoever stands first in the queue asks as soon as it may.
        let mut turn = u64::MAX;
        while let Some((resource, attempt)) = queue.pop_front() {
            if let Err(early) = limiter.check() {
                turn = now + millis_up(early.wait_time_from(clock.now())).max(1);
                queue.push_front((resource, attempt));
                break;
            }
            asking[resource] = Some((attempt, moment(now)));
            agenda.push(Reverse(Entry::new(now + ANSWERED_IN, resource, true)));
            calls += 1;
            made.push_back(now);
            while made.front().is_some_and(|at| *at + WINDOW <= now) {
                made.pop_front();
            }
            most = most.max(made.len());
        }
        let next = agenda.peek().map_or(u64::MAX, |Reverse(entry)| entry.at());
        let then = turn.min(next);
        if then > HOURS {
            break;
        }
        clock.advance(Duration::from_millis(then - now));
        now = then;
        let at = moment(now);
        while let Some(Reverse(entry)) = agenda.peek().copied() {
            if entry.at() > now {
                break;
            }
            agenda.pop();
            let resource = entry.resource();
            let lease = &mut leases[resource];
            let command = if entry.answers() {
                let (attempt, sent) = asking[resource].take().unwrap();
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let spread = u8::try_from(seed >> 57).unwrap();
                let (terms, kept) = (TERMS, true);
                Command::Proved {
                    attempt,
                    sent,
                    terms,
                    spread,
                    kept,
                }
            } else {
                Command::Use
            };
            for event in lease.decide(command, at) {
                lease.evolve(event);
                if let Event::Asked { attempt, .. } = event {
                    queue.push_back((resource, attempt));
                }
            }
            if now > WARM && lease.verdict(at) != Verdict::Go {
                late += 1;
            }
            // One that asks is woken by its answer.
            if entry.answers() {
                let wakes = millis_up(lease.wake_at().unwrap());
                agenda.push(Reverse(Entry::new(wakes.max(now), resource, false)));
            }
        }
    }
    assert!(most <= ALLOWED, "{most} calls within ten seconds");
    assert_eq!(late, 0, "each lease is asked for ahead of its end");
    // Not more than is needed, and not less: every 45 s or so.
    let each = calls / RESOURCES;
    assert!((700..=1_000).contains(&each), "{each} calls a resource");
}
