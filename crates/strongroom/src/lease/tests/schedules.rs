//! The machine over random schedules: uses, answers that are slow, wrong or missing, changes of authority,
//! clocks that are set. Nothing here waits: time is a number.

use std::time::Duration;

use proptest::prelude::*;
use strongroom_base::Timestamp;

use crate::clock::Moment;
use crate::lease::machine::{Answer, Attempt, Command, Event, LeaseState, Terms, Verdict};

const DENIED_FOR: Duration = Duration::from_secs(5);

const LONGEST: Duration = Duration::from_secs(40);

/// What somebody in between makes of a question to the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// The vault answers by what holds when it looks.
    Honest,
    /// Nobody answers, or something that is no vault does: a proxy's 403 is one of these.
    Silent,
    /// The vault says to ask later.
    Throttled(u64),
    /// The vault refuses the bytes.
    Damaging,
}

/// One thing that happens. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Use,
    Give,
    Take,
    /// This process learns of a change.
    Drop,
    /// From now on, and how long an answer takes: the vault looks half-way.
    Weather(Weather, u64),
    /// The wall clock is set.
    SetBack(u64),
    SetForward(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let weather = prop_oneof![
        4 => Just(Weather::Honest),
        2 => Just(Weather::Silent),
        1 => (1..20_000_u64).prop_map(Weather::Throttled),
        1 => Just(Weather::Damaging),
    ];
    prop_oneof![
        8 => prop_oneof![0..200_u64, 200..20_000_u64].prop_map(Step::Pass),
        8 => Just(Step::Use),
        1 => Just(Step::Give),
        2 => Just(Step::Take),
        1 => Just(Step::Drop),
        3 => (weather, prop_oneof![Just(0_u64), 0..400_u64, 400..3_000_u64])
            .prop_map(|(weather, takes)| Step::Weather(weather, takes)),
        1 => (1..5_000_u64).prop_map(Step::SetBack),
        1 => (1..5_000_u64).prop_map(Step::SetForward),
    ]
}

/// A question that is not answered yet.
#[derive(Clone, Copy, Debug)]
struct Question {
    attempt: Attempt,
    sent: Moment,
    weather: Weather,
    disturbances: usize,
    looks: u64,
    answers: u64,
    /// What the vault found, once it has looked.
    found: Option<bool>,
}

struct World {
    terms: Terms,
    state: LeaseState,
    /// Real time, which the boot-time clock shows.
    now: u64,
    /// What the wall clock shows beyond it.
    ahead: i64,
    weather: (Weather, u64),
    /// Since when authority holds, or since when it does not.
    authority: Result<u64, u64>,
    questions: Vec<Question>,
    /// The last moment that the machine could know to be good.
    waiting: bool,
    /// How often something other than the vault's word may have ended a proof: a drop, a clock that was
    /// set. And how often it had when the last one was asked for.
    disturbances: (usize, usize),
    last_sent: Option<u64>,
    /// Uses that were allowed.
    allowed: usize,
    asked: usize,
}

const START: i64 = 1_800_000_000_000;

impl World {
    fn new(terms: Terms) -> Self {
        Self {
            terms,
            state: LeaseState::new(LONGEST),
            now: 0,
            ahead: START,
            weather: (Weather::Honest, 0),
            authority: Ok(0),
            questions: Vec::new(),
            waiting: false,
            disturbances: (0, 0),
            last_sent: None,
            allowed: 0,
            asked: 0,
        }
    }

    fn moment(&self) -> Moment {
        let wall = self.ahead.saturating_add_unsigned(self.now);
        Moment {
            boot: Duration::from_millis(self.now),
            wall: Timestamp::from_unix_millis(u64::try_from(wall).unwrap()),
        }
    }

    fn tell(&mut self, command: Command) {
        for event in self.state.decide(command, self.moment()) {
            self.state.evolve(event);
            if let Event::Asked { attempt, .. } = event {
                let (weather, takes) = self.weather;
                self.asked += 1;
                self.questions.push(Question {
                    attempt,
                    sent: self.moment(),
                    weather,
                    disturbances: self.disturbances.0,
                    looks: self.now + takes / 2,
                    answers: self.now + takes,
                    found: None,
                });
            }
        }
    }

    /// Time passes, and whoever looks or answers does so at its time.
    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        loop {
            let next = |question: &Question| match question.found {
                None => question.looks,
                Some(_) => question.answers,
            };
            let due = self.questions.iter().enumerate();
            let due = due.min_by_key(|(_, question)| next(question));
            let Some((index, at)) = due.map(|(index, question)| (index, next(question))) else {
                break;
            };
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            let holds = self.authority.is_ok();
            match self.questions[index].found {
                None => self.questions[index].found = Some(holds),
                Some(found) => {
                    let question = self.questions.remove(index);
                    self.answer(question, found);
                }
            }
        }
        self.now = end;
    }

    fn answer(&mut self, question: Question, found: bool) {
        let Question {
            attempt,
            sent,
            weather,
            disturbances,
            ..
        } = question;
        let failed = |answer| Command::Failed { attempt, answer };
        let command = match weather {
            Weather::Honest if found => Command::Proved {
                attempt,
                sent,
                terms: self.terms,
                spread: 7,
                kept: true,
            },
            Weather::Honest => failed(Answer::Denied { wait: DENIED_FOR }),
            Weather::Silent => failed(Answer::Outage {
                wait: Duration::from_secs(1),
            }),
            Weather::Throttled(wait) => failed(Answer::Outage {
                wait: Duration::from_millis(wait),
            }),
            Weather::Damaging => failed(Answer::Damaged),
        };
        let events = self.state.decide(command, self.moment());
        self.tell(command);
        match events.as_slice() {
            [] => return,
            [Event::Proved { .. }] => {
                self.last_sent = Some(millis(sent.boot));
                self.disturbances.1 = disturbances;
            }
            [Event::Denied { .. }] => self.last_sent = None,
            // One that came too late, or after the clock was set, is no proof.
            _ => {}
        }
        if self.waiting && self.state.verdict(self.moment()) != Verdict::Wait {
            self.waiting = false;
            if self.state.verdict(self.moment()) == Verdict::Go {
                self.check_bound();
            }
        }
    }

    fn use_it(&mut self) {
        self.tell(Command::Use);
        match self.state.verdict(self.moment()) {
            Verdict::Go => self.check_bound(),
            Verdict::Wait => self.waiting = true,
            // No outage takes a proof away that is good yet, and neither does damage.
            Verdict::Fail => assert!(
                self.disturbances.0 != self.disturbances.1
                    || self
                        .last_sent
                        .is_none_or(|sent| self.now - sent >= millis(self.terms.lease)),
                "a proof from {:?} was taken away at {} by what is no revocation",
                self.last_sent,
                self.now
            ),
        }
        // Answers that take no time are there at once.
        self.pass(0);
    }

    /// I2: authority held at some moment within the bound before now.
    fn check_bound(&mut self) {
        self.allowed += 1;
        let bound = millis(self.terms.lease + self.terms.grace);
        if let Err(since) = self.authority {
            assert!(
                self.now - since <= bound,
                "I2: used at {}, {} ms after authority ended; the bound is {bound} ms",
                self.now,
                self.now - since
            );
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Pass(millis) => self.pass(millis),
            Step::Use => self.use_it(),
            Step::Give => self.authority = self.authority.or(Ok(self.now)),
            Step::Take => {
                if self.authority.is_ok() {
                    self.authority = Err(self.now);
                }
            }
            Step::Drop => {
                self.disturbances.0 += 1;
                self.waiting = false;
                self.tell(Command::Drop);
            }
            Step::Weather(weather, takes) => self.weather = (weather, takes),
            Step::SetBack(millis) => {
                self.disturbances.0 += 1;
                self.ahead = self.ahead.saturating_sub_unsigned(millis);
            }
            Step::SetForward(millis) => {
                self.disturbances.0 += 1;
                self.ahead = self.ahead.saturating_add_unsigned(millis);
            }
        }
        let open = self.questions.iter().filter(|question| {
            let attempt = question.attempt;
            let answer = Answer::Other;
            let failed = Command::Failed { attempt, answer };
            !self.state.decide(failed, self.moment()).is_empty()
        });
        assert!(
            open.count() <= 1,
            "one attempt at a time, but for those that are void"
        );
    }

    /// Authority is given back, and the vault answers: the next use finds it so, once what was
    /// remembered is over, or something has changed.
    fn heals(&mut self) {
        self.authority = Ok(self.now);
        self.weather = (Weather::Honest, 10);
        self.pass(30_000);
        self.tell(Command::Drop);
        self.use_it();
        self.pass(20);
        self.use_it();
        assert_eq!(self.state.verdict(self.moment()), Verdict::Go);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn terms() -> impl Strategy<Value = Terms> {
    (
        prop_oneof![Just(1_u64), 1..10_u64, Just(60)],
        prop_oneof![Just(0_u64), 0..30_u64],
    )
        .prop_map(|(lease, grace)| Terms {
            lease: Duration::from_secs(lease),
            grace: Duration::from_secs(grace),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn i02_r17_no_use_is_allowed_beyond_the_bound_and_no_outage_takes_anything_away(
        terms in terms(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new(terms);
        for step in steps {
            world.take(step);
        }
        world.heals();
    }

    #[test]
    fn r17_a_denial_is_obeyed_at_once_and_asked_again_after_a_while(
        terms in terms(),
        passed in 0..4_999_u64,
    ) {
        let mut world = World::new(terms);
        world.use_it();
        prop_assert_eq!(world.state.verdict(world.moment()), Verdict::Go);
        world.authority = Err(world.now);
        // The proof is asked for anew ahead of its end, and that is denied.
        world.pass(millis(terms.lease) * 95 / 100);
        world.use_it();
        prop_assert_eq!(world.state.verdict(world.moment()), Verdict::Fail);
        let asked = world.asked;
        world.pass(passed);
        world.use_it();
        prop_assert_eq!(world.asked, asked, "a denial is taken for granted for a while");
        world.authority = Ok(world.now);
        world.pass(5_000 - passed);
        world.use_it();
        prop_assert_eq!(world.state.verdict(world.moment()), Verdict::Go);
    }
}

#[test]
fn i02_control_a_machine_that_trusts_a_proof_for_longer_is_caught() {
    let mut world = World::new(Terms {
        lease: Duration::from_secs(2),
        grace: Duration::ZERO,
    });
    world.use_it();
    world.authority = Err(world.now);
    world.pass(1_999);
    world.weather = (Weather::Silent, 0);
    world.use_it();
    // The machine holds a proof for two seconds, and one is promised.
    world.terms.lease = Duration::from_secs(1);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.use_it()));
    let said = caught.unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    assert!(said.starts_with("I2:"), "{said}");
}

#[test]
fn r17_an_outage_is_borne_for_the_grace_and_no_longer() {
    let mut world = World::new(Terms {
        lease: Duration::from_secs(10),
        grace: Duration::from_secs(20),
    });
    world.use_it();
    world.weather = (Weather::Silent, 0);
    for _ in 0..29 {
        world.pass(1_000);
        world.use_it();
        assert_eq!(
            world.state.verdict(world.moment()),
            Verdict::Go,
            "{}",
            world.now
        );
    }
    world.pass(1_000);
    world.use_it();
    assert_eq!(world.state.verdict(world.moment()), Verdict::Fail);
    // Nothing was destroyed by it.
    world.weather = (Weather::Honest, 0);
    world.pass(1_000);
    world.use_it();
    assert_eq!(world.state.verdict(world.moment()), Verdict::Go);
}

#[test]
fn r17_either_clock_ends_a_lease_and_one_that_went_back_proves_nothing() {
    let held = || {
        let mut world = World::new(Terms {
            lease: Duration::from_mins(1),
            grace: Duration::ZERO,
        });
        world.use_it();
        world.weather = (Weather::Silent, 0);
        world
    };
    let verdict = |mut world: World| {
        world.use_it();
        world.state.verdict(world.moment())
    };
    let mut asleep = held();
    asleep.now += 60_000;
    asleep.ahead -= 60_000;
    assert_eq!(verdict(asleep), Verdict::Fail, "the boot-time clock alone");
    let mut set = held();
    set.take(Step::SetForward(60_000));
    assert_eq!(verdict(set), Verdict::Fail, "the wall clock alone");
    let mut back = held();
    back.take(Step::SetBack(1));
    assert_eq!(verdict(back), Verdict::Fail, "the wall clock went back");
    let mut untouched = held();
    untouched.pass(59_999);
    assert_eq!(verdict(untouched), Verdict::Go);
}

#[test]
fn r17_damage_is_asked_about_again_ever_more_rarely() {
    let mut world = World::new(Terms {
        lease: Duration::from_secs(1),
        grace: Duration::ZERO,
    });
    world.weather = (Weather::Damaging, 0);
    let mut asked_at = Vec::new();
    for minute in 0..250 {
        let before = world.asked;
        world.use_it();
        if world.asked > before {
            asked_at.push(minute);
        }
        world.pass(60_000);
    }
    assert_eq!(asked_at, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    // What has changed is looked at right away.
    world.weather = (Weather::Honest, 0);
    world.take(Step::Drop);
    world.use_it();
    assert_eq!(world.state.verdict(world.moment()), Verdict::Go);
}

#[test]
fn r17_an_attempt_that_takes_too_long_is_followed_by_another() {
    let mut world = World::new(Terms {
        lease: Duration::from_secs(1),
        grace: Duration::ZERO,
    });
    world.weather = (Weather::Honest, 3_600_000);
    world.use_it();
    world.pass(39_999);
    world.use_it();
    assert_eq!(
        (world.asked, world.state.overdue(world.moment())),
        (1, None)
    );
    world.pass(1);
    assert!(world.state.overdue(world.moment()).is_some());
    world.weather = (Weather::Honest, 0);
    world.use_it();
    assert_eq!(world.asked, 2);
    assert_eq!(world.state.verdict(world.moment()), Verdict::Go);
}

#[test]
fn r17_nothing_is_remembered_for_good() {
    for weather in [Weather::Honest, Weather::Silent, Weather::Damaging] {
        let mut world = World::new(Terms {
            lease: Duration::from_secs(1),
            grace: Duration::ZERO,
        });
        world.authority = Err(0);
        world.weather = (weather, 0);
        world.use_it();
        assert!(!world.state.is_idle(), "{weather:?}");
        while let Some(wakes) = world.state.wake_at() {
            let now = Duration::from_millis(world.now);
            world.pass(millis(wakes.saturating_sub(now)).max(1));
            world.tell(Command::Wake);
            assert!(world.now < 24 * 3_600_000, "{weather:?}");
        }
        assert!(world.state.is_idle(), "{weather:?}");
    }
}
