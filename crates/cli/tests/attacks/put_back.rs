//! The writer of the databases puts older rows back: authentic ones, so that their use does not find it.

use std::fs;

use strongroom_tests::database::edit;
use strongroom_tests::desk::Desk;

use super::{customer_key, desk};

const KEY: &str = "key/contoso/docs";

/// Keeps a copy of the databases as they are now.
fn keep(desk: &Desk) {
    for database in ["ledger", "service-keys"] {
        let from = desk.path(&format!("data/{database}.db"));
        fs::copy(from, desk.path(&format!("{database}.before"))).unwrap();
    }
}

/// Changes the ledger with the kept one at hand, as `old`.
fn tamper(desk: &Desk, statements: &str) {
    let old = desk.path("ledger.before");
    let statements = format!("ATTACH '{}' AS old; {statements}", old.display());
    edit(&desk.path("data/ledger.db"), &statements);
}

/// Puts rows back as they were kept.
fn put_back(desk: &Desk, which: &str) {
    let statements = format!(
        "UPDATE main.aggregates SET (version, revision, state) = (SELECT version, revision, state \
         FROM old.aggregates AS kept WHERE kept.id = main.aggregates.id) WHERE id LIKE '{which}'"
    );
    tamper(desk, &statements);
}

fn is_found(desk: &Desk, code: &str) {
    let found = desk.fails(&["audit", "verify"]);
    assert_eq!(
        (found.exit, found.code.as_str()),
        (Some(6), code),
        "{found:?}"
    );
}

fn read(desk: &Desk) -> Option<i32> {
    desk.run(&["cat", "notes/greeting"]).status.code()
}

#[test]
fn r17_a_keys_older_row_gives_access_back_and_is_found() {
    let desk = desk();
    customer_key(&desk);
    keep(&desk);
    desk.ok(&["key", "disable", "contoso", "docs"]);
    assert_eq!(read(&desk), Some(4));
    desk.ok(&["audit", "verify"]);

    put_back(&desk, KEY);
    assert_eq!(desk.read("notes/greeting"), b"hello");
    is_found(&desk, "StatePutBack");
    // Whatever comes lawfully on top of it.
    desk.ok(&["key", "rotate", "contoso", "docs"]);
    is_found(&desk, "RevisionRepeated");
    desk.ok(&["key", "delete", "contoso", "docs"]);
    desk.ok(&["key", "recover", "contoso", "docs"]);
    is_found(&desk, "RevisionRepeated");
}

#[test]
fn r17_so_are_those_of_a_vault_a_principal_and_an_access_list() {
    type Taken = &'static [&'static str];
    let cases: [(&str, Taken); 4] = [
        (
            "vault/contoso",
            &["vault", "revoke", "contoso", "--resource", "notes"],
        ),
        (
            "vault/contoso",
            &["vault", "firewall", "contoso", "--default-action", "deny"],
        ),
        ("principal/%", &["principal", "disable", "bob"]),
        (
            "access/%",
            &["role", "remove", "Reader", "--assignee", "bob"],
        ),
    ];
    for (which, taken) in cases {
        let desk = desk();
        customer_key(&desk);
        // The list stays when bob is taken from it.
        for name in ["bob", "carol"] {
            desk.ok(&["principal", "create", name]);
            desk.ok(&["role", "assign", "Reader", "--assignee", name]);
        }
        keep(&desk);
        desk.ok(taken);
        desk.ok(&["audit", "verify"]);
        put_back(&desk, which);
        is_found(&desk, "StatePutBack");
    }
}

#[test]
fn i10_so_is_a_resource_with_its_erased_key() {
    let desk = desk();
    desk.ok(&["vault", "create", "contoso", "--purge-protection"]);
    let uri = desk.ok(&["key", "create", "contoso", "docs"]);
    desk.ok(&["resource", "create", "notes", "--tier", "S0"]);
    let file = desk.file("greeting", b"hello");
    desk.ok(&["put", file.to_str().unwrap(), "notes/"]);
    desk.ok(&["resource", "identity", "enable", "notes"]);
    desk.ok(&["vault", "grant", "contoso", "--resource", "notes"]);
    keep(&desk);
    let set = ["resource", "encryption", "set", "notes", "--key"];
    desk.ok(&[set.as_slice(), &[uri.trim()]].concat());
    desk.ok(&["key", "disable", "contoso", "docs"]);
    assert_eq!(read(&desk), Some(4));

    put_back(&desk, "resource/%");
    fs::copy(
        desk.path("service-keys.before"),
        desk.path("data/service-keys.db"),
    )
    .unwrap();
    assert_eq!(desk.read("notes/greeting"), b"hello");
    is_found(&desk, "StatePutBack");
}

#[test]
fn a_removal_that_was_undone_is_found() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    keep(&desk);
    desk.ok(&["resource", "delete", "notes"]);
    desk.ok(&["resource", "purge", "notes"]);
    desk.ok(&["audit", "verify"]);
    tamper(
        &desk,
        "INSERT INTO main.aggregates SELECT * FROM old.aggregates AS kept \
         WHERE kept.id NOT IN (SELECT id FROM main.aggregates); \
         DELETE FROM main.removals WHERE id IN (SELECT id FROM main.aggregates)",
    );
    is_found(&desk, "StatePutBack");

    // So is one that nobody remembers.
    tamper(
        &desk,
        "DELETE FROM main.aggregates WHERE id LIKE 'resource/%'",
    );
    is_found(&desk, "StateTakenAway");
}

#[test]
fn f36_part_of_a_row_or_another_rows_is_found_at_use_too() {
    let parts = [
        format!(
            "UPDATE main.aggregates SET state = (SELECT state FROM old.aggregates AS kept \
             WHERE kept.id = '{KEY}') WHERE id = '{KEY}'"
        ),
        format!("UPDATE main.aggregates SET revision = revision + 1 WHERE id = '{KEY}'"),
        // Two keys exchange their rows.
        "UPDATE main.aggregates SET (version, revision, state) = (SELECT version, revision, state \
         FROM old.aggregates AS kept WHERE kept.id = CASE main.aggregates.id \
         WHEN 'key/contoso/docs' THEN 'key/contoso/other' ELSE 'key/contoso/docs' END) \
         WHERE id LIKE 'key/%'"
            .to_owned(),
    ];
    for statements in parts {
        let desk = desk();
        customer_key(&desk);
        desk.ok(&["key", "create", "contoso", "other"]);
        keep(&desk);
        desk.ok(&["key", "disable", "contoso", "docs"]);
        tamper(&desk, &statements);
        let used = desk.fails(&["key", "show", "contoso", "docs"]);
        assert_eq!(used.exit, Some(6), "{statements}: {used:?}");
        let found = desk.fails(&["audit", "verify"]);
        assert_eq!(found.exit, Some(6), "{statements}: {found:?}");
    }
}

#[test]
fn what_says_what_became_of_a_row_is_not_taken_away_unseen() {
    let strip = "UPDATE main.audit_entries SET aggregate = '', version = NULL, revision = NULL, \
         removed = NULL, state_tag = NULL WHERE aggregate = 'key/contoso/docs'";
    let drop = "DELETE FROM main.audit_entries WHERE chain = 'revisions'; \
         DELETE FROM main.audit_heads WHERE chain = 'revisions'";
    for (statements, code) in [(strip, "AuditEntryChanged"), (drop, "AuditTailCut")] {
        let desk = desk();
        customer_key(&desk);
        keep(&desk);
        tamper(&desk, statements);
        is_found(&desk, code);
    }
}

/// An index row that leads a name to another resource is damage, also where the name looks like a uid.
#[test]
fn a_row_that_leads_a_name_astray_is_found_at_its_use() {
    const UID: &str = "00112233445566778899aabbccddeeff";
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let astray = format!(
        "INSERT INTO index_rows (name, key, id, is_unique) SELECT name, \
         substr(key, 1, instr(key, '/')) || '{UID}', id, 1 FROM index_rows \
         WHERE name = 'resource.name'"
    );
    edit(&desk.path("data/ledger.db"), &astray);
    for place in [format!("{UID}/greeting"), format!("{UID}/none")] {
        let found = desk.fails(&["cat", &place]);
        let said = (found.exit, found.code.as_str());
        assert_eq!(said, (Some(6), "ForgedIndex"), "{found:?}");
    }
}
