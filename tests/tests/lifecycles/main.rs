//! Random lives over two tenants, several vaults, keys, resources and objects, on a real ledger and a
//! real folder, held against the naive model step by step.
//!
//! `STRONGROOM_LIVES` says how many lives each test lives, `STRONGROOM_SEED` from which seed.

mod checks;
mod heal;
mod spy;
mod steps;
mod world;

use std::sync::LazyLock;

use proptest::strategy::{BoxedStrategy, Just, Strategy as _};
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use strongroom_base::Clock as _;
use strongroom_tests::naive::{Object, Rigged, Step, Who, World, likely};

use checks::{Found, i02_the_answer_is_the_models};
use heal::Next;
use world::House;

/// How many steps a life has.
const STEPS: usize = 64;
/// How many lives each of the tests lives, if nobody says otherwise: 128 in all, with another seed each time.
const LIVES: u32 = 16;

impl House {
    /// One step, and everything that must hold after it.
    fn live(&mut self, step: Step, after: &World) -> Found {
        self.steps += 1;
        let states = self.spy.states();
        let got = self.take(step, after);
        i02_the_answer_is_the_models(step, after, &got)?;
        self.i07_one_record_for_each_use(step, after)?;
        self.i08_a_refusal_changes_nothing(after, &states)?;
        self.r12_each_identity_is_a_new_principal(after)?;
        self.i04_only_data_operations_touch_objects(step, after)?;
        if states != self.spy.states() || after.reopen {
            self.what_is_shown_is_the_models(after)?;
        }
        if self.steps.is_multiple_of(4) {
            self.i05_a_stranger_learns_nothing(after)?;
        }
        if let Step::SetKey { .. } | Step::Recover { .. } = step {
            self.i10_nothing_here_opens_what_an_outside_key_wraps(after)?;
        }
        // Looking at things leaves no record of a key's use.
        self.spy.real();
        self.before = after.clone();
        Ok(())
    }

    /// I3: authority is given back, and every acknowledged object reads back whole. Then what is asserted
    /// once a life.
    fn i03_nothing_acknowledged_is_lost(&mut self, mut world: World) -> Found {
        for resource in world.resources.clone().into_keys() {
            let mut healed = false;
            for _ in 0..24 {
                match heal::next(&world, resource) {
                    Next::Do(step) => {
                        world = world.step(step);
                        self.live(step, &world)
                            .map_err(|found| format!("{step:?}: {found}"))?;
                    }
                    Next::Healed => {
                        healed = true;
                        break;
                    }
                    Next::Lost => break,
                }
            }
            let lost = matches!(heal::next(&world, resource), Next::Lost);
            if !healed && !lost {
                return Err(format!(
                    "I3: resource-{resource} cannot be healed: {world:?}"
                ));
            }
            if lost {
                continue;
            }
            let objects = world.resources[&resource].objects.clone();
            for object in objects.into_keys().map(Object::Get).chain([Object::List]) {
                let step = Step::Data {
                    by: Who::Admin,
                    resource,
                    object,
                };
                world = world.step(step);
                if !world.last.is_done() {
                    return Err(format!(
                        "I3: {step:?} of a healed resource: {:?}",
                        world.last
                    ));
                }
                self.live(step, &world)
                    .map_err(|found| format!("I3: {step:?}: {found}"))?;
            }
        }
        self.i10_nothing_here_opens_what_an_outside_key_wraps(&world)?;
        self.at_the_end()?;
        self.close();
        Ok(())
    }
}

/// The model as a machine that says what may come next.
struct Naive;

impl ReferenceStateMachine for Naive {
    type State = World;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<World> {
        Just(World::new(None)).boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Step> {
        likely(world)
    }

    fn apply(world: World, step: &Step) -> World {
        world.step(*step)
    }

    fn preconditions(world: &World, step: &Step) -> bool {
        world.fits(step)
    }
}

struct Lives;

impl StateMachineTest for Lives {
    type SystemUnderTest = House;
    type Reference = Naive;

    fn init_test(world: &World) -> House {
        House::new(world)
    }

    fn apply(mut house: House, world: &World, step: Step) -> House {
        if let Err(found) = house.live(step, world) {
            panic!("{step:?}: {found}");
        }
        house
    }

    fn teardown(mut house: House, world: World) {
        if let Err(found) = house.i03_nothing_acknowledged_is_lost(world) {
            panic!("{found}");
        }
    }
}

/// The seed of this run.
static SEED: LazyLock<u64> = LazyLock::new(|| {
    let seed =
        number("STRONGROOM_SEED").unwrap_or_else(|| strongroom::SystemClock.now().as_unix_millis());
    eprintln!("lives with STRONGROOM_SEED={seed}");
    seed
});

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Each test has seeds of its own; the seed is printed, and one that failed is kept.
fn config(test: u64) -> Config {
    let seed = SEED.wrapping_add(test.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let lives = number("STRONGROOM_LIVES").and_then(|lives| u32::try_from(lives).ok());
    Config {
        cases: lives.unwrap_or(LIVES),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/lifecycles.txt"
        )))),
        ..Config::default()
    }
}

/// Lives as many lives as are asked for; a failure is shrunk, and its seed kept.
fn lives(test: u64) {
    let config = config(test);
    let mut runner = TestRunner::new(config.clone());
    let strategy = Naive::sequential_strategy(STEPS);
    let lived = runner.run(&strategy, |(world, steps, seen)| {
        Lives::test_sequential(config.clone(), world, steps, seen);
        Ok(())
    });
    if let Err(failure) = lived {
        panic!("{failure}\n{runner}");
    }
}

// Eight tests, so that they run side by side, each with seeds of its own. Each asserts all of I1 to I5, I7,
// I8 and I10, and bears the name of one of them, for its row in docs/rules.md.

#[test]
fn i01_holds_in_random_lives_1() {
    lives(1);
}

#[test]
fn i02_holds_in_random_lives_2() {
    lives(2);
}

#[test]
fn i03_holds_in_random_lives_3() {
    lives(3);
}

#[test]
fn i04_holds_in_random_lives_4() {
    lives(4);
}

#[test]
fn i05_holds_in_random_lives_5() {
    lives(5);
}

#[test]
fn i07_holds_in_random_lives_6() {
    lives(6);
}

#[test]
fn i08_holds_in_random_lives_7() {
    lives(7);
}

#[test]
fn i10_holds_in_random_lives_8() {
    lives(8);
}

/// Lives these steps; the first finding is the answer.
fn lived(rigged: Option<Rigged>, steps: &[Step]) -> Found {
    let mut world = World::new(rigged);
    let mut house = House::new(&world);
    for step in steps {
        world = world.step(*step);
        house
            .live(*step, &world)
            .map_err(|found| format!("{step:?}: {found}"))?;
    }
    house.i03_nothing_acknowledged_is_lost(world)
}

mod named;
mod worth;
