//! The writer of the data folder changes its settings file, takes it away, or plants others beside it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_tests::database::edit;
use strongroom_tests::desk::Desk;

use super::desk;

const SETTINGS: &str = "data/installation.json";

fn change(desk: &Desk, member: &str, value: Value) {
    let path = desk.path(SETTINGS);
    let mut settings: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let members = settings.as_object_mut().unwrap();
    members.insert(member.to_owned(), value);
    fs::write(path, settings.to_string()).unwrap();
}

fn is_refused(desk: &Desk, args: &[&str]) {
    let refused = desk.fails(args);
    let expected = (Some(6), "ForgedSettings");
    assert_eq!(
        (refused.exit, refused.code.as_str()),
        expected,
        "{refused:?}"
    );
}

#[test]
fn a_settings_file_that_says_something_else_than_the_ledger_is_not_obeyed() {
    let id = "0a".repeat(16);
    let cases = [
        ("dev", json!(true)),
        ("audit_heads", json!("elsewhere")),
        ("administrator", json!(id)),
        ("tenant", json!(id)),
        ("subscription", json!(id)),
        ("group", json!(id)),
        ("id", json!(id)),
        ("region", json!("elsewhere")),
        ("format", json!(1)),
    ];
    for (member, value) in cases {
        let desk = desk();
        desk.ok(&["resource", "create", "notes"]);
        let before = fs::read(desk.path(SETTINGS)).unwrap();
        change(&desk, member, value);
        for args in [
            ["audit", "verify"].as_slice(),
            &["resource", "export-key", "notes"],
            &["resource", "list"],
        ] {
            is_refused(&desk, args);
        }
        fs::write(desk.path(SETTINGS), before).unwrap();
        desk.ok(&["audit", "verify"]);
    }
}

#[test]
fn r18_a_tail_that_was_cut_is_found_wherever_the_settings_say_the_heads_are() {
    let desk = desk();
    for name in ["one", "two"] {
        desk.ok(&["resource", "create", name]);
    }
    let cut = "DELETE FROM audit_entries WHERE chain <> 'revisions' AND sequence > 3; \
         UPDATE audit_heads SET (sequence, tag) = (SELECT sequence, tag FROM audit_entries AS e \
         WHERE e.chain = audit_heads.chain ORDER BY sequence DESC LIMIT 1)";
    edit(&desk.path("data/ledger.db"), cut);
    change(&desk, "audit_heads", json!("heads-of-mine"));
    is_refused(&desk, &["audit", "verify"]);
    change(&desk, "audit_heads", json!("../data.keep/audit-heads"));
    let found = desk.fails(&["audit", "verify"]);
    assert_eq!(found.code, "AuditTailCut", "{found:?}");
}

#[test]
fn a_planted_clock_is_not_obeyed_where_the_installation_was_not_made_for_it() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    desk.ok(&["resource", "delete", "notes"]);
    desk.file("data/clock.json", br#"{"ahead":9000000000}"#);
    assert!(desk.ok(&["resource", "list"]).contains("notes"));
    change(&desk, "dev", json!(true));
    is_refused(&desk, &["resource", "list"]);
    change(&desk, "dev", json!(false));
    assert!(desk.ok(&["resource", "list"]).contains("notes"));
}

#[test]
fn whoever_has_the_root_key_writes_the_settings_anew() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    // Changed by somebody: what the ledger says is written again.
    change(&desk, "dev", json!(true));
    desk.ok(&["relocate"]);
    let refused = desk.fails(&["resource", "export-key", "notes"]);
    assert_eq!(refused.code, "DevInstallationRequired", "{refused:?}");

    // Moved to other places.
    fs::create_dir(desk.path("safe")).unwrap();
    for kept in ["root.key", "audit-heads"] {
        let from = desk.path(&format!("data.keep/{kept}"));
        fs::rename(from, desk.path(&format!("safe/{kept}"))).unwrap();
    }
    let unreadable = desk.fails(&["audit", "verify"]);
    assert_eq!(unreadable.code, "RootKeyUnreadable", "{unreadable:?}");
    let heads = desk.path("safe/audit-heads");
    let before = fs::read(&heads).unwrap();
    desk.ok(&[
        "relocate",
        "--root-key",
        "file:safe/root.key",
        "--audit-heads",
        "safe/audit-heads",
    ]);
    desk.ok(&["audit", "verify"]);
    assert!(fs::read(&heads).unwrap().len() > before.len());
    let recorded = desk.ok(&["audit", "show"]);
    assert!(recorded.contains("InstallationRelocate"), "{recorded}");

    // Lost.
    fs::remove_file(desk.path(SETTINGS)).unwrap();
    let lost = desk.fails(&["audit", "verify"]);
    assert_eq!((lost.exit, lost.code.as_str()), (Some(6), "SettingsLost"));
    desk.ok(&["relocate", "--root-key", "file:safe/root.key"]);
    desk.ok(&["audit", "verify"]);

    // Nobody else.
    let other = desk.folder().join("other.key");
    let line = fs::read_to_string(desk.path("safe/root.key")).unwrap();
    let wrong = line.replace("key-1:", "key-1:A");
    fs::write(
        &other,
        wrong.chars().take(line.len() - 1).collect::<String>(),
    )
    .unwrap();
    private(&other);
    let refused = desk.run(&["relocate", "--root-key", "file:other.key"]);
    assert!(!refused.status.success());
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn i03_init_removes_no_installation_whose_settings_were_lost() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let key = fs::read_to_string(desk.path(SETTINGS)).unwrap();
    let key: Value = serde_json::from_str(&key).unwrap();
    for left in [
        "",
        "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        key["root_key_id"].as_str().unwrap(),
    ] {
        desk.file("data/installation.json.new", left.as_bytes());
        fs::remove_file(desk.path(SETTINGS)).unwrap();
        let refused = desk.fails(&["init"]);
        assert_eq!(refused.exit, Some(2), "{refused:?}");
        desk.ok(&["relocate", "--root-key", "file:data.keep/root.key"]);
        assert!(desk.ok(&["resource", "list"]).contains("notes"));
        // An installation that is there is not being made.
        assert!(!desk.path("data/installation.json.new").exists());
    }
    // A link there leads nowhere.
    let elsewhere = desk.file("elsewhere", b"mine");
    for planted in ["installation.json.new", "installation.json.draft"] {
        std::os::unix::fs::symlink(&elsewhere, desk.path(&format!("data/{planted}"))).unwrap();
    }
    desk.ok(&["relocate"]);
    desk.ok(&["audit", "verify"]);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
}
