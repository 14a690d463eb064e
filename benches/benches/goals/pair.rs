//! Two ways to do the same work, measured by turns.

use std::time::{Duration, Instant};

use strongroom_benches::figures::Figure;

/// Turns of each way; the figure is the median.
const ROUNDS: usize = 15;
const QUICK_ROUNDS: usize = 5;
/// A turn repeats short work until so much time has gone.
const TURN: Duration = Duration::from_millis(25);

/// What is done once.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    Bytes(usize),
    Operations(usize),
}

/// What was measured so far.
pub(crate) struct Table {
    rounds: usize,
    filter: Option<String>,
    figures: Vec<Figure>,
}

impl Table {
    pub(crate) fn new(quick: bool, filter: Option<String>) -> Self {
        Self {
            rounds: if quick { QUICK_ROUNDS } else { ROUNDS },
            filter,
            figures: Vec::new(),
        }
    }

    /// Whether the row of this name is to be measured: what prepares it may take long.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let filter = self.filter.as_deref();
        filter.is_none_or(|filter| name.contains(filter))
    }

    /// Measures a row: how fast `ours` is, as a part of how fast `other` is.
    pub(crate) fn row(
        &mut self,
        name: &str,
        work: Work,
        mut ours: impl FnMut(),
        mut other: impl FnMut(),
    ) {
        if !self.wants(name) {
            return;
        }
        let (ours_turns, other_turns) = (turns(&mut ours), turns(&mut other));
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..self.rounds {
            // Who goes first takes turns too.
            if round % 2 == 0 {
                times[0].push(timed(ours_turns, &mut ours));
                times[1].push(timed(other_turns, &mut other));
            } else {
                times[1].push(timed(other_turns, &mut other));
                times[0].push(timed(ours_turns, &mut ours));
            }
        }
        let [ours, other] = times.map(median);
        let ratio = other / ours;
        let (ours, unit) = work.rate(ours);
        let (other, _) = work.rate(other);
        println!("{name:<58} {ratio:>7.3}   {ours:>12.3} of {other:>12.3} {unit}");
        self.figures.extend([
            Figure::new(name.to_owned(), ratio, "ratio"),
            Figure::new(format!("{name}: this"), ours, unit),
            Figure::new(format!("{name}: that"), other, unit),
        ]);
    }

    pub(crate) fn into_figures(self) -> Vec<Figure> {
        self.figures
    }
}

impl Work {
    /// What `seconds` for one of it are, as a rate.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    fn rate(self, seconds: f64) -> (f64, &'static str) {
        match self {
            Self::Bytes(bytes) => (bytes as f64 / seconds / 1e9, "GB/s"),
            Self::Operations(count) => (count as f64 / seconds, "1/s"),
        }
    }
}

/// How often the work is repeated in a turn. What runs here also warms what is reused.
fn turns(work: &mut impl FnMut()) -> u32 {
    work();
    let once = timed(1, work);
    let turns = (TURN.as_secs_f64() / once).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is no less than one"
    )]
    let turns = turns as u32;
    turns.clamp(1, 1_000_000)
}

/// Seconds for one of the work, over so many.
fn timed(turns: u32, work: &mut impl FnMut()) -> f64 {
    let started = now();
    for _ in 0..turns {
        work();
    }
    started.elapsed().as_secs_f64() / f64::from(turns)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
