//! Whether there is a standard input at all.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use rustix::fs::OFlags;

use crate::failure::Failure;

/// Refuses a standard input that is closed, or that cannot be read.
///
/// Where it is closed the runtime of the language has opened `/dev/null` in its place, for reading and
/// writing, before the program began: without this check there would be nothing to read, and no error. A
/// shell's `</dev/null` opens it for reading alone. What can only be written to would read as empty too.
pub(crate) fn check() -> Result<(), Failure> {
    let stdin = std::io::stdin();
    let flags = rustix::fs::fcntl_getfl(&stdin).map_err(|_| Failure::StdinClosed)?;
    let mode = flags & OFlags::RWMODE;
    if mode == OFlags::WRONLY || flags.contains(OFlags::PATH) {
        return Err(Failure::StdinClosed);
    }
    if mode == OFlags::RDWR && is_null() {
        return Err(Failure::StdinClosed);
    }
    Ok(())
}

/// Whether standard input is the null device.
fn is_null() -> bool {
    let null = std::fs::metadata("/dev/null");
    let ours = std::fs::metadata("/proc/self/fd/0");
    null.is_ok_and(|null| {
        ours.is_ok_and(|ours| ours.file_type().is_char_device() && ours.rdev() == null.rdev())
    })
}
