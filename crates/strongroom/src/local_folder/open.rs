//! What a file says of the object in it, and which paths the folder has no name for.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use object_store::path::Path;
use object_store::{ObjectMeta, Result};
use rustix::fs::Stat;

use super::beneath::{Root, modified, split};
use super::in_the_way::trouble;
use crate::error::{LONGEST_PART, LONGEST_PATH, Trouble};

impl Root {
    /// Refuses what the folder has no name for, before anything is made for it.
    pub(super) fn storable(&self, location: &Path) -> Result<()> {
        let path = location.as_ref();
        // Other tools reach it by its whole path.
        let whole = self.path().as_os_str().len() + 1 + path.len();
        if whole > LONGEST_PATH || path.split('/').any(|part| part.len() > LONGEST_PART) {
            return Err(trouble(location, Trouble::TooLong));
        }
        if is_reserved(path.as_bytes()) {
            return Err(trouble(location, Trouble::Reserved));
        }
        Ok(())
    }
}

/// Whether this is the name of a write under way, `NAME#N`, which no object can have.
pub(super) fn is_reserved(path: &[u8]) -> bool {
    let (_, name) = split(path);
    let mut parts = name.splitn(2, |byte| *byte == b'#');
    let (_, after) = (parts.next(), parts.next().unwrap_or_default());
    !after.is_empty() && after.iter().all(u8::is_ascii_digit)
}

pub(super) fn meta_of_file(found: &Metadata, location: &Path) -> std::io::Result<ObjectMeta> {
    let modified = found.modified()?;
    Ok(meta(found.ino(), modified, found.len(), location))
}

pub(super) fn meta_of(found: &Stat, location: &Path) -> ObjectMeta {
    let size = u64::try_from(found.st_size).unwrap_or(0);
    meta(found.st_ino, modified(found), size, location)
}

/// The etag is that of `object_store`'s local store.
fn meta(inode: u64, modified: SystemTime, size: u64, location: &Path) -> ObjectMeta {
    let since_1970 = modified.duration_since(SystemTime::UNIX_EPOCH);
    let micros = since_1970.unwrap_or_default().as_micros();
    ObjectMeta {
        location: location.clone(),
        last_modified: modified.into(),
        size,
        e_tag: Some(format!("\"{inode:x}-{micros:x}-{size:x}\"")),
        version: None,
    }
}

/// What a file that was just written says of itself.
pub(super) fn e_tag(file: &File) -> std::io::Result<Option<String>> {
    Ok(meta_of_file(&file.metadata()?, &Path::default())?.e_tag)
}
