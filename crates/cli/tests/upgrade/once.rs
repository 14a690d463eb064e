//! The move to today's form is made once: what is of the old form afterwards is damaged.

use std::fs;

use super::Unpacked;

/// Verifies by the program: its exit code, and what it says.
fn verify(unpacked: &Unpacked) -> (Option<i32>, String) {
    let output = unpacked.program(&["audit", "verify"]);
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn what_is_of_the_old_form_afterwards_is_damaged() {
    let unpacked = Unpacked::new("form-1", "plain");
    let files = ["installation.json", "ledger.db"].map(|name| unpacked.data.join(name));
    let old = files.clone().map(|path| fs::read(path).unwrap());
    unpacked.done(&["audit", "verify"]);
    let new = files.clone().map(|path| fs::read(path).unwrap());
    let put = |which: usize, content: &[u8]| fs::write(&files[which], content).unwrap();

    // The settings file alone.
    put(0, &old[0]);
    let (exit, said) = verify(&unpacked);
    assert_eq!(exit, Some(6), "{said}");
    assert!(said.contains("ForgedSettings"), "{said}");
    put(0, &new[0]);
    unpacked.done(&["audit", "verify"]);

    // The ledger alone.
    let new_ledger = fs::read(&files[1]).unwrap();
    put(1, &old[1]);
    let (exit, said) = verify(&unpacked);
    assert_eq!(exit, Some(6), "{said}");

    // Both: the heads outside say that it was moved, wherever the old settings say they are.
    for heads in ["../data.keep/audit-heads", "heads-of-mine"] {
        let settings = String::from_utf8(old[0].clone()).unwrap();
        let settings = settings.replace("../data.keep/audit-heads", heads);
        put(0, settings.as_bytes());
        let (exit, said) = verify(&unpacked);
        assert_eq!(exit, Some(6), "{said}");
    }
    put(0, &new[0]);
    put(1, &new_ledger);
    unpacked.done(&["audit", "verify"]);
}

#[test]
fn i09_a_move_that_was_cut_off_is_completed() {
    let unpacked = Unpacked::new("form-1", "plain");
    let settings = unpacked.data.join("installation.json");
    let old = fs::read(&settings).unwrap();
    unpacked.done(&["audit", "verify"]);
    // As if the process had been killed before the new settings file got its name.
    let draft = unpacked.data.join("installation.json.draft");
    fs::rename(&settings, &draft).unwrap();
    fs::write(&settings, &old).unwrap();
    unpacked.done(&["audit", "verify"]);
    assert!(!draft.exists());
    assert_ne!(fs::read(&settings).unwrap(), old);

    // And before the ledger was moved: a draft means nothing yet.
    let unpacked = Unpacked::new("form-1", "plain");
    fs::write(unpacked.data.join("installation.json.draft"), "half").unwrap();
    unpacked.done(&["audit", "verify"]);
    unpacked.done(&["audit", "verify"]);
}
