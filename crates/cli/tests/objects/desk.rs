//! A folder with an installation in it, and the program to use it with.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use strongroom_tests::account::bound_by_modes;
use tempfile::TempDir;

pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    /// With these resources, each bound to its objects' locations or, if its name ends in `-r`, to itself.
    pub(crate) fn with(resources: &[&str]) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.json(&["init", "--dev"]);
        for name in resources {
            let binding = if name.ends_with("-r") {
                "resource"
            } else {
                "location"
            };
            desk.json(&["resource", "create", name, "--binding", binding]);
        }
        desk
    }

    /// Puts a resource under a customer's key.
    pub(crate) fn under_a_customers_key(&self, resource: &str) {
        self.json(&["vault", "create", "contoso", "--purge-protection"]);
        let key = self.json(&[
            "key", "create", "contoso", "docs", "--kty", "RSA", "--size", "2048",
        ]);
        let uri = key["kid"].as_str().unwrap();
        self.lines(&["resource", "identity", "enable", resource]);
        self.lines(&["vault", "grant", "contoso", "--resource", resource]);
        self.lines(&["resource", "encryption", "set", resource, "--key", uri]);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Where a resource's objects lie.
    pub(crate) fn at_rest(&self, resource: &str) -> PathBuf {
        let view = self.json(&["resource", "show", resource]);
        let uid = view["uid"].as_str().unwrap();
        self.path(&format!("data/objects/r/{uid}/o"))
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(args).current_dir(self.folder.path());
        command
            .env("STRONGROOM_DATA", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        self.command(&args).output().unwrap()
    }

    /// As somebody whom the modes of files bind.
    pub(crate) fn run_bound_by_modes(&self, args: &[&str]) -> Output {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        bound_by_modes(self.folder.path(), &mut self.command(&args))
    }

    /// The JSON lines that a verb answers.
    pub(crate) fn lines(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        json_lines(&output.stdout)
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let mut lines = self.lines(args);
        assert_eq!(lines.len(), 1, "{args:?}");
        lines.remove(0)
    }

    /// The exit code of a failing verb, and the code that it tells programs.
    pub(crate) fn fails(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        let code = error["error"]["code"].as_str().unwrap().to_owned();
        (output.status.code().unwrap(), code)
    }

    /// What a stored file reads as.
    pub(crate) fn read(&self, address: &str) -> Vec<u8> {
        let output = self.command(&["cat", address]).output().unwrap();
        assert!(output.status.success(), "{address}");
        output.stdout
    }

    /// The paths of everything in a resource.
    pub(crate) fn listed(&self, resource: &str) -> Vec<String> {
        let lines = self.lines(&["ls", "-r", resource]);
        let paths = lines.iter().map(|line| line["path"].as_str().unwrap());
        paths.map(str::to_owned).collect()
    }
}

pub(crate) fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
