//! The `strongroom` program.

mod address;
mod args;
mod canary;
mod digest;
mod failure;
mod object_path;
mod output;
mod session;
mod several;
mod transfer;
mod verb;
mod walk;

use std::process::ExitCode;

use strongroom_base::{Outcome as _, OutcomeKind};
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Verb};
use crate::failure::{Failure, exit_code};
use crate::output::{Log, Output, with_arguments_seen};
use crate::session::Session;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        // What was asked for goes to standard output, and repeats nothing that was given.
        Err(told) if !told.use_stderr() => told.exit(),
        Err(error) => return turned_down(&error),
    };
    let filter =
        EnvFilter::try_from_env("STRONGROOM_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    let output = Output::new(cli.json);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.warn(&format!("error: no runtime could be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli, &output)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the answer has heard enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            output.failure(&failure);
            exit_code(failure.kind())
        }
    }
}

/// A command line that cannot be read is told as every failure is.
fn turned_down(error: &clap::Error) -> ExitCode {
    if args::asks_for_json() {
        let usage = Failure::Usage(args::plainly(error));
        Output::new(true).failure(&usage);
    } else {
        let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        let text = with_arguments_seen(&error.render().to_string(), arguments);
        Output::new(false).warn(text.trim_end());
    }
    exit_code(OutcomeKind::BadInput)
}

async fn run(cli: Cli, output: &Output) -> Result<(), Failure> {
    let Cli {
        data,
        json: _,
        lease,
        asker,
        verb,
    } = cli;
    match verb {
        Verb::Init(args) => verb::init::run(data, args, output).await,
        Verb::Relocate(args) => verb::init::relocate(data, args, output).await,
        Verb::Tour(args) => verb::tour::run(data, lease, args, output).await,
        Verb::InDataFolder(verb) => {
            let session = Session::open(data, asker, lease).await?;
            let done = verb::run(&session, verb, output).await;
            // Closed whatever came of it: the audit's heads go out.
            let closed = session.close().await;
            done.and(closed)
        }
    }
}
