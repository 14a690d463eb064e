//! The other side: the program itself, as a process of its own on the same data folder.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::Instant;

use crate::failure::Failure;

/// A command line of the program, less its name and what every one of them begins with.
pub(super) type Words = Vec<String>;

/// The words of a command without quotes.
pub(super) fn words(command: &str) -> Words {
    command.split_whitespace().map(str::to_owned).collect()
}

/// Starts the program for one command at a time.
pub(super) struct SecondProcess {
    program: PathBuf,
    data: PathBuf,
}

impl SecondProcess {
    pub(super) fn new(data: PathBuf) -> Result<Self, Failure> {
        let program = std::env::current_exe();
        let program = program.map_err(Failure::file("finding", "the program itself"))?;
        Ok(Self { program, data })
    }

    /// Has some commands done, one after the other; answers with the moment at which the last answer
    /// arrived here.
    pub(super) async fn ask_all(&self, commands: &[Words]) -> Result<Instant, Failure> {
        let mut answered = Instant::now();
        for words in commands {
            answered = self.ask(words).await?;
        }
        Ok(answered)
    }

    async fn ask(&self, words: &Words) -> Result<Instant, Failure> {
        let failed = |source| Failure::SecondProcess {
            command: words.join(" "),
            source,
        };
        let mut child = Command::new(&self.program)
            .arg("--data")
            .arg(&self.data)
            .arg("--json")
            .args(words)
            // What the environment says is of another installation.
            .env_remove("STRONGROOM_DATA")
            .env_remove("STRONGROOM_LEASE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // It does not outlive a tour that ends before it.
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let answer = child.stdout.take().ok_or_else(|| failed(no_pipe()))?;
        let mut said = child.stderr.take().ok_or_else(|| failed(no_pipe()))?;
        let first_line = async {
            let mut line = String::new();
            BufReader::new(answer).read_line(&mut line).await?;
            Ok::<_, io::Error>(Instant::now())
        };
        let mut told = String::new();
        let (answered, heard) = tokio::join!(first_line, said.read_to_string(&mut told));
        let (answered, _) = (answered.map_err(failed)?, heard.map_err(failed)?);
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            Ok(answered)
        } else {
            Err(failed(io::Error::other(format!(
                "{status}: {}",
                told.trim()
            ))))
        }
    }
}

fn no_pipe() -> io::Error {
    io::Error::other("it has no pipe")
}
