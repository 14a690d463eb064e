//! Files beside the databases that SQLite would obey: a journal that has it delete any file, links and
//! second names that have it write over one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use strongroom_tests::desk::Desk;

use super::desk;

const DATABASES: [&str; 3] = ["ledger.db", "service-keys.db", "vault-keys.db"];

/// A header, no pages, and at the end the name of a file that SQLite is to delete.
fn plant_journal(desk: &Desk, database: &str, victim: &Path) {
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let name = victim.as_os_str().as_encoded_bytes();
    let mut journal = magic.to_vec();
    for number in [0_u32, 0, 4, 512, 4_096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    journal.extend([0; 4]);
    journal.extend(name);
    let sum: i32 = name.iter().map(|byte| i32::from(byte.cast_signed())).sum();
    let length = name.iter().fold(0_u32, |length, _| length + 1);
    journal.extend(length.to_be_bytes());
    journal.extend(sum.to_be_bytes());
    journal.extend(magic);
    let path = desk.path(&format!("data/{database}-journal"));
    assert!(fs::write(path, journal).is_ok());
}

#[test]
fn a_planted_journal_deletes_nothing() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    for victim in ["data.keep/root.key", "data.keep/audit-heads"] {
        let victim = desk.path(victim);
        for database in DATABASES {
            plant_journal(&desk, database, &victim);
            for verb in [["ls", "notes"], ["audit", "verify"]] {
                let failed = desk.fails(&verb);
                assert_eq!(
                    (failed.exit, failed.code.as_str()),
                    (Some(6), "LedgerDamaged")
                );
                let journal = format!("{database}-journal");
                assert!(failed.message.contains(&journal), "{}", failed.message);
            }
            assert!(victim.exists(), "{database}");
            fs::remove_file(desk.path(&format!("data/{database}-journal"))).unwrap();
        }
    }
    desk.ok(&["audit", "verify"]);
}

#[test]
fn nothing_is_written_through_a_link_or_a_second_name() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let victim = desk.path("data.keep/root.key");
    let whole = fs::read(&victim).unwrap();
    for database in DATABASES {
        for part in ["-journal", "-wal", "-shm"] {
            let path = desk.path(&format!("data/{database}{part}"));
            for is_link in [true, false] {
                if is_link {
                    symlink(&victim, &path).unwrap();
                } else {
                    fs::hard_link(&victim, &path).unwrap();
                }
                let failed = desk.fails(&["resource", "create", "more"]);
                assert_eq!(
                    (failed.exit, failed.code.as_str()),
                    (Some(6), "LedgerDamaged")
                );
                assert_eq!(fs::read(&victim).unwrap(), whole, "{}", path.display());
                fs::remove_file(&path).unwrap();
            }
        }
        let (path, moved) = (desk.path(&format!("data/{database}")), desk.path("moved"));
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        assert_eq!(desk.fails(&["ls", "notes"]).exit, Some(6), "{database}");
        fs::rename(&moved, &path).unwrap();
    }
    desk.ok(&["audit", "verify"]);
}
