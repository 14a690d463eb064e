//! `cargo xtask check`: everything that can be said of the project without running its tests.

mod clauses;
mod layers;
mod manifests;
mod modules;
mod packages;

use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use crate::house::House;
use crate::rules;
use crate::steps::{self, Steps};
use crate::tools;

/// Check formatting, lints, layers, manifests, rules, clauses, documentation, packages and licences
#[derive(clap::Args)]
pub struct Args {
    /// Run these steps alone
    #[arg(value_enum)]
    steps: Vec<Step>,
    /// Ask the advisory database too (it is fetched, so not in CI)
    #[arg(long)]
    advisories: bool,
}

/// The steps, in the order in which they run: the quick ones first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `cargo fmt --check`
    Fmt,
    /// Who depends on whom, against the tables of docs/architecture.md
    Layers,
    /// Lints and dependencies inherited from the workspace; what a published crate must say
    Manifests,
    /// docs/rules.md against the tests
    Rules,
    /// The clauses of docs/format.md against the tests and sources that cite them
    Clauses,
    /// clippy over everything, warnings denied; the core with each provider alone
    Clippy,
    /// rustdoc, warnings denied
    Doc,
    /// Every published crate, from what its package holds
    Package,
    /// cargo-deny: licences, bans, sources
    Deny,
}

/// Runs the verb; the answer is whether all was well.
pub fn run(args: &Args) -> Result<bool> {
    let house = House::open()?;
    let mut steps = Steps::default();
    let wanted = if args.steps.is_empty() {
        Step::value_variants()
    } else {
        &args.steps
    };
    for step in wanted {
        step.run(&house, &mut steps);
    }
    if args.advisories {
        steps.check("advisories", || deny(&house, &["advisories"]));
    }
    Ok(steps.finish())
}

impl Step {
    fn run(self, house: &House, steps: &mut Steps) {
        match self {
            Self::Fmt => {
                steps.command("fmt", &mut house.cargo(["fmt", "--all", "--check"]));
                // A workspace of its own, and too long to build for more than this.
                let peers = [
                    "fmt",
                    "--manifest-path",
                    "benches/peers/Cargo.toml",
                    "--check",
                ];
                steps.command("fmt peers", &mut house.cargo(peers));
            }
            Self::Layers => {
                steps.check("layers", || layers::check(house));
                steps.check("modules", || modules::check(house));
            }
            Self::Manifests => {
                steps.check("manifests", || manifests::check(house));
            }
            Self::Rules => {
                steps.check("rules", || rules::check(house));
            }
            Self::Clauses => {
                steps.check("clauses", || clauses::check(house));
            }
            Self::Clippy => {
                steps.command("clippy", &mut clippy(house, &["--workspace"]));
                for provider in ["ring", "aws-lc-rs"] {
                    let alone = [
                        "-p",
                        "strongroom-crypto",
                        "--no-default-features",
                        "--features",
                    ];
                    let name = format!("clippy crypto: {provider}");
                    steps.command(
                        &name,
                        &mut clippy(house, &[&alone[..], &[provider]].concat()),
                    );
                }
            }
            Self::Doc => {
                let mut doc = house.cargo(["doc", "--workspace", "--no-deps", "--locked"]);
                steps.command("doc", doc.env("RUSTDOCFLAGS", "-D warnings"));
            }
            Self::Package => {
                steps.check("package", || packages::check(house));
            }
            Self::Deny => {
                steps.check("deny", || deny(house, &["licenses", "bans", "sources"]));
            }
        }
    }
}

fn clippy(house: &House, which: &[&str]) -> Command {
    let mut command = house.cargo(["clippy", "--locked", "--all-targets"]);
    command.args(which).args(["--", "-D", "warnings"]);
    command
}

fn deny(house: &House, what: &[&str]) -> Result<()> {
    let mut command = Command::new(tools::cargo_deny(house)?);
    command
        .args(["--locked", "check"])
        .args(what)
        .current_dir(house.root());
    steps::run(&mut command)
}
