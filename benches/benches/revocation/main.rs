//! How long a revocation takes (R17): from the acknowledgement of the change in the vault to the last
//! byte that a process gives out of the data it locks.
//!
//! The process that serves is this one. The key is disabled by another process of the same program, or
//! by this one, while probers read; each case is measured again and again, at other moments of the lease.
//! No sample may be above the bound that the settings state. A control leaves out the check that stops
//! running streams, and must be above it: so the measurement can see what it looks for.

mod case;
mod owner;
mod probe;
mod report;
mod scene;

use std::process::ExitCode;

use strongroom_benches::figures;

use crate::case::{CASES, CONTROL, Case};
use crate::owner::Owner;
use crate::report::Report;
use crate::scene::Scene;

fn main() -> ExitCode {
    if let Some(data) = owner::asked_for() {
        owner::serve(&data);
        return ExitCode::SUCCESS;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quick = args.iter().any(|arg| arg == "--quick");
    let filter = args.iter().find(|arg| !arg.starts_with("--"));
    let chosen: Vec<&Case> = CASES
        .iter()
        .chain([&CONTROL])
        .filter(|case| filter.is_none_or(|part| case.full_name().contains(part)))
        .collect();
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    let scene = Scene::make();
    let mut report = Report::default();
    for case in chosen {
        let samples = case.run(&scene, quick);
        report.add(case, &samples);
    }
    figures::write("revocation", &report.figures());
    println!("{report}");
    report.verdict()
}
