//! What was acknowledged survives a power cut: the order in which bytes, names and syncs reach the
//! kernel, before the program says that it is done. A kill cannot show this; the record of its
//! calls can.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests stop"
)]

mod trace;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use trace::Trace;

struct Desk {
    folder: TempDir,
    root: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As the kernel names it.
        let root = folder.path().canonicalize().unwrap();
        Self { folder, root }
    }

    fn with_resource() -> Self {
        let desk = Self::new();
        desk.run(&["init"]);
        desk.run(&["resource", "create", "notes"]);
        desk
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command
            .args(args)
            .current_dir(&self.root)
            .env("STRONGROOM_DATA", self.root.join("data"));
        command
    }

    fn run(&self, args: &[&str]) -> Vec<u8> {
        let output = self.command(args).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    fn traced(&self, args: &[&str]) -> Trace {
        Trace::of(&self.command(args), &self.folder.path().join("record"))
    }

    /// Where the objects of the resource lie.
    fn objects(&self) -> PathBuf {
        let shown = self.run(&["resource", "show", "notes", "--json"]);
        let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
        self.root
            .join("data/objects/r")
            .join(shown["uid"].as_str().unwrap())
            .join("o")
    }

    /// A file of so many bytes to put.
    fn file(&self, name: &str, length: usize) {
        std::fs::write(self.root.join(name), vec![b'x'; length]).unwrap();
    }
}

/// The ledger's log: what was written to it before this moment was synced by then.
fn ledger_is_durable(trace: &Trace, desk: &Desk, before: usize) -> bool {
    let log = desk.root.join("data/ledger.db-wal");
    let written = trace.written_before(&log, before);
    written.is_some_and(|written| trace.synced_between(&log, written, before))
}

#[test]
fn i09_a_put_is_durable_before_it_is_acknowledged() {
    let desk = Desk::with_resource();
    let objects = desk.objects();
    desk.file("small", 10);
    // Larger than one part: stored by a multipart upload.
    desk.file("large", 20 << 20);
    for (source, place) in [
        ("small", "a/b/small"),
        ("large", "a/b/large"),
        ("small", "a/b/large"),
    ] {
        let trace = desk.traced(&["put", source, &format!("notes/{place}")]);
        let answered = trace.answered();
        let missing = trace.missing_for(&objects.join(place), answered);
        assert!(
            missing.is_empty(),
            "{source} at {place}: {missing:?} missing in {trace:?}"
        );
        assert!(
            ledger_is_durable(&trace, &desk, answered),
            "the record of the unwrap: {trace:?}"
        );
    }
}

#[test]
fn i09_new_folders_are_durable_before_a_put_is_acknowledged() {
    let desk = Desk::with_resource();
    desk.file("small", 10);
    let trace = desk.traced(&["put", "small", "notes/new/er/small"]);
    let answered = trace.answered();
    let made = trace.folders_made(&desk.root.join("data/objects"));
    assert!(made.len() >= 4, "{made:?}");
    for (folder, when) in made {
        let parent = folder.parent().unwrap();
        assert!(
            trace.synced_between(parent, when, answered),
            "{} in {trace:?}",
            folder.display()
        );
    }
}

#[test]
fn i09_a_removal_is_durable_before_it_is_acknowledged() {
    let desk = Desk::with_resource();
    desk.file("small", 10);
    desk.run(&["put", "small", "notes/kept"]);
    desk.run(&["put", "small", "notes/gone"]);
    let objects = desk.objects();
    let trace = desk.traced(&["rm", "notes/gone"]);
    let removed = trace.removed(&objects.join("gone")).expect("a removal");
    assert!(
        trace.synced_between(&objects, removed, trace.answered()),
        "{trace:?}"
    );
}

#[test]
fn i09_a_creation_is_durable_before_it_is_acknowledged() {
    let desk = Desk::new();
    desk.run(&["init"]);
    let trace = desk.traced(&["resource", "create", "notes"]);
    let answered = trace.answered();
    let keys = desk.root.join("data/service-keys.db");
    let written = trace.written(&keys).expect("the key is written");
    assert!(
        trace.synced_between(&keys, written, answered),
        "the key file: {trace:?}"
    );
    assert!(
        ledger_is_durable(&trace, &desk, answered),
        "the ledger: {trace:?}"
    );
}

#[test]
fn i09_an_installation_is_durable_before_it_is_acknowledged() {
    let desk = Desk::new();
    let trace = desk.traced(&["init"]);
    let answered = trace.answered();
    let settings = desk.root.join("data/installation.json");
    let missing = trace.missing_for(&settings, answered);
    assert!(missing.is_empty(), "{missing:?} missing in {trace:?}");
    // Named through the data folder, as the settings do.
    let key = desk.root.join("data/../data.keep/root.key");
    let (named, unfinished) = trace.published(&key).expect("the root key is published");
    let keep = desk.root.join("data.keep");
    let unfinished = keep.join(unfinished.file_name().unwrap());
    let written = trace.written(&unfinished).expect("the root key is written");
    assert!(
        trace.synced_between(&unfinished, written, named.begun),
        "{trace:?}"
    );
    assert!(
        trace.synced_between(&keep, named.ended, answered),
        "{trace:?}"
    );
    // Data folder and keep are new names in the folder above.
    for (folder, when) in trace.folders_made(&desk.root) {
        let parent = folder.parent().unwrap().canonicalize().unwrap();
        assert!(
            trace.synced_between(&parent, when, answered),
            "{} in {trace:?}",
            folder.display()
        );
    }
}

#[test]
fn r18_the_audit_heads_are_durable_when_the_program_ends() {
    let desk = Desk::new();
    desk.run(&["init"]);
    let trace = desk.traced(&["resource", "create", "notes"]);
    let heads = desk.root.join("data.keep/audit-heads");
    let written = trace.written(&heads).expect("a head is written");
    assert!(
        trace.synced_between(&heads, written, usize::MAX),
        "{trace:?}"
    );
}

/// The control: what copies without syncing is found out.
#[test]
fn a_copy_that_is_not_synced_is_found_out() {
    let desk = Desk::new();
    desk.file("source", 10);
    let script = "cat source > copy.new && mv copy.new copy && echo done";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(&desk.root);
    let trace = Trace::of(&command, &desk.root.join("record"));
    let missing = trace.missing_for(Path::new("copy"), trace.answered());
    assert!(!missing.is_empty(), "{trace:?}");
}
