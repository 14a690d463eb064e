//! Paths in what is said about them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::object_path::display;

/// The longest path, in characters, that is said in full.
const FULL: usize = 240;
/// How much of a longer one is said of its beginning, and of its end.
const ENDS: usize = 100;

/// A path of this machine.
pub(crate) fn shown(path: &Path) -> String {
    shortened(path.as_os_str().as_bytes())
}

/// A path, less its middle if nobody would read it.
pub(crate) fn shortened(path: &[u8]) -> String {
    let whole = display(path).to_string();
    let count = whole.chars().count();
    if count <= FULL {
        return whole;
    }
    let begins: String = whole.chars().take(ENDS).collect();
    let ends: String = whole.chars().skip(count - ENDS).collect();
    format!("{begins}…{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_nobody_would_read_loses_its_middle() {
        assert_eq!(shortened(b"a/b\n"), "a/b\\n");
        let long = [&[b'a'; 2_000][..], b"/end"].concat();
        let short = shortened(&long);
        assert!(
            short.chars().count() <= FULL && short.ends_with("a/end"),
            "{short}"
        );
    }
}
