//! A server that lives as long as the test that started it, on a port of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::tools::{azurite_blob, in_tests, moto_server, python};

/// How long a server may take to say that it listens.
const PATIENCE: Duration = Duration::from_mins(2);

/// The account that Azurite knows.
pub const AZURITE_ACCOUNT: &str = "devstoreaccount1";
/// Its key: published, and the same everywhere.
pub const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Ends the server when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens, without a path.
    pub url: String,
    _folder: TempDir,
}

impl Server {
    /// S3's interface.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn moto() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = moto_server();
        command.args(["--host", "127.0.0.1", "--port", "0"]);
        Self::start(command, folder)
    }

    /// Azure Blob Storage's interface.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn azurite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = azurite_blob();
        command.args(["--blobHost", "127.0.0.1", "--blobPort", "0"]);
        command.args(["--disableTelemetry", "--skipApiVersionCheck", "--location"]);
        command.arg(folder.path());
        Self::start(command, folder)
    }

    fn start(mut command: Command, folder: TempDir) -> Self {
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (found, urls) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let found = found.clone();
            // Read to the end, so that the server never waits for its reader.
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if let Some(url) = local_url(&line) {
                        let _ = found.send(url);
                    }
                }
            });
        }
        let Ok(url) = urls.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("{command:?} did not say where it listens");
        };
        Self {
            child,
            url,
            _folder: folder,
        }
    }

    /// Makes an empty container.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn with_container(self, kind: &str, name: &str) -> Self {
        let mut command = python();
        command.arg(in_tests("python/container.py")).arg(kind);
        match kind {
            "azure" => {
                let account = format!("{}/{AZURITE_ACCOUNT}", self.url);
                command.args([&account, name, AZURITE_KEY]);
            }
            _ => {
                command.args([&self.url, name]);
            }
        }
        assert!(command.status().unwrap().success());
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address on this machine that a line tells of.
fn local_url(line: &str) -> Option<String> {
    let from = line.find("http://127.0.0.1:")?;
    let end = |c: char| c.is_whitespace() || c == '\u{1b}';
    let url = line.get(from..)?.split(end).next()?;
    Some(url.trim_end_matches(['/', '.']).to_owned())
}
