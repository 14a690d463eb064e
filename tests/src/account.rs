//! Running something as an account that the modes of files bind: the superuser may do whatever they say.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Nobody's account, which the superuser takes.
const NOBODY: u32 = 65_534;

/// Runs `command`, which works in `folder`, as somebody whom modes bind: as another account if this process is the
/// superuser's. The folder and all in it are that account's meanwhile.
///
/// # Panics
/// If it cannot be run, or the folder not be given away.
pub fn bound_by_modes(folder: &Path, command: &mut Command) -> Output {
    let own = fs::metadata("/proc/self").expect("this process").uid();
    if own != 0 {
        return command.output().expect("the program runs");
    }
    give(folder, NOBODY);
    let output = command.uid(NOBODY).gid(NOBODY).output();
    give(folder, own);
    output.expect("the program runs")
}

fn give(folder: &Path, account: u32) {
    let owner = format!("{account}:{account}");
    let done = Command::new("chown")
        .args(["-hR", &owner])
        .arg(folder)
        .status();
    assert!(done.is_ok_and(|done| done.success()), "{owner}");
}
