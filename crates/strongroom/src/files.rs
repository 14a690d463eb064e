//! Where files beside the data folder are, and how those in it are written.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Writes a file of its owner's alone, durably. Whatever had the name is unlinked, not written to: it may be
/// a link that somebody has put there.
pub(crate) fn write_anew(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Where a path that is relative to the data folder leads, as people write it: `..` is resolved by
/// name.
pub(crate) fn resolve(data: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("..") {
        Ok(sibling) => data.parent().unwrap_or(data).join(sibling),
        Err(_) => data.join(path),
    }
}
