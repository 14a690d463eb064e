//! What each attacker of `docs/threat-model.md` is known to try, tried on the program: a file an attack.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod foreign_schema;
mod latest_version;
mod objects_folder;
mod on_behalf;
mod planted_journal;
mod put_back;
mod settings;
mod source_environment;
mod terminal;

use strongroom_tests::desk::Desk;

/// A folder with an installation, and the program.
fn desk() -> Desk {
    Desk::with_installation(env!("CARGO_BIN_EXE_strongroom"))
}

/// The baseline of every attack: what is stored reads back, and the audit verifies.
#[test]
fn without_an_attack_everything_holds() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let file = desk.file("greeting", b"hello");
    desk.ok(&["put", file.to_str().unwrap(), "notes/"]);
    assert_eq!(desk.read("notes/greeting"), b"hello");
    desk.ok(&["audit", "verify"]);
}

/// A resource `notes` under a customer's key, with an object in it.
fn customer_key(desk: &Desk) {
    desk.ok(&["vault", "create", "contoso", "--purge-protection"]);
    let uri = desk.ok(&["key", "create", "contoso", "docs"]);
    desk.ok(&["resource", "create", "notes", "--tier", "S0"]);
    desk.ok(&["resource", "identity", "enable", "notes"]);
    desk.ok(&["vault", "grant", "contoso", "--resource", "notes"]);
    let set = ["resource", "encryption", "set", "notes", "--key"];
    desk.ok(&[set.as_slice(), &[uri.trim()]].concat());
    desk.file("greeting", b"hello");
    desk.ok(&["put", "greeting", "notes/"]);
}
