//! What earlier versions stored opens, verifies and reads back. `tests/upgrade/README.md` says what is in
//! each archive and how it was made; none is ever made anew.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod once;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStoreExt as _;
use serde_json::Value;
use strongroom::{KeySource, Options, ResourceState, Strongroom};
use strongroom_base::{Clock as _, Timestamp};
use tempfile::TempDir;

/// The archives, oldest form first, each with the installations in it.
const ARCHIVES: &[&str] = &["form-1", "form-2"];
const INSTALLATIONS: &[&str] = &["plain", "dev"];

/// What each installation holds that can be read. An object's content is its own address and a line end.
const READABLE: &[(&str, &[&str])] = &[
    ("notes", &["big", "deep/er/two", "empty", "one"]),
    ("bound", &["copied", "one"]),
    ("books", &["before", "big", "rekeyed", "rotated", "set"]),
    ("plans", &["back", "before", "set"]),
    ("judged", &["before", "set"]),
    ("cut-preparing", &["before"]),
    ("cut-proven", &["before"]),
    ("cut-switched", &["before"]),
];
/// Its customer's key is disabled.
const LOCKED: (&str, &[&str]) = ("locked", &["before", "set"]);
/// Deleted, and not purged yet when the archive was made.
const DELETED: &[(&str, &[&str])] = &[("gone", &["one"]), ("gone-books", &["one", "two"])];
/// Longer than the claim of a process that was cut off.
const CLAIM_IS_OVER: Duration = Duration::from_mins(2);

fn content(resource: &str, path: &str) -> Vec<u8> {
    let line = match path {
        // A copy is what it was copied from.
        "copied" => format!("{resource}/one\n"),
        "empty" => String::new(),
        _ => format!("{resource}/{path}\n"),
    };
    match path {
        "big" => line.bytes().cycle().take(40_000).collect(),
        _ => line.into_bytes(),
    }
}

/// One installation of an archive, in a folder of its own.
struct Unpacked {
    _folder: TempDir,
    data: PathBuf,
    /// When the last thing was done in it.
    at: Timestamp,
}

impl Unpacked {
    fn new(archive: &str, installation: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/upgrade");
        let unpacked = Command::new("tar")
            .arg("--extract")
            .arg("--file")
            .arg(archives.join(format!("{archive}.tar")))
            .arg("--directory")
            .arg(folder.path())
            .arg(installation)
            .status()
            .unwrap();
        assert!(unpacked.success(), "{archive}");
        let top = folder.path().join(installation);
        for kept in ["data", "data.keep"] {
            private(&top.join(kept));
        }
        let at = fs::read_to_string(top.join("at")).unwrap();
        Self {
            data: top.join("data"),
            at: Timestamp::from_unix_millis(at.trim_end().parse().unwrap()),
            _folder: folder,
        }
    }

    async fn open(&self, later: Duration) -> Strongroom {
        let clock = Arc::new(self.at.saturating_add(later));
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_clock(clock);
        let room = Strongroom::open(&self.data, &options).await.unwrap();
        room.maintenance().run_due().await.unwrap();
        room
    }

    fn program(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_strongroom"))
            .args(args)
            .arg("--json")
            .env("STRONGROOM_DATA", &self.data)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn done(&self, args: &[&str]) -> Vec<u8> {
        let output = self.program(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        output.stdout
    }
}

/// Gives a folder and all below it the modes that the program makes them with.
fn private(path: &Path) {
    let folder = path.is_dir();
    let mode = if folder { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if folder {
        for entry in fs::read_dir(path).unwrap() {
            private(&entry.unwrap().path());
        }
    }
}

fn each() -> impl Iterator<Item = Unpacked> {
    ARCHIVES.iter().flat_map(|archive| {
        let unpacked = |installation: &&str| Unpacked::new(archive, installation);
        INSTALLATIONS.iter().map(unpacked)
    })
}

async fn reads_back(room: &Strongroom, resource: &str, paths: &[&str]) {
    let handle = room.resource(&resource.parse().unwrap()).await.unwrap();
    let store = handle.store().await.unwrap();
    for path in paths {
        let found = store.get(&(*path).into()).await.unwrap();
        let found = found.bytes().await.unwrap();
        assert!(found == content(resource, path), "{resource}/{path}");
    }
}

async fn denied(room: &Strongroom, resource: &str) {
    use strongroom_base::{Outcome as _, OutcomeKind};

    let handle = room.resource(&resource.parse().unwrap()).await.unwrap();
    let refused = match handle.store().await {
        Ok(store) => strongroom::Error::from(store.get(&"set".into()).await.unwrap_err()),
        Err(error) => error,
    };
    assert_eq!(refused.kind(), OutcomeKind::Denied, "{refused}");
}

#[tokio::test]
async fn what_was_stored_opens_verifies_and_reads_back_at_its_own_time() {
    for unpacked in each() {
        let room = unpacked.open(Duration::ZERO).await;
        room.verify_audit().await.unwrap();
        for (resource, paths) in READABLE {
            reads_back(&room, resource, paths).await;
        }
        denied(&room, LOCKED.0).await;

        // Nothing was purged, and what was deleted comes back.
        for (resource, paths) in DELETED {
            let handle = room.resource(&resource.parse().unwrap()).await.unwrap();
            let view = handle.show().await.unwrap();
            assert!(
                matches!(view.state, ResourceState::Deleted { .. }),
                "{view:?}"
            );
            handle.recover().await.unwrap();
            if *resource == "gone" {
                reads_back(&room, resource, paths).await;
            } else {
                // Its identity is another now (R12).
                denied(&room, resource).await;
            }
        }
        room.verify_audit().await.unwrap();
        room.close().await.unwrap();
    }
}

#[tokio::test]
async fn i09_changes_of_key_that_were_cut_off_are_settled_once_their_claims_are_over() {
    for unpacked in each() {
        let room = unpacked.open(CLAIM_IS_OVER).await;
        let mut customers = Vec::new();
        for resource in ["cut-preparing", "cut-proven", "cut-switched"] {
            let handle = room.resource(&resource.parse().unwrap()).await.unwrap();
            let encryption = handle.show().await.unwrap().encryption;
            assert!(encryption.change.is_none(), "{resource}: {encryption:?}");
            if !matches!(encryption.source, KeySource::ServiceManaged { .. }) {
                customers.push(resource);
            }
            reads_back(&room, resource, &["before"]).await;
        }
        assert!(customers.contains(&"cut-switched"), "{customers:?}");
        room.verify_audit().await.unwrap();
        room.close().await.unwrap();

        // And once more, in what was written by then.
        let room = unpacked.open(CLAIM_IS_OVER).await;
        for (resource, paths) in READABLE {
            reads_back(&room, resource, paths).await;
        }
        room.verify_audit().await.unwrap();
        room.close().await.unwrap();
    }
}

#[test]
fn by_todays_program_what_was_stored_is_there_but_for_what_is_due() {
    let now = strongroom::SystemClock.now();
    for unpacked in each() {
        unpacked.done(&["audit", "verify"]);
        for (resource, paths) in READABLE {
            for path in *paths {
                let address = format!("{resource}/{path}");
                assert!(
                    unpacked.done(&["cat", &address]) == content(resource, path),
                    "{address}"
                );
            }
        }
        let far = ["--subscription", "other", "-g", "more", "cat", "far/one"];
        assert_eq!(unpacked.done(&far), b"far/one\n");

        // A revocation holds, and its end gives everything back (R17, I3).
        let (locked, paths) = LOCKED;
        for path in paths {
            let address = format!("{locked}/{path}");
            assert_eq!(unpacked.program(&["cat", &address]).status.code(), Some(4));
        }
        unpacked.done(&["key", "enable", "contoso", "locked"]);
        for path in paths {
            let address = format!("{locked}/{path}");
            assert_eq!(unpacked.done(&["cat", &address]), content(locked, path));
        }

        // A resource is kept for 48 hours after it was deleted, the vault for seven days.
        let over = |days: u64| {
            let kept = Duration::from_hours(24 * days);
            now > unpacked.at.saturating_add(kept)
        };
        for (resource, _) in DELETED {
            assert!(
                there(&unpacked, &["resource", "list"], resource) || over(2),
                "{resource}"
            );
        }
        assert!(there(&unpacked, &["vault", "list"], "former") || over(7));
        for vault in ["contoso", "roles", "closed"] {
            assert!(there(&unpacked, &["vault", "list"], vault), "{vault}");
        }
        for principal in ["bob", "carol"] {
            assert!(
                there(&unpacked, &["principal", "list"], principal),
                "{principal}"
            );
        }
        unpacked.done(&["audit", "verify"]);
    }
}

/// Whether a listing names something.
fn there(unpacked: &Unpacked, list: &[&str], name: &str) -> bool {
    let lines = String::from_utf8(unpacked.done(list)).unwrap();
    lines.lines().any(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        value.get("name").and_then(Value::as_str) == Some(name)
    })
}
