//! What is so already is done, is said in one line, and changes nothing but the audit (I8).

use crate::desk::Desk;

/// What most of these lines would change.
fn shown(desk: &Desk) -> String {
    [
        "resource list",
        "vault list",
        "key list-versions contoso docs",
        "role list",
    ]
    .map(|line| desk.ok(&format!("{line} --json")))
    .concat()
}

#[test]
fn i08_what_is_so_already_is_a_success_and_changes_nothing() {
    let desk = Desk::new();
    let uri = desk.under_a_key();
    desk.ok("principal create bob");
    desk.ok("resource create plain --tier S0");
    let group = desk.json("group list")["uid"].as_str().unwrap().to_owned();
    let home = desk.json("resource show notes")["tenant"]
        .as_str()
        .unwrap()
        .to_owned();
    for line in [
        "resource update notes --tier S0",
        "resource identity enable plain",
        "resource identity disable plain",
        "vault grant contoso --resource notes",
        "vault update contoso --purge-protection",
        "vault update contoso --rbac false",
        "vault firewall contoso --default-action Allow --bypass AzureServices",
        "key enable contoso docs",
        "key disable contoso docs",
        "key enable contoso docs --all-versions",
        "key update contoso docs --ops wrapKey,unwrapKey",
        "key update contoso docs --expires 2090-01-31",
        "key update contoso docs --expires none",
        "key rotation-policy contoso docs --after-create 30",
        "principal disable bob",
        "principal enable bob",
        "role assign Contributor --assignee bob --resource notes",
        "role remove Contributor --assignee bob --resource notes",
        "subscription disable default",
        "subscription enable default",
        "subscription rename default --name default",
        "key recover contoso docs",
        "vault recover contoso",
        "resource recover notes",
        "resource encryption reset plain",
        &format!("resource encryption set notes --key {uri}"),
        &format!("resource move notes --destination-group {group}"),
        &format!("vault move contoso --destination-group {group}"),
        &format!("subscription move default --tenant {home}"),
        "group move default --destination-subscription default",
        "vault revoke contoso --object-id 00000000-0000-0000-0000-000000000001 --key-permissions get",
    ] {
        desk.ok(line);
        let before = shown(&desk);
        let answer = desk.json(line);
        assert_eq!(answer["changed"], false, "{line}: {answer}");
        let told = desk.ok(line);
        assert!(told.starts_with("no change needed"), "{line}: {told}");
        assert_eq!(told.lines().count(), 1, "{line}: {told}");
        assert_eq!(shown(&desk), before, "{line}");
    }
    assert_eq!(desk.ok("cat notes/f"), "hello");

    for line in [
        "key delete contoso docs",
        "vault delete contoso",
        "resource delete notes",
    ] {
        assert_eq!(desk.json(line)["changed"], true, "{line}");
        assert_eq!(desk.json(line)["changed"], false, "{line}");
    }
    let explained = desk.json("explain update plain --tier S0");
    assert_eq!(explained["wouldWork"], true);
    assert_eq!(explained["wouldChange"], false);
    desk.ok("audit verify");
}

#[test]
fn r18_what_was_so_already_is_on_record_as_what_it_was() {
    let desk = Desk::new();
    desk.ok("resource create notes --tier S0");
    desk.ok("resource update notes --tier S0");
    let newest = desk.json("audit show -n 1");
    assert_eq!(newest["operation"], "ResourceUpdate");
    assert_eq!(newest["result"], "NoOp");
}
