//! Attack 3: a change of key stands still between its fresh unwrap and what rests on it, and the key's owner
//! takes access away meanwhile.

use std::process::{Child, Command};
use std::time::Duration;

use strongroom_tests::database::Database;
use strongroom_tests::desk::{Desk, Failed};

use super::{customer_key, desk};

/// The lease that the change is asked for with.
const LEASE: Duration = Duration::from_secs(1);
const KEYS: &str = "SELECT count(*) FROM sealed_keys";
const ANNOUNCED: &str = "SELECT count(*) FROM aggregates WHERE id LIKE 'announced-key/%'";
const UNWRAPS: &str =
    "SELECT count(*) FROM audit_entries WHERE CAST(body AS TEXT) LIKE '%\"KeyUnwrap\"%'";

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

/// Until it is so.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..4_000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(so(), "{what}: not within 20 seconds");
}

fn data(desk: &Desk, database: &str) -> Database {
    Database::open(&desk.path("data").join(database))
}

/// A change that is asked for, and stands still once the present key has unwrapped.
///
/// Whoever can lock the databases decides how far it gets. A reader of the service-managed keys stops it
/// where it commits the new one, which was announced before: by then it has opened everything, and the other
/// keys can be locked.
fn held_up_after_its_unwrap(desk: &Desk, args: &[&str]) -> Child {
    let mut ledger = data(desk, "ledger.db");
    let mut service_keys = data(desk, "service-keys.db");
    let mut vault_keys = data(desk, "vault-keys.db");
    let unwraps = ledger.number(UNWRAPS);
    service_keys.run("BEGIN");
    let keys = service_keys.number(KEYS);
    let child = desk.command(args).spawn().unwrap();
    until("a new key is announced", || ledger.number(ANNOUNCED) > 0);
    vault_keys.run("BEGIN EXCLUSIVE");
    service_keys.run("ROLLBACK");
    until("the new key is stored", || service_keys.number(KEYS) > keys);
    service_keys.run("BEGIN EXCLUSIVE");
    assert_eq!(ledger.number(UNWRAPS), unwraps);
    vault_keys.run("ROLLBACK");
    until("the present key unwraps", || {
        ledger.number(UNWRAPS) > unwraps
    });
    signal(&child, "STOP");
    service_keys.run("ROLLBACK");
    for database in [ledger, service_keys, vault_keys] {
        database.close();
    }
    child
}

fn is_denied(desk: &Desk) {
    let Failed { exit, code, .. } = desk.fails(&["cat", "notes/greeting"]);
    assert_eq!((exit, code.as_str()), (Some(4), "KeyDisabled"));
}

#[test]
fn r17_a_change_of_key_that_stands_still_goes_round_no_revocation() {
    let desk = desk();
    customer_key(&desk);
    let encryption = || desk.json(&["resource", "show", "notes"])["encryption"].clone();
    let before = encryption();
    let reset = ["--lease", "1s", "resource", "encryption", "reset", "notes"];
    let child = held_up_after_its_unwrap(&desk, &reset);

    desk.ok(&["key", "disable", "contoso", "docs"]);
    is_denied(&desk);
    // What it has proved is too old by now, whatever else has changed.
    std::thread::sleep(LEASE);
    signal(&child, "CONT");
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("KeyDisabled"), "{said}");
    is_denied(&desk);

    desk.ok(&["key", "enable", "contoso", "docs"]);
    assert_eq!(desk.read("notes/greeting"), b"hello");
    assert_eq!(encryption(), before);
    desk.ok(&["audit", "verify"]);
}

/// Nothing but time went by: it asks once more, and goes on.
#[test]
fn r17_a_change_of_key_that_stood_still_asks_the_present_key_again() {
    let desk = desk();
    customer_key(&desk);
    let reset = ["--lease", "1s", "resource", "encryption", "reset", "notes"];
    let child = held_up_after_its_unwrap(&desk, &reset);
    let unwraps = data(&desk, "ledger.db").number(UNWRAPS);
    std::thread::sleep(LEASE);
    signal(&child, "CONT");
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    assert!(data(&desk, "ledger.db").number(UNWRAPS) > unwraps);
    assert_eq!(desk.read("notes/greeting"), b"hello");
    desk.ok(&["audit", "verify"]);
}
