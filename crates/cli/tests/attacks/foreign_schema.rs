//! The writer of the databases leaves behaviour in them: triggers that swallow what is written, a view
//! in a table's place.

use std::fs;
use std::process::Command;

use strongroom_tests::database::edit;
use strongroom_tests::desk::Desk;

use super::{customer_key, desk};

const IGNORE: &str = "BEGIN SELECT RAISE(IGNORE); END";

/// What swallows records, revocations and erasures, and where it is planted.
fn planted() -> Vec<(&'static str, String)> {
    let hush = |database, on: &str| {
        (
            database,
            format!("CREATE TRIGGER hush BEFORE {on} {IGNORE}"),
        )
    };
    vec![
        hush(
            "ledger.db",
            "INSERT ON audit_entries WHEN CAST(NEW.body AS TEXT) LIKE '%KeyUnwrap%'",
        ),
        hush(
            "ledger.db",
            "UPDATE ON audit_heads WHEN NOT EXISTS (SELECT 1 FROM audit_entries e \
             WHERE e.chain = NEW.chain AND e.sequence = NEW.sequence)",
        ),
        hush("ledger.db", "UPDATE ON aggregates WHEN NEW.id LIKE 'key/%'"),
        hush("service-keys.db", "DELETE ON sealed_keys"),
        hush("vault-keys.db", "DELETE ON sealed_keys"),
        (
            "ledger.db",
            format!(
                "ALTER TABLE audit_entries RENAME TO kept; \
                 CREATE VIEW audit_entries AS SELECT * FROM kept; \
                 CREATE TRIGGER hush INSTEAD OF INSERT ON audit_entries {IGNORE}"
            ),
        ),
        (
            "ledger.db",
            "CREATE INDEX more ON aggregates (state)".to_owned(),
        ),
        (
            "ledger.db",
            "ALTER TABLE audit_heads ADD COLUMN more TEXT DEFAULT 'x'".to_owned(),
        ),
    ]
}

/// The installation, with its keep.
fn copy(desk: &Desk, from: &str, to: &str) {
    assert!(fs::create_dir_all(desk.path(to)).is_ok());
    for folder in ["data", "data.keep"] {
        let from = desk.path(from).join(folder);
        let done = Command::new("cp")
            .arg("-a")
            .args([from, desk.path(to)])
            .status();
        assert!(done.is_ok_and(|done| done.success()));
    }
}

#[test]
fn what_was_left_in_a_database_is_damage_for_every_verb() {
    let desk = desk();
    customer_key(&desk);
    copy(&desk, ".", "before");
    for (database, statements) in planted() {
        fs::remove_dir_all(desk.path("data")).unwrap();
        fs::remove_dir_all(desk.path("data.keep")).unwrap();
        copy(&desk, "before", ".");
        let path = desk.path(&format!("data/{database}"));
        edit(&path, &statements);
        let verbs: [&[&str]; 5] = [
            &["cat", "notes/greeting"],
            &["key", "disable", "contoso", "docs"],
            &["resource", "encryption", "reset", "notes"],
            &["audit", "verify"],
            &["resource", "list"],
        ];
        for verb in verbs {
            let failed = desk.fails(verb);
            let told = (failed.exit, failed.code.as_str());
            assert_eq!(told, (Some(6), "LedgerDamaged"), "{statements}: {verb:?}");
        }
        // What it was told to swallow is not swallowed once it is gone.
        if statements.starts_with("CREATE TRIGGER") {
            edit(&path, "DROP TRIGGER hush");
            desk.ok(&["key", "disable", "contoso", "docs"]);
            assert_eq!(desk.fails(&["cat", "notes/greeting"]).exit, Some(4));
            desk.ok(&["audit", "verify"]);
        }
    }
}
