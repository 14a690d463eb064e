//! A data folder that cannot be written: what needs no audit record works, what needs one says why not.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use strongroom_tests::account::bound_by_modes;
use strongroom_tests::desk::Desk;

/// How the data folder is kept from being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By the modes of its files and folders, for an account that is not root.
    Modes,
    /// By a mount, which root cannot write either.
    Mount,
}

/// The ways that there are here. The first is there always.
fn ways() -> Vec<Way> {
    let mut ways = vec![Way::Modes];
    let folder = tempfile::tempdir().unwrap();
    let probe = mounted("true").arg(folder.path()).status();
    if probe.is_ok_and(|done| done.success()) {
        ways.push(Way::Mount);
    }
    ways
}

/// `program`, where the folder that is its first argument is mounted read-only.
fn mounted(program: &str) -> Command {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && shift && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, program]);
    command
}

struct ReadOnly {
    desk: Desk,
    way: Way,
}

impl ReadOnly {
    fn data(&self) -> PathBuf {
        self.desk.path("data")
    }

    fn run(&self, args: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_strongroom");
        let mut command = match self.way {
            Way::Mount => {
                let mut command = mounted(program);
                command.arg(self.data());
                command
            }
            Way::Modes => Command::new(program),
        };
        let folder = self.desk.folder();
        command
            .args(args)
            .current_dir(folder)
            .env("STRONGROOM_DATA", self.data());
        match self.way {
            Way::Mount => command.output().unwrap(),
            Way::Modes => {
                self.change_modes(0o500, 0o400);
                let output = bound_by_modes(folder, &mut command);
                self.change_modes(0o700, 0o600);
                output
            }
        }
    }

    fn change_modes(&self, folder: u32, file: u32) {
        each(&self.data(), &mut |path, is_folder| {
            let mode = if is_folder { folder } else { file };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        });
    }

    /// What a verb says that is done.
    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {args:?}: {said}", self.way);
        assert_eq!(said, "", "{:?}: {args:?}", self.way);
        String::from_utf8(output.stdout).unwrap()
    }

    fn is_refused(&self, args: &[&str], code: &str) {
        let args = [args, &["--json"]].concat();
        let output = self.run(&args);
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap();
        let told = (
            output.status.code(),
            last.pointer("/error/code").and_then(Value::as_str),
        );
        assert_eq!(
            told,
            (Some(5), Some(code)),
            "{:?}: {args:?}: {said}",
            self.way
        );
        let message = last.pointer("/error/message").and_then(Value::as_str);
        assert!(
            message.is_some_and(|told| told.contains("read-only")),
            "{args:?}: {said}"
        );
    }

    /// Everything in the data folder, and the heads outside it.
    fn all(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        for folder in [self.data(), self.desk.path("data.keep")] {
            each(&folder, &mut |path, is_folder| {
                if !is_folder {
                    all.insert(path.to_owned(), fs::read(path).unwrap());
                }
            });
        }
        all
    }
}

fn each(path: &Path, what: &mut dyn FnMut(&Path, bool)) {
    let is_folder = path.is_dir();
    // Before and after: a folder whose mode is taken away cannot be listed.
    if is_folder {
        let below = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for entry in below.collect::<Vec<_>>() {
            each(&entry, what);
        }
    }
    what(path, is_folder);
}

/// A resource under a customer's key and one that is not, with an object each.
fn desk() -> Desk {
    let desk = Desk::with_installation(env!("CARGO_BIN_EXE_strongroom"));
    desk.ok(&["vault", "create", "contoso", "--purge-protection"]);
    let uri = desk.ok(&["key", "create", "contoso", "docs"]);
    desk.ok(&["resource", "create", "notes", "--tier", "S0"]);
    desk.ok(&["resource", "identity", "enable", "notes"]);
    desk.ok(&["vault", "grant", "contoso", "--resource", "notes"]);
    let set = [
        "resource",
        "encryption",
        "set",
        "notes",
        "--key",
        uri.trim(),
    ];
    desk.ok(&set);
    desk.ok(&["resource", "create", "plain"]);
    desk.file("greeting", b"hello");
    desk.file("large", &vec![b'x'; 1 << 20]);
    desk.ok(&["put", "greeting", "notes/"]);
    desk.ok(&["put", "greeting", "large", "plain/"]);
    desk
}

fn holds(read_only: &ReadOnly) {
    let before = read_only.all();
    for verb in [
        &["audit", "verify"][..],
        &["audit", "export"],
        &["audit", "show"],
        &["resource", "list"],
        &["resource", "show", "notes"],
        &["resource", "show", "plain"],
        &["explain", "use", "notes"],
        &["vault", "list"],
        &["vault", "show", "contoso"],
        &["principal", "list"],
        &["role", "list"],
        &["group", "list"],
        &["tenant", "list"],
    ] {
        assert_ne!(read_only.ok(verb), "", "{verb:?}");
    }
    for verb in [
        &["resource", "create", "third"][..],
        &["resource", "delete", "plain"],
        &["resource", "encryption", "reset", "notes"],
        &["key", "disable", "contoso", "docs"],
        &["vault", "create", "fabrikam"],
        // A key is asked for, and that is recorded.
        &["cat", "plain/greeting"],
        &["put", "greeting", "plain/"],
        // So it is where the vault keeps the record.
        &["cat", "notes/greeting"],
        &["put", "greeting", "notes/"],
        &["get", "notes", "out"],
    ] {
        read_only.is_refused(verb, "LedgerUnavailable");
    }
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        read_only.all().keys().collect::<Vec<_>>()
    );
    assert!(before == read_only.all(), "something was written");
}

#[test]
fn a_folder_that_cannot_be_written_can_be_read() {
    for way in ways() {
        let read_only = ReadOnly { desk: desk(), way };
        holds(&read_only);
        // And written again where it can be.
        read_only.desk.ok(&["resource", "create", "third"]);
        assert_eq!(read_only.desk.read("notes/greeting"), b"hello");
    }
}

/// Somebody else may have it open and write; and may be killed, which leaves what it wrote in the log.
#[test]
fn a_folder_that_somebody_else_writes_is_read_as_it_is() {
    for way in ways() {
        let desk = desk();
        // It waits with the installation open, once its first bytes are there.
        let mut other = desk.command(&["cat", "plain/large"]).spawn().unwrap();
        let mut output = other.stdout.take().unwrap();
        output.read_exact(&mut [0]).unwrap();
        desk.ok(&["resource", "create", "later"]);
        let read_only = ReadOnly { desk, way };
        assert!(
            read_only.ok(&["resource", "list"]).contains("later"),
            "{way:?}"
        );

        other.kill().unwrap();
        other.wait().unwrap();
        let log = read_only.data().join("ledger.db-wal");
        assert!(fs::metadata(&log).unwrap().len() > 0);
        assert!(
            read_only.ok(&["resource", "list"]).contains("later"),
            "{way:?}"
        );
        read_only.ok(&["audit", "verify"]);
        read_only.is_refused(&["resource", "create", "third"], "LedgerUnavailable");

        // Without its index the log cannot be read, and without the log there would be less than was
        // acknowledged.
        fs::remove_file(read_only.data().join("ledger.db-shm")).unwrap();
        read_only.is_refused(&["resource", "list"], "LedgerUnavailable");
        assert!(read_only.desk.ok(&["resource", "list"]).contains("later"));
    }
}
