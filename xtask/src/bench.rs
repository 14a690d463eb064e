//! `cargo xtask bench`: runs the benchmarks and says what they measured, as a table or as JSON.

mod goals;
mod peers;
mod picture;
mod results;

use std::fs::{self, File};
use std::process::Command;

use anstream::{eprintln, println};
use anyhow::{Context, Result, ensure};
use cargo_metadata::TargetKind;

use crate::house::House;
use crate::steps::Steps;
use results::Measure;

const PACKAGE: &str = "strongroom-benches";
/// The bench that measures what goals are set for, and these.
const GOALS: (&str, &str) = ("goals", "benches/goals.json");

/// Run the benchmarks; print medians, throughputs and ratios
#[derive(clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags, each of which may be given alone"
)]
pub struct Args {
    /// A bench target, a part of a benchmark's name, or `peers`: other libraries at the same work
    filter: Option<String>,
    /// Fewer samples: a look, not a measurement
    #[arg(long)]
    quick: bool,
    /// Measure what goals are set for, and fail if one is not met
    #[arg(long, conflicts_with_all = ["filter", "quick"])]
    check: bool,
    /// Print one JSON object a line, `{"name","value","unit"}`, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Of `peers`: measure nothing, draw the figures that are kept
    #[arg(long)]
    draw: bool,
}

/// Runs the verb; the answer is whether all benchmarks ran, and met their goals if it is asked.
pub fn run(args: &Args) -> Result<bool> {
    if args.filter.as_deref() == Some("peers") {
        return peers::run(args.quick, args.json, args.draw);
    }
    let house = House::open()?;
    let goals = goals::read(&house.root().join(GOALS.1))?;
    let folder = house
        .metadata
        .target_directory
        .join("criterion")
        .into_std_path_buf();
    fs::create_dir_all(&folder)?;
    // What an earlier run left is older than this file.
    let started = folder.join(".started");
    File::create(&started).with_context(|| started.display().to_string())?;
    let started = fs::metadata(&started)?.modified()?;

    let mut targets: Vec<_> = house
        .package(PACKAGE)?
        .targets
        .iter()
        .filter(|target| target.is_kind(TargetKind::Bench))
        .map(|target| target.name.clone())
        .collect();
    targets.sort();
    ensure!(!targets.is_empty(), "`{PACKAGE}` has no bench target");
    let mut filter = if args.check {
        Some(GOALS.0)
    } else {
        args.filter.as_deref()
    };
    if let Some(name) = filter.filter(|name| targets.iter().any(|target| target == name)) {
        targets = vec![name.to_owned()];
        filter = None;
    }

    let mut steps = Steps::default();
    for target in &targets {
        let mut command = bench(&house, target, filter, args.quick);
        command.env("CRITERION_HOME", &folder);
        if args.json {
            // Criterion speaks on standard output, which belongs to the results here.
            command.stdout(std::io::stderr());
        }
        steps.command(&format!("bench {target}"), &mut command);
    }

    let measures = results::read(&folder, started)?;
    steps.check("results", || {
        ensure!(!measures.is_empty(), "no benchmark matches");
        Ok(())
    });
    if args.json {
        for measure in &measures {
            println!("{}", serde_json::to_string(measure)?);
        }
    } else {
        table(&measures);
    }
    let ran = steps.finish();
    if !args.check {
        return Ok(ran);
    }
    let met = goals::report(&goals::hold(&goals, &measures));
    Ok(ran && met)
}

fn bench(house: &House, target: &str, filter: Option<&str>, quick: bool) -> Command {
    let mut command = house.cargo(["bench", "--locked", "--package", PACKAGE, "--bench", target]);
    command.args(["--", "--noplot"]);
    command.args(quick.then_some("--quick"));
    command.args(filter);
    command
}

fn table(measures: &[Measure]) {
    let width = measures
        .iter()
        .map(|measure| measure.name.len())
        .max()
        .unwrap_or(0);
    eprintln!();
    for Measure { name, value, unit } in measures {
        println!("{name:width$}  {value:>14.3} {unit}");
    }
}
