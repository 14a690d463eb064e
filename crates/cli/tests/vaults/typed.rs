//! The command line, as it is typed: lists, times, and what cannot be read.

use serde_json::Value;

use crate::desk::Desk;

#[test]
fn a_list_of_words_leaves_what_follows_it_alone() {
    let desk = Desk::new();
    desk.ok("vault create --purge-protection contoso");
    for (name, ops) in [("docs", "wrapKey unwrapKey"), ("more", "wrapKey,unwrapKey")] {
        let made = desk.json(&format!("key create --ops {ops} contoso {name}"));
        assert_eq!(made["keyOps"], serde_json::json!(["wrapKey", "unwrapKey"]));
    }
    let me = "00000000-0000-0000-0000-000000000001";
    desk.ok(&format!(
        "vault grant --key-permissions get list --object-id {me} contoso"
    ));
    desk.ok(&format!(
        "vault revoke --key-permissions get,list contoso --object-id {me}"
    ));
    desk.ok("vault update --rbac false contoso");
}

#[test]
fn a_time_is_a_date_or_has_its_zone_and_can_be_taken_away() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    desk.ok("key create contoso docs");
    for (given, shown) in [
        ("2027-01-31", "2027-01-31T00:00:00.000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
    ] {
        let changed = desk.json(&format!("key update contoso docs --expires {given}"));
        assert_eq!(changed["expires"], shown);
        let made = desk.json(&format!("key create contoso dated --expires {given}"));
        assert_eq!(made["expires"], shown);
    }
    desk.ok("key update contoso docs --not-before 2026-01-01");
    let changed = desk.json("key update contoso docs --expires none");
    assert_eq!(changed["expires"], Value::Null);
    assert_eq!(changed["notBefore"], "2026-01-01T00:00:00.000Z");
    let changed = desk.json("key update contoso docs --not-before none");
    assert_eq!(changed["notBefore"], Value::Null);
    for unclear in ["soon", "31.1.2027", "2027-01-31T12:00:00", "1969-12-31"] {
        let (exit, code, told) =
            desk.fails(&format!("key update contoso docs --expires {unclear}"));
        assert_eq!((exit, code.as_str()), (2, "UsageError"));
        assert!(told.contains("2027-01-31"), "{told}");
    }
}

#[test]
fn a_command_line_that_cannot_be_read_is_told_in_json_where_json_is_asked_for() {
    let desk = Desk::new();
    for line in [
        "--json frobnicate",
        "resource create --tier S9 notes --json",
        "key --json",
        "--json",
        "vault grant contoso --json",
        "resource show notes --json --colour",
    ] {
        let output = desk.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(output.stdout.is_empty(), "{line}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.lines().count(), 1, "{line}: {told}");
        let error: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(error["error"]["code"], "UsageError", "{line}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(
            !message.is_empty() && !message.contains("Usage:"),
            "{line}: {message}"
        );
    }
    // For people it stays as it was, and help is no failure.
    let output = desk.run("frobnicate");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage:"));
    assert!(
        desk.ok("key disable --help --json")
            .contains("--all-versions")
    );
}
