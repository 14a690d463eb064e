//! The program as people and scripts meet it: exit codes, JSON, files with any name, the tour.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with an installation in it, and the program to use it with.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn bare() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn with_installation() -> Self {
        let desk = Self::bare();
        desk.ok(&["init"]);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(args).current_dir(self.folder.path());
        command
            .env("STRONGROOM_DATA", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap()
    }

    fn ok<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.run(args);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one JSON line that a verb answers.
    fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        serde_json::from_str(self.ok(&args).trim_end()).unwrap()
    }

    /// The exit code of a failing verb, and the code and message that it tells programs.
    fn fails(&self, args: &[&str]) -> (i32, String, String) {
        let args: Vec<&str> = args.iter().chain(&["--json"]).copied().collect();
        let output = self.run(&args);
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        let text = |pointer| error.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let code = output.status.code().unwrap();
        (code, text("/error/code"), text("/error/message"))
    }

    fn put_from_stdin(&self, bytes: &[u8], to: &str) {
        let mut child = self
            .command(&["put", "-", to])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

/// Every file and link below a folder: its path, and its bytes or what it leads to.
fn contents(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let name = path.strip_prefix(folder).unwrap().as_os_str().to_owned();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.insert(name, [b"-> ", target.as_os_str().as_bytes()].concat());
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A folder with every kind of name that a file system takes.
fn odd_folder(folder: &Path) {
    let names: [&[u8]; 14] = [
        b"plain.txt",
        b"two words",
        "h\u{e9}h\u{e9} \u{1f512}".as_bytes(),
        b"half#1",
        b"100%41",
        b"it's \"quoted\"",
        b"new\nline",
        b"\xff\xfe not text",
        &[b'x'; 255],
        b".hidden",
        b"back\\slash",
        b"-dash",
        b"dot.",
        b"a%@",
    ];
    let inner = folder.join(OsStr::from_bytes(&[b'd'; 255])).join("in ner");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir(folder.join("empty folder")).unwrap();
    for (number, name) in names.iter().enumerate() {
        let place = if number % 2 == 0 { folder } else { &inner };
        let bytes: Vec<u8> = (0..number * 9_000)
            .map(|i| (i * 31 + number).to_le_bytes()[0])
            .collect();
        fs::write(place.join(OsStr::from_bytes(name)), bytes).unwrap();
    }
    fs::write(folder.join("large"), vec![7; 20 << 20]).unwrap();
    symlink("nowhere/at all", folder.join("dangling")).unwrap();
    symlink("/etc", folder.join("outside")).unwrap();
}

#[test]
fn r01_a_folder_with_any_names_goes_in_and_comes_back() {
    let desk = Desk::with_installation();
    odd_folder(&desk.path("folder"));
    let before = contents(&desk.path("folder"));
    desk.ok(&["resource", "create", "notes"]);
    let stored = desk.json(&["put", "folder", "notes/kept/"]);
    assert_eq!(stored["files"], before.len());

    let listed = desk.ok(&["ls", "-r", "--json", "notes"]);
    assert_eq!(listed.lines().count(), before.len());

    desk.ok(&["get", "notes/kept/folder", "restored"]);
    assert_eq!(contents(&desk.path("restored")), before);
    desk.ok(&["get", "notes", "all"]);
    assert_eq!(contents(&desk.path("all").join("kept/folder")), before);

    let again = desk.fails(&["get", "notes/kept/folder", "all/kept"]);
    assert_eq!((again.0, again.1.as_str()), (3, "FileExists"));
    desk.ok(&["get", "--force", "notes/kept/folder", "all/kept"]);

    let removed = desk.json(&["rm", "-r", "notes/kept"]);
    assert_eq!(removed["removed"], before.len());
    assert_eq!(desk.ok(&["ls", "-r", "--json", "notes"]), "");
}

#[test]
fn standard_input_and_output_carry_any_bytes() {
    let desk = Desk::with_installation();
    desk.ok(&["resource", "create", "notes"]);
    let bytes: Vec<u8> = (0..9 << 20)
        .map(|i: u32| (i * 7).to_le_bytes()[1])
        .collect();
    desk.put_from_stdin(&bytes, "notes/a/b");
    assert_eq!(desk.run(&["cat", "notes/a/b"]).stdout, bytes);
    assert_eq!(desk.run(&["get", "notes/a/b", "-"]).stdout, bytes);
    assert_eq!(desk.json(&["stat", "notes/a/b"])["size"], bytes.len());
    assert_eq!(desk.fails(&["put", "-", "notes"]).1, "StandardInput");
    assert_eq!(desk.fails(&["get", "notes/a", "-"]).1, "IsFolder");
}

#[test]
fn what_is_stored_never_decides_where_it_is_written() {
    let desk = Desk::with_installation();
    desk.ok(&["resource", "create", "notes"]);
    desk.put_from_stdin(b"x", "notes/trap/file");
    fs::create_dir(desk.path("outside")).unwrap();
    fs::create_dir(desk.path("target")).unwrap();
    symlink(desk.path("outside"), desk.path("target").join("trap")).unwrap();
    let refused = desk.fails(&["get", "notes/", "target"]);
    assert_eq!((refused.0, refused.1.as_str()), (3, "ThroughSymbolicLink"));
    assert!(contents(&desk.path("outside")).is_empty());
}

#[test]
fn a_file_that_becomes_a_link_is_a_link_alone() {
    let desk = Desk::with_installation();
    desk.ok(&["resource", "create", "notes"]);
    fs::write(desk.path("it"), "a file").unwrap();
    desk.ok(&["put", "it", "notes"]);
    fs::remove_file(desk.path("it")).unwrap();
    symlink("elsewhere", desk.path("it")).unwrap();
    desk.ok(&["put", "it", "notes"]);
    desk.ok(&["get", "notes", "out"]);
    let expected = [(OsString::from("it"), b"-> elsewhere".to_vec())].into();
    assert_eq!(contents(&desk.path("out")), expected);
}

#[test]
fn every_failure_has_its_exit_code_and_says_what_would_mend_it() {
    let desk = Desk::bare();
    let none = desk.fails(&["resource", "list"]);
    assert_eq!((none.0, none.1.as_str()), (2, "NoInstallation"));
    assert!(none.2.contains("strongroom init"), "{}", none.2);

    desk.ok(&["init"]);
    let twice = desk.fails(&["init"]);
    assert_eq!((twice.0, twice.1.as_str()), (2, "DataFolderOccupied"));
    let missing = desk.fails(&["resource", "show", "notes"]);
    assert_eq!((missing.0, missing.1.as_str()), (2, "ResourceNotFound"));

    desk.ok(&["resource", "create", "notes"]);
    let taken = desk.fails(&["resource", "create", "Notes"]);
    assert_eq!((taken.0, taken.1.as_str()), (3, "ResourceNameTaken"));
    let alive = desk.fails(&["resource", "purge", "notes"]);
    assert_eq!((alive.0, alive.1.as_str()), (3, "ResourceNotDeleted"));
    assert!(
        alive.2.contains("strongroom resource delete"),
        "{}",
        alive.2
    );
    let nothing = desk.fails(&["cat", "notes/nothing"]);
    assert_eq!((nothing.0, nothing.1.as_str()), (2, "ObjectNotFound"));

    desk.ok(&["resource", "delete", "notes"]);
    let deleted = desk.fails(&["ls", "notes"]);
    assert_eq!((deleted.0, deleted.1.as_str()), (3, "ResourceDeleted"));
    assert!(
        deleted.2.contains("strongroom resource recover"),
        "{}",
        deleted.2
    );

    let key = desk.path("data.keep/root.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = desk.fails(&["resource", "list"]);
    assert_eq!((exposed.0, exposed.1.as_str()), (3, "RootKeyExposed"));
    assert!(exposed.2.contains("chmod 600"), "{}", exposed.2);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(
        &key,
        "strongroom-root-key-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    )
    .unwrap();
    let other = desk.fails(&["resource", "list"]);
    assert_eq!((other.0, other.1.as_str()), (2, "OtherRootKey"));
}

#[test]
fn a_damaged_object_is_named_and_ends_with_six() {
    let desk = Desk::with_installation();
    desk.ok(&["resource", "create", "notes"]);
    desk.put_from_stdin(b"precious", "notes/a/b");
    let uid = desk.json(&["resource", "show", "notes"])["uid"]
        .as_str()
        .unwrap()
        .to_owned();
    let stored = desk.path("data/objects/r").join(uid).join("o/a/b");
    let mut bytes = fs::read(&stored).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&stored, bytes).unwrap();
    let (code, name, message) = desk.fails(&["cat", "notes/a/b"]);
    assert_eq!((code, name.as_str()), (6, "AuthenticationFailed"));
    assert!(message.contains("`a/b`"), "{message}");
}

#[test]
fn a_life_of_a_resource_in_json() {
    let desk = Desk::bare();
    let made = desk.json(&["init", "--dev"]);
    for field in [
        "data",
        "rootKey",
        "rootKeyId",
        "auditHeads",
        "tenant",
        "subscription",
        "group",
        "administrator",
    ] {
        assert!(made[field].is_string(), "{field}: {made}");
    }
    assert_eq!(
        (&made["region"], &made["dev"]),
        (&"local".into(), &true.into())
    );

    let created = desk.json(&[
        "resource",
        "create",
        "notes",
        "--tier",
        "E0",
        "--binding",
        "resource",
    ]);
    assert_eq!(created["tier"], "E0");
    assert_eq!(created["binding"], "resource");
    assert_eq!(created["state"], "active");
    assert_eq!(created["encryption"]["keySource"], "ServiceManaged");
    assert_eq!(
        desk.json(&["resource", "delete", "notes"])["state"],
        "deleted"
    );
    assert_eq!(desk.json(&["resource", "list"])["state"], "deleted");
    assert_eq!(
        desk.json(&["resource", "recover", "notes"])["state"],
        "active"
    );
    desk.ok(&["resource", "delete", "notes"]);
    assert_eq!(
        desk.json(&["resource", "purge", "notes"])["purged"],
        "notes"
    );
    assert_eq!(desk.ok(&["resource", "list", "--json"]), "");

    let verified = desk.json(&["audit", "verify"]);
    assert_eq!(verified["verified"], true);
    let exported = desk.ok(&["audit", "export"]);
    let operations: Vec<String> = exported
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["operation"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        operations,
        [
            "TenantCreate",
            "PrincipalCreate",
            "RoleAssign",
            "SubscriptionCreate",
            "GroupCreate",
            "InstallationCreate",
            "ServiceKeyCreate",
            "GenerationCreate",
            "WrapKey",
            "ResourceCreate",
            "ResourceDelete",
            "ResourceRecover",
            "ResourceDelete",
            "ResourcePurge",
            "ServiceKeyDestroy",
            "GenerationDestroy",
        ]
    );
    assert_eq!(verified["records"], operations.len());
    let last = desk.ok(&["audit", "show", "-n", "2", "--json"]);
    assert_eq!(last.lines().count(), 2);
}

#[test]
fn the_root_key_comes_from_the_environment_or_a_credential_too() {
    let desk = Desk::with_installation();
    let text = fs::read_to_string(desk.path("data.keep/root.key")).unwrap();
    let with_key = |data: &str, source: &str| {
        let mut command = desk.command(&["--data", data, "init", "--root-key", source]);
        command
            .env("KEY", &text)
            .env("CREDENTIALS_DIRECTORY", desk.path("data.keep"));
        assert!(command.status().unwrap().success(), "{source}");
        let mut command = desk.command(&["--data", data, "resource", "create", "notes"]);
        command
            .env("KEY", &text)
            .env("CREDENTIALS_DIRECTORY", desk.path("data.keep"));
        assert!(command.status().unwrap().success(), "{source}");
        assert!(!contents(&desk.path(data)).values().any(|bytes| {
            bytes
                .windows(text.trim().len())
                .any(|window| window == text.trim().as_bytes())
        }));
        desk.fails(&["--data", data, "resource", "list"])
    };
    assert_eq!(with_key("by-environment", "env:KEY").1, "RootKeyUnreadable");
    assert_eq!(
        with_key("by-credential", "credential:root.key").1,
        "RootKeyUnreadable"
    );
}

#[test]
fn what_is_piped_is_plain() {
    let desk = Desk::with_installation();
    desk.ok(&["resource", "create", "notes"]);
    for args in [
        &["resource", "show", "notes"][..],
        &["resource", "list"],
        &["audit", "show"],
    ] {
        let output = desk.run(args);
        assert!(!output.stdout.contains(&0x1b), "{args:?}");
        assert!(!output.stderr.contains(&0x1b), "{args:?}");
    }
}

#[test]
fn i01_the_tour_holds_over_a_folder_with_any_names() {
    let desk = Desk::bare();
    let folder = desk.path("folder");
    odd_folder(&folder);
    fs::write(folder.join(".gitignore"), "ignored\n").unwrap();
    fs::write(folder.join("ignored"), "not taken").unwrap();
    let files = contents(&folder).len() - 1;
    let report = desk.json(&["tour", "folder"]);

    let fields: Vec<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        fields,
        [
            "audit",
            "bytes",
            "canary_hits",
            "files",
            "ok",
            "readback",
            "revocation",
            "rotation",
            "steps"
        ]
    );
    assert_eq!(report["files"], files);
    assert_eq!(report["readback"]["files"], files);
    assert_eq!(report["readback"]["mismatches"], 0);
    assert_eq!(report["canary_hits"], 0);
    assert_eq!(report["audit"]["verified"], true);
    assert_eq!(report["ok"], true);
    for step in report["steps"].as_array().unwrap() {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["name"].is_string() && step["detail"].is_string() && step["rules"].is_array());
    }
    // It makes no use of the data folder that the environment names.
    assert!(!desk.path("data").exists());
}

#[test]
fn a_tour_keeps_the_data_folder_that_it_was_given() {
    let desk = Desk::bare();
    fs::create_dir(desk.path("folder")).unwrap();
    fs::write(desk.path("folder/one"), "a file").unwrap();
    desk.ok(&["--data", "kept", "tour", "folder"]);
    assert_eq!(desk.ok(&["--data", "kept", "cat", "tour/one"]), "a file");
    fs::create_dir(desk.path("nothing")).unwrap();
    assert_eq!(desk.fails(&["tour", "nothing"]).1, "NothingToTour");
}

/// How many resources were destroyed, by what the audit says.
fn destroyed(desk: &Desk) -> usize {
    let audit = desk.ok(&["audit", "export"]);
    audit.matches("\"ResourcePurge\"").count()
}

#[test]
fn i03_a_verb_that_reads_does_nothing_that_is_due_and_one_that_changes_does_some() {
    let desk = Desk::bare();
    desk.ok(&["init", "--dev"]);
    for name in ["notes", "plans", "keeps"] {
        desk.ok(&["resource", "create", name]);
    }
    for name in ["notes", "plans"] {
        desk.ok(&["resource", "delete", name]);
    }
    // The clock as another process would find it: setting it forward does what is due by then.
    let ahead = 49 * 3_600_000;
    let clock = format!("{{\"ahead\":{ahead}}}");
    fs::write(desk.path("data/clock.json"), clock).unwrap();

    for reads in [
        &["ls", "keeps"][..],
        &["resource", "list"],
        &["resource", "show", "keeps"],
        &["explain", "use", "keeps"],
        &["audit", "verify"],
        &["clock", "show"],
    ] {
        let told = desk.ok(reads);
        assert!(!told.contains("notes"), "{told}");
        assert_eq!(destroyed(&desk), 0, "{reads:?}");
    }
    desk.ok(&["resource", "identity", "enable", "keeps"]);
    // Both, unless the first took longer than it should.
    assert!((1..=2).contains(&destroyed(&desk)));
    let done = desk.json(&["maintenance", "run"]);
    assert_eq!(&done["failed"], &Value::from(0));
    assert_eq!(destroyed(&desk), 2);
    assert_eq!(desk.ok(&["maintenance", "run"]), "nothing was due\n");
}

#[test]
fn i03_maintenance_does_all_that_is_due_and_says_how_much() {
    let desk = Desk::bare();
    desk.ok(&["init", "--dev"]);
    for name in ["notes", "plans"] {
        desk.ok(&["resource", "create", name]);
        desk.ok(&["resource", "delete", name]);
    }
    fs::write(desk.path("data/clock.json"), "{\"ahead\":176400000}").unwrap();
    let done = desk.json(&["maintenance", "run"]);
    assert_eq!((&done["items"], &done["failed"]), (&2.into(), &0.into()));
    assert_eq!(destroyed(&desk), 2);
}
