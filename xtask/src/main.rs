//! The project's own commands: `cargo xtask test | check | bench | fuzz | mutants | rules | tools`.
//!
//! One verb, one file. A verb prints each command before it runs it, goes on after a failure, and
//! ends with a table of its steps. Nothing here depends on a crate of ours, so that the commands
//! still run when the crates do not build.

mod bench;
mod check;
mod fuzz;
mod house;
mod modules;
mod mutants;
mod rules;
mod steps;
mod table;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks, tests and measures the whole project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Bench(bench::Args),
    Check(check::Args),
    Fuzz(fuzz::Args),
    Mutants(mutants::Args),
    Rules(rules::Args),
    Test(test::Args),
    /// Install what the tests run besides Rust
    Tools,
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Bench(args) => bench::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Mutants(args) => mutants::run(&args),
        Verb::Rules(args) => rules::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Tools => tools::run(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
