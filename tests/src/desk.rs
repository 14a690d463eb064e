//! A temporary folder with an installation in it, and the built program to use it with.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder in which `data` is the installation's data folder and `data.keep` its keep.
///
/// Its methods panic where the program does not do as they say: they are for tests.
#[derive(Debug)]
pub struct Desk {
    program: PathBuf,
    folder: TempDir,
}

impl Desk {
    /// A folder without an installation. `program` is `env!("CARGO_BIN_EXE_strongroom")`.
    ///
    /// # Panics
    /// If there can be no temporary folder.
    #[must_use]
    pub fn bare(program: &str) -> Self {
        Self {
            program: program.into(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A folder with an installation, made by `init`.
    #[must_use]
    pub fn with_installation(program: &str) -> Self {
        let desk = Self::bare(program);
        desk.ok(&["init"]);
        desk
    }

    /// The whole folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of something in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file, and the folders above it.
    ///
    /// # Panics
    /// If it cannot be made.
    #[expect(clippy::must_use_candidate, reason = "a caller may know its path")]
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("it lies in a folder");
        fs::create_dir_all(parent).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// The folder in which a resource's objects lie, sealed.
    ///
    /// # Panics
    /// If there is no such resource.
    #[must_use]
    pub fn at_rest(&self, resource: &str) -> PathBuf {
        let view = self.json(&["resource", "show", resource]);
        let uid = view["uid"].as_str().expect("a uid");
        self.path(&format!("data/objects/r/{uid}/o"))
    }

    /// The program with these arguments: standard input empty, standard output and error piped.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("STRONGROOM_DATA", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// What a verb that is done writes to standard output.
    ///
    /// # Panics
    /// If it is not done.
    pub fn ok<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The JSON values that a verb answers, one a line.
    ///
    /// # Panics
    /// If it is not done, or answers anything else.
    #[must_use]
    pub fn json_lines(&self, args: &[&str]) -> Vec<Value> {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        let lines = self.ok(&args);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON value a line"))
            .collect()
    }

    /// The one JSON value that a verb answers.
    ///
    /// # Panics
    /// If it is not done, or answers anything else.
    #[must_use]
    pub fn json(&self, args: &[&str]) -> Value {
        let mut lines = self.json_lines(args);
        assert_eq!(lines.len(), 1, "{args:?}: {lines:?}");
        lines.remove(0)
    }

    /// The exit code of a verb that is not done, and the code and message that it tells programs.
    ///
    /// # Panics
    /// If it is done, or the last line of standard error is no error.
    #[must_use]
    pub fn fails(&self, args: &[&str]) -> Failed {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        let output = self.run(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?} was done");
        let last = said.lines().last().unwrap_or_default();
        let error: Value =
            serde_json::from_str(last).unwrap_or_else(|_| panic!("{args:?}: {said}"));
        let text = |member: &str| error["error"][member].as_str().expect("a text").to_owned();
        Failed {
            exit: output.status.code(),
            code: text("code"),
            message: text("message"),
            said,
        }
    }

    /// What a stored file reads as.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn read(&self, address: &str) -> Vec<u8> {
        let output = self.run(&["cat", address]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{address}: {said}");
        output.stdout
    }
}

/// How a verb failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The exit code; none, if a signal ended it.
    pub exit: Option<i32>,
    /// The error's code.
    pub code: String,
    /// The error's message.
    pub message: String,
    /// All of standard error.
    pub said: String,
}
