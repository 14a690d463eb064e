//! A folder with an installation in it, and the program to use it with.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with an installation in it.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.ok("init");
        desk
    }

    /// A line of the command line, as it could be typed: words, and quotes around some.
    pub(crate) fn run(&self, line: &str) -> Output {
        let words = line.split(' ').filter(|word| !word.is_empty());
        Command::new(env!("CARGO_BIN_EXE_strongroom"))
            .args(words)
            .current_dir(self.folder.path())
            .env("STRONGROOM_DATA", self.folder.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    pub(crate) fn ok(&self, line: &str) -> String {
        self.told(line).0
    }

    /// What a line that is done says on standard output, and beside it.
    pub(crate) fn told(&self, line: &str) -> (String, String) {
        let output = self.run(line);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {told}");
        (String::from_utf8(output.stdout).unwrap(), told)
    }

    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(self.ok(&format!("{line} --json")).trim_end()).unwrap()
    }

    /// The exit code of a failing line, with the code and message that it tells programs.
    pub(crate) fn fails(&self, line: &str) -> (i32, String, String) {
        let output = self.run(&format!("{line} --json"));
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        let text = |member: &str| {
            error
                .pointer(&format!("/error/{member}"))
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        (output.status.code().unwrap(), text("code"), text("message"))
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// A resource under version 1 of `contoso docs`, and an object in it. Returns the version's URI.
    pub(crate) fn under_a_key(&self) -> String {
        self.ok("vault create contoso --purge-protection");
        let uri = self.ok("key create contoso docs").trim_end().to_owned();
        self.ok("resource create notes");
        self.write("f", b"hello");
        self.ok("put f notes/f");
        self.ok(&format!("resource encryption set notes --key {uri}"));
        uri
    }
}
