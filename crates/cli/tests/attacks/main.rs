//! What each attacker of `docs/threat-model.md` is known to try, tried on the program: a file an attack.
//!
//! A run of the program is one process, with one caller and one runtime, that ends with its verb. What takes a
//! process that goes on, a store of another kind or two runtimes is tried on the library instead:
//!
//! | what was found | where it is tried |
//! |---|---|
//! | 1 links in the objects folder are followed | `objects_folder` |
//! | 2 triggers in a database are obeyed | `foreign_schema`; `crates/ledger/tests/foreign.rs` |
//! | 3 a change of key goes round a revocation | `held_up_change`; each of its steps in `tests/tests/revocation/held_up.rs` and `outside/held_up.rs` |
//! | 4 an older row lifts a revocation | `put_back` |
//! | 5 the settings are believed | `settings` |
//! | 6 a planted journal deletes a file | `planted_journal` |
//! | 7 a lease is asked for on the caller's runtime | `crates/strongroom/tests/runtimes` |
//! | 8 an unwrap is recorded under somebody else | `on_behalf`; two callers of one process in `tests/tests/revocation/outside.rs` (`r18_…`) |
//! | 9 damage is remembered for good | `crates/strongroom/src/lease/tests` and `tests/tests/revocation/outside.rs` (`r17_damage_…`) |
//! | 10 gathered deletions are sent after the bound | `crates/strongroom/tests/store/gathered.rs` |
//! | 11 a rename removes what was acknowledged meanwhile | `crates/strongroom/tests/store/overwritten_while_reading.rs`; `crates/strongroom/src/local_folder/tests/listed.rs` (`i03_i09_…`) |
//! | 12 a stream of `per-operation` is not stopped at once | `crates/strongroom/src/lease/tests/installation.rs` |
//! | 13 odd files in the objects folder | `objects_folder`; `crates/cli/tests/objects/one_bad.rs` |
//! | 14 names act on a terminal | `terminal` |
//! | 15 the environment is sent to a source's store | `source_environment` |
//! | 16 what an `init` left makes the next one delete | `settings` |
//! | 17 the latest version is not the one in use | `latest_version` |
//! | 18 a claim of a clock that stood ahead | `crates/ledger/src/conformance/claims.rs` |
//! | 18 the first no ends a lease | `crates/strongroom/tests/lease_races`; `tests/tests/revocation/outside.rs` |
//! | 18 a long `ingest` replaces what was put meanwhile | `crates/cli/tests/objects/ingested.rs` |
//! | 18 `put` opens what has become a link or a pipe | `crates/cli/src/transfer/source.rs` |
//! | 18 the file of heads is read whole | `crates/ledger/tests/checkpoints.rs` |
//! | 18 one damaged follower, announcement or row stops the rest | `crates/strongroom/src/house.rs` |
//! | 18 a file claims a length that it has not | `crates/strongroom/tests/store/gathered.rs` |
//! | 18 recovery after the retention | `crates/vault/src/key/tests.rs`, `vault/tests.rs` (`r14_…`) |
//! | 18 what runs in the background ends unnoticed | `tests/tests/revocation/main.rs`; `crates/strongroom/src/audit_chain.rs`; `crates/ledger/tests/sqlite.rs` |
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod foreign_schema;
mod held_up_change;
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
