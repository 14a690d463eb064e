//! 17: after a rotation, the emergency command disables a version that nobody uses, and says done.

use serde_json::Value;

#[test]
fn r17_to_disable_a_key_after_a_rotation_warns_of_what_goes_on_and_all_versions_stop_it() {
    let desk = crate::desk();
    desk.ok(&["vault", "create", "contoso", "--purge-protection"]);
    let first = desk.json(&["key", "create", "contoso", "docs"])["kid"].clone();
    let first = first.as_str().unwrap();
    desk.ok(&["resource", "create", "notes"]);
    desk.file("f", b"hello");
    desk.ok(&["put", "f", "notes/f"]);
    desk.ok(&["resource", "encryption", "set", "notes", "--key", first]);
    desk.ok(&["key", "rotate", "contoso", "docs"]);

    let disable = ["key", "disable", "contoso", "docs"];
    let answer = desk.json(&disable);
    let warning = &answer["warning"];
    let command = "strongroom key disable contoso docs --all-versions";
    assert_eq!(warning["code"], "OlderVersionsInUse");
    assert_eq!(warning["resources"], 1);
    assert_eq!(warning["versions"][0]["kid"], first);
    assert_eq!(warning["command"], command);
    assert_eq!(desk.read("notes/f"), b"hello");

    // A second time nothing changes, and it is still not what stops the resource.
    let again = desk.run(&disable);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.success() && again.stdout.starts_with(b"no change needed"));
    assert!(
        said.contains("1 resource") && said.contains(command),
        "{said}"
    );

    let answer = desk.json(&["key", "disable", "contoso", "docs", "--all-versions"]);
    assert_eq!(answer["changed"], true);
    assert_eq!(answer["warning"], Value::Null);
    assert_eq!(desk.fails(&["cat", "notes/f"]).code, "KeyDisabled");

    // The same on the way back.
    let answer = desk.json(&["key", "enable", "contoso", "docs"]);
    let command = "strongroom key enable contoso docs --all-versions";
    assert_eq!(answer["warning"]["command"], command);
    assert_eq!(desk.fails(&["cat", "notes/f"]).code, "KeyDisabled");
    desk.ok(&["key", "enable", "contoso", "docs", "--all-versions"]);
    assert_eq!(desk.read("notes/f"), b"hello");
    desk.ok(&["audit", "verify"]);
}
