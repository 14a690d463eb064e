//! `cargo xtask fuzz`: one fuzz target, for as long as is said.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::house::House;
use crate::steps::Steps;

const PACKAGE: &str = "strongroom-tests";
/// The test binary that the targets are in; every test runs them all, each for a moment.
const BINARY: &str = "fuzz";

/// Run a fuzz target for a time; without a target, list them
#[derive(clap::Args)]
pub struct Args {
    /// The target, as `MODULE::NAME`
    target: Option<String>,
    /// For how many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time: u64,
    /// Build without optimisation: overflow checks and debug assertions stay on either way
    #[arg(long)]
    debug: bool,
}

/// Runs the verb; the answer is whether the target held.
pub fn run(args: &Args) -> Result<bool> {
    let house = House::open()?;
    let mut steps = Steps::default();
    let mut test = house.cargo(["test", "--locked", "--package", PACKAGE, "--test", BINARY]);
    let Some(target) = &args.target else {
        steps.command("targets", test.args(["--", "--list"]));
        return Ok(steps.finish());
    };
    ensure!(args.time > 0, "no time is no run");
    if !args.debug {
        test.args([
            "--config",
            "profile.release.debug-assertions=true",
            "--release",
        ]);
    }
    let time = Duration::from_secs(args.time).as_millis();
    test.env("BOLERO_RANDOM_TEST_TIME_MS", time.to_string());
    // The time alone ends it.
    test.env("BOLERO_RANDOM_ITERATIONS", u64::MAX.to_string());
    test.args(["--", "--exact", target, "--nocapture"]);
    steps.command(&format!("fuzz {target}"), &mut test);
    Ok(steps.finish())
}
