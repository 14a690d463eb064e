//! What the figures were taken on, and when.

use std::fs;
use std::thread;

/// The processor's name and how many of its cores this program may use.
pub fn name() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(field, _)| field.trim() == "model name")
        .map_or("an unnamed processor", |(_, model)| model.trim());
    match thread::available_parallelism().map_or(1, usize::from) {
        1 => format!("{model}, 1 core"),
        cores => format!("{model}, {cores} cores"),
    }
}

/// The day, in UTC.
pub fn date() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
