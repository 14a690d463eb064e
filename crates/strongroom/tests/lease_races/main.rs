//! What threads can do to each other at a lease's desk, in every order that there is: the desk as it is,
//! over parts that try them all.

#![expect(dead_code, reason = "the rooms of the crate are here whole")]
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod clock;
#[path = "../../src/lease/desk.rs"]
mod desk;
#[path = "../../src/lease/machine.rs"]
mod machine;
mod sync;

use std::time::Duration;

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use strongroom_base::Timestamp;

use crate::clock::Moment;
use crate::desk::{Desk, Lease, Outcome, Proved, Telling, Told};
use crate::machine::{Answer, Attempt, Terms};

/// What a vault says that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct No;

const LONGEST: Duration = Duration::from_secs(40);

type TestDesk = Desk<u8, No>;

type Got = Result<std::sync::Arc<Lease<u8>>, No>;

const AT: Moment = Moment {
    boot: Duration::from_secs(100),
    wall: Timestamp::from_unix_millis(1_800_000_000_000),
};

const LATER: Moment = Moment {
    boot: Duration::from_secs(101),
    wall: Timestamp::from_unix_millis(1_800_000_001_000),
};

fn proved(keys: u8) -> Proved<u8> {
    Proved {
        keys,
        sent: AT,
        terms: Terms {
            lease: Duration::from_mins(1),
            grace: Duration::ZERO,
        },
        spread: 0,
        kept: true,
    }
}

fn denied() -> (Answer, std::sync::Arc<No>) {
    let wait = Duration::from_secs(5);
    (Answer::Denied { wait }, std::sync::Arc::new(No))
}

/// Uses the desk as a lease's source does: whoever is given an attempt carries it out.
fn lease(desk: &TestDesk, prove: impl Fn(Attempt) -> Outcome<u8, No>) -> Got {
    loop {
        if let Some(lease) = desk.current(AT) {
            return Ok(lease);
        }
        let (telling, attempt) = desk.ask(AT);
        if let Some(attempt) = attempt {
            desk.answer(attempt, prove(attempt), AT);
        }
        let told = match telling {
            Telling::Now(told) => told,
            Telling::Later(told) => block_on(told).unwrap(),
        };
        match told {
            Told::Go(lease) => return Ok(lease),
            Told::Fail(error) => return Err(*error),
            Told::Again => thread::yield_now(),
        }
    }
}

/// What two who need a lease at once are told, and how often was asked for them.
fn two_at_once(answer: fn() -> Outcome<u8, No>) -> ([Got; 2], usize) {
    let desk = Arc::new(TestDesk::new(LONGEST));
    let asked = Arc::new(AtomicUsize::new(0));
    let user = || {
        let (desk, asked) = (Arc::clone(&desk), Arc::clone(&asked));
        move || {
            lease(&desk, |_| {
                asked.fetch_add(1, Ordering::SeqCst);
                answer()
            })
        }
    };
    let other = thread::spawn(user());
    let told = [user()(), other.join().unwrap()];
    (told, asked.load(Ordering::SeqCst))
}

#[test]
fn r17_of_those_who_need_a_lease_at_once_one_asks_and_all_get_it() {
    loom::model(|| {
        let (told, asked) = two_at_once(|| Ok(proved(7)));
        for lease in told {
            assert_eq!(*lease.unwrap().keys(), 7);
        }
        assert_eq!(asked, 1);
    });
}

#[test]
fn r17_of_those_who_need_a_lease_at_once_all_are_told_of_the_denial() {
    loom::model(|| {
        let (told, asked) = two_at_once(|| Err(denied()));
        for lease in told {
            assert_eq!(lease.err(), Some(No));
        }
        // It is taken for granted for a while by whoever comes later.
        assert_eq!(asked, 1);
    });
}

/// Authority is there at first. It is taken away, and the desk is told: from then on nobody holds a lease
/// whose proof was asked for before.
#[test]
fn r17_after_a_drop_nobody_holds_what_was_proved_before() {
    loom::model(|| {
        let desk = Arc::new(TestDesk::new(LONGEST));
        let authority = Arc::new(AtomicUsize::new(1));
        let reader = {
            let (desk, authority) = (Arc::clone(&desk), Arc::clone(&authority));
            thread::spawn(move || {
                lease(&desk, |_| match authority.load(Ordering::SeqCst) {
                    1 => Ok(proved(1)),
                    _ => Err(denied()),
                })
            })
        };
        authority.store(0, Ordering::SeqCst);
        desk.drop_lease(AT);
        assert!(desk.current(AT).is_none());
        // What it was told before the drop has ended by now; what it asked after it was denied.
        if let Ok(lease) = reader.join().unwrap() {
            assert!(!lease.holds(AT), "a lease outlived the drop");
        }
        assert!(desk.current(AT).is_none());
    });
}

/// Those who read under a lease while it is dropped find out at their next look.
#[test]
fn r17_a_drop_reaches_those_who_read() {
    loom::model(|| {
        let desk = Arc::new(TestDesk::new(LONGEST));
        let held = lease(&desk, |_| Ok(proved(1))).unwrap();
        let dropped = Arc::new(AtomicUsize::new(0));
        let reader = {
            let (desk, dropped) = (Arc::clone(&desk), Arc::clone(&dropped));
            let held = std::sync::Arc::clone(&held);
            thread::spawn(move || {
                let acknowledged = dropped.load(Ordering::SeqCst) == 1;
                let (mine, kept) = (held.holds(AT), desk.current(AT).is_some());
                assert!(!acknowledged || !mine && !kept, "read on after the drop");
            })
        };
        desk.drop_lease(AT);
        dropped.store(1, Ordering::SeqCst);
        reader.join().unwrap();
        assert!(!held.holds(AT));
    });
}

/// Of many who use a lease when it is time for the next, one asks.
#[test]
fn r17_one_asks_ahead_for_the_next() {
    loom::model(|| {
        let desk = Arc::new(TestDesk::new(LONGEST));
        let held = lease(&desk, |_| Ok(proved(1))).unwrap();
        let due = Moment {
            boot: AT.boot + Duration::from_secs(59),
            wall: LATER.wall,
        };
        let user = |held: &std::sync::Arc<Lease<u8>>| {
            let held = std::sync::Arc::clone(held);
            move || usize::from(held.is_due(due))
        };
        let other = thread::spawn(user(&held));
        let mine = user(&held)();
        assert_eq!(mine + other.join().unwrap(), 1);
    });
}

/// Whoever waits for an attempt that is cut off asks again.
#[test]
fn r17_an_attempt_that_is_cut_off_is_asked_again_by_whoever_waits() {
    loom::model(|| {
        let desk = Arc::new(TestDesk::new(LONGEST));
        let (telling, attempt) = desk.ask(AT);
        assert!(matches!(telling, Telling::Later(_)));
        let waits = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || lease(&desk, |_| Ok(proved(2))))
        };
        desk.cut_off(attempt.unwrap(), AT);
        assert_eq!(*waits.join().unwrap().unwrap().keys(), 2);
        let Telling::Later(told) = telling else {
            return;
        };
        assert!(matches!(block_on(told).unwrap(), Told::Again));
    });
}

/// The first no ends what is out, whatever becomes of the attempt.
#[test]
fn r17_a_no_ends_the_lease_before_it_is_written_down() {
    loom::model(|| {
        let desk = Arc::new(TestDesk::new(LONGEST));
        let held = lease(&desk, |_| Ok(proved(1))).unwrap();
        let due = Moment {
            boot: AT.boot + Duration::from_secs(59),
            wall: LATER.wall,
        };
        let (_, attempt) = desk.ask(due);
        let attempt = attempt.unwrap();
        let reader = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || {
                desk.refused(attempt, due);
            })
        };
        reader.join().unwrap();
        assert!(!held.holds(due) && desk.current(due).is_none());
        // Then nobody answers.
        let wait = Duration::from_secs(1);
        let outage = (Answer::Outage { wait }, std::sync::Arc::new(No));
        desk.answer(attempt, Err(outage), due);
        assert!(matches!(desk.ask(due).0, Telling::Now(Told::Fail(_))));
    });
}
