//! What was measured, as a table and as figures, and whether it keeps what is promised.

use std::fmt;
use std::process::ExitCode;

use strongroom_benches::figures::Figure;

use crate::case::{Case, Sample};
use crate::scene::leases;

/// All cases.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// What must not be.
    wrong: Vec<String>,
}

/// One case, in milliseconds.
struct Row {
    name: String,
    samples: usize,
    middle: f64,
    high: f64,
    most: f64,
    /// The most of operations alone, and of streams alone.
    operation: f64,
    stream: f64,
    hand_over: f64,
}

impl Report {
    /// A sample is the later of its two kinds. It has the hand-over of its last block in it, which the
    /// promise adds to the bound; it is held to the bound without.
    pub(crate) fn add(&mut self, case: &Case, samples: &[Sample]) {
        let bound = bound();
        for (turn, sample) in samples.iter().enumerate() {
            let (operation, stream) = (millis(sample.operation), millis(sample.stream));
            if case.is_control() {
                if stream <= bound {
                    self.wrong.push(format!(
                        "{}, sample {turn}: a stream that nobody checks ended after {stream:.1} ms, within \
                         the bound of {bound:.0} ms: this program would not see one that goes on",
                        case.name
                    ));
                }
            } else if operation.max(stream) > bound {
                self.wrong.push(format!(
                    "{}, sample {turn}: given out {operation:.1} ms (operations) and {stream:.1} ms \
                     (streams) after the change was acknowledged; the bound is {bound:.0} ms",
                    case.name
                ));
            }
        }
        let mut sorted: Vec<u64> = samples
            .iter()
            .map(|sample| sample.operation.max(sample.stream))
            .collect();
        sorted.sort_unstable();
        let most = |of: fn(&Sample) -> u64| millis(samples.iter().map(of).max().unwrap_or(0));
        self.rows.push(Row {
            name: case.full_name(),
            samples: samples.len(),
            middle: millis(rank(&sorted, 50)),
            high: millis(rank(&sorted, 99)),
            most: millis(rank(&sorted, 100)),
            operation: most(|sample| sample.operation),
            stream: most(|sample| sample.stream),
            hand_over: most(|sample| sample.hand_over),
        });
    }

    pub(crate) fn figures(&self) -> Vec<Figure> {
        let bound = Figure::new("revocation/bound".to_owned(), bound(), "ms");
        let of_rows = self.rows.iter().flat_map(|row| {
            [
                ("p50", row.middle),
                ("p99", row.high),
                ("max", row.most),
                ("longest hand-over", row.hand_over),
            ]
            .map(|(what, value)| Figure::new(format!("{}/{what}", row.name), value, "ms"))
        });
        [bound].into_iter().chain(of_rows).collect()
    }

    /// Says what is wrong, if anything is.
    pub(crate) fn verdict(&self) -> ExitCode {
        for wrong in &self.wrong {
            eprintln!("{wrong}");
        }
        if self.wrong.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "From the acknowledgement of the change to the last byte given out, in ms; bound {:.0} ms",
            bound()
        )?;
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "{:width$}  samples      p50      p99      max  operations  streams  hand-over",
            ""
        )?;
        for row in &self.rows {
            writeln!(
                f,
                "{:width$}  {:>7} {:>8.1} {:>8.1} {:>8.1} {:>11.1} {:>8.1} {:>10.3}",
                row.name,
                row.samples,
                row.middle,
                row.high,
                row.most,
                row.operation,
                row.stream,
                row.hand_over
            )?;
        }
        write!(
            f,
            "operations, streams: the most of each kind; hand-over: the longest call that gave out a block"
        )
    }
}

/// By nearest rank.
fn rank(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn bound() -> f64 {
    leases().bound().as_secs_f64() * 1e3
}

fn millis(nanos: u64) -> f64 {
    std::time::Duration::from_nanos(nanos).as_secs_f64() * 1e3
}
