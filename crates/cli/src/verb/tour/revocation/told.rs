//! What is said of the nine ways: two steps, and a table for people.

use super::{OfWay, millis};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, table};
use crate::verb::tour::report::Report;

const HELD: &str = "held";
const DID_NOT_HOLD: &str = "did not hold";

/// Two steps, and a table below them.
pub(super) fn tell(report: &mut Report<'_>, ways: &[OfWay]) -> Result<(), Failure> {
    let ended = ways.iter().filter(|one| one.ended()).count();
    let worst = ways.iter().map(|one| one.observed_ms).max().unwrap_or(0);
    let bound = ways.iter().map(|one| one.bound_ms).max().unwrap_or(0);
    let mut detail = format!(
        "by a second process in {} ways: {ended} stopped every read, write, list and head, the last byte \
         at most {worst} ms after the answer (bound {bound} ms)",
        ways.len()
    );
    for one in ways.iter().filter(|one| !one.ended()) {
        let late = one.observed_ms > one.bound_ms;
        let why = late.then(|| "too late".to_owned());
        let still = (!one.stopped).then(|| "not at the end".to_owned());
        let why: Vec<_> = why
            .into_iter()
            .chain(still)
            .chain(one.exceptions.iter().cloned())
            .collect();
        detail = format!("{detail}; {}: {}", one.way.words(), why.join(", "));
    }
    let ok = ended == ways.len();
    report.step("revocation", &["R17", "R12", "R13", "I2"], ok, detail)?;
    let healed = ways.iter().filter(|one| one.healed).count();
    let slowest = ways.iter().filter_map(|one| one.healed_after).max();
    let detail = format!(
        "given back by the second process: {healed} of {} read back by SHA-256, the last after {} ms",
        ways.len(),
        millis(slowest.unwrap_or_default()),
    );
    report.step("healing", &["R17", "I3"], healed == ways.len(), detail)?;
    report.below(&shown(ways))
}

fn shown(ways: &[OfWay]) -> String {
    let rows = ways.iter().map(|one| {
        let healed = match one.healed_after {
            Some(after) => format!("after {} ms", millis(after)),
            None => "no".to_owned(),
        };
        let mark = if one.held() { HELD } else { DID_NOT_HOLD };
        [
            one.way.words().to_owned(),
            one.way.code().to_owned(),
            format!("{} ms", one.bound_ms),
            format!("{} ms", one.new_ms),
            format!("{} ms", one.running_ms),
            healed,
            mark.to_owned(),
        ]
    });
    let text = table(
        &["way", "code", "bound", "new", "running", "healed", ""],
        &[2, 3, 4, 5],
        rows,
    );
    // Styled afterwards: a style within a cell is shown as text.
    let lines = text.lines().map(|line| {
        if let Some(before) = line.strip_suffix(DID_NOT_HOLD) {
            format!("{before}{BAD}{DID_NOT_HOLD}{BAD:#}")
        } else if let Some(before) = line.strip_suffix(HELD) {
            format!("{before}{GOOD}{HELD}{GOOD:#}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
