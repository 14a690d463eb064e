//! Attack 8: who made a key be used must not be somebody who was there before.

use serde_json::Value;

use super::desk;

fn last_unwrap(desk: &strongroom_tests::desk::Desk) -> Value {
    let shown = desk.json_lines(&["audit", "show", "-n", "50"]);
    let mut unwraps = shown.into_iter().filter(|record| {
        let operation = record["operation"].as_str().unwrap();
        ["UnwrapKey", "KeyUnwrap"].contains(&operation)
    });
    unwraps.next_back().unwrap()
}

#[test]
fn r18_the_audit_names_for_whom_a_key_was_used() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let file = desk.file("greeting", b"hello");
    desk.ok(&["put", file.to_str().unwrap(), "notes/"]);
    let bob = desk.json(&["principal", "create", "bob"]);
    let bob = bob["id"].as_str().unwrap();
    let role = "Cognitive Services Data Reader";
    for role in ["Reader", role] {
        desk.ok(&[
            "role",
            "assign",
            role,
            "--assignee",
            bob,
            "--resource",
            "notes",
        ]);
    }
    assert_eq!(desk.ok(&["cat", "notes/greeting", "--as", "bob"]), "hello");
    let by_the_service = last_unwrap(&desk);
    assert_eq!(by_the_service["operation"], "UnwrapKey");
    assert_eq!(by_the_service["onBehalfOf"]["principal"], bob);
    assert_ne!(by_the_service["principal"], bob);
    let shown = desk.ok(&["audit", "show"]);
    assert!(shown.contains(bob), "{shown}");

    desk.ok(&["vault", "create", "contoso", "--purge-protection"]);
    let uri = desk.ok(&["key", "create", "contoso", "docs"]);
    desk.ok(&["resource", "identity", "enable", "notes"]);
    desk.ok(&["vault", "grant", "contoso", "--resource", "notes"]);
    let set = ["resource", "encryption", "set", "notes", "--key"];
    desk.ok(&[&set[..], &[uri.trim()]].concat());
    assert_eq!(desk.ok(&["cat", "notes/greeting", "--as", "bob"]), "hello");
    let by_the_identity = last_unwrap(&desk);
    assert_eq!(by_the_identity["operation"], "KeyUnwrap");
    assert_eq!(by_the_identity["onBehalfOf"]["principal"], bob);
    assert_ne!(by_the_identity["principal"], bob);
    assert_ne!(by_the_identity["principal"], by_the_service["principal"]);
    desk.ok(&["audit", "verify"]);
}
