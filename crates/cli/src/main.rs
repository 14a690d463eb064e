//! The `strongroom` program.

mod address;
mod args;
mod canary;
mod digest;
mod ending;
mod failure;
mod object_path;
mod output;
mod own;
mod session;
mod several;
mod shown;
mod stdin;
mod transfer;
mod verb;
mod walk;

use std::process::ExitCode;

use strongroom_base::{Outcome as _, OutcomeKind};
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Verb};
use crate::ending::{Ending, PATIENCE};
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
    let ended = runtime.block_on(run(cli, &output));
    // Whatever is still being read or written is given up.
    runtime.shutdown_timeout(PATIENCE);
    verb::tour::forget();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the answer has heard enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Signal(number)) => ExitCode::from(ending::exit_code(number)),
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
    let mut ending = Ending::listen().map_err(Failure::file("listening for", "signals"))?;
    match verb {
        Verb::Init(args) => {
            let made = Box::pin(verb::init::run(data, args, output));
            ending.unless_told(made).await
        }
        Verb::Relocate(args) => {
            let moved = Box::pin(verb::init::relocate(data, args, output));
            ending.unless_told(moved).await
        }
        Verb::Tour(args) => {
            let toured = Box::pin(verb::tour::run(data, lease, args, output));
            ending.unless_told(toured).await
        }
        Verb::InDataFolder(verb) => {
            let opening = Box::pin(Session::open(data, asker, lease));
            let session = ending.unless_told(opening).await?;
            let doing = Box::pin(verb::run(&session, verb, output));
            let done = ending.unless_told(doing).await;
            // Closed whatever came of it: the audit's heads go out.
            let closed = ending.unless_told(Box::pin(session.close())).await;
            done.and(closed)
        }
    }
}
