//! Paths as people and programs see them and give them back.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path as OsPath;

use strongroom_base::misleads;

/// Shows a path, so that two different paths never look the same.
///
/// UTF-8 stands as it is. Control characters, those that turn the direction of writing, hide or join, and
/// blanks at the path's ends are shown as `\n` or `\u{1b}`, bytes that are not UTF-8 as `\xff`, and `\` as
/// `\\`. [`read_shown`] reads it back.
pub(crate) fn display(path: &[u8]) -> Displayed<'_> {
    Displayed { path }
}

/// Shows a path of this machine, as [`display`] does it.
pub(crate) fn display_file(path: &OsPath) -> Displayed<'_> {
    display(path.as_os_str().as_bytes())
}

/// A path as [`display`] shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Displayed<'a> {
    path: &'a [u8],
}

impl fmt::Display for Displayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        let mut left = self.path.len();
        for chunk in self.path.utf8_chunks() {
            for char in chunk.valid().chars() {
                let at_an_end = left == self.path.len() || left == char.len_utf8();
                left -= char.len_utf8();
                match char {
                    '\\' | '\n' | '\r' | '\t' => write!(f, "{}", char.escape_default())?,
                    ' ' if at_an_end => write!(f, "{}", char.escape_unicode())?,
                    _ if misleads(char) => write!(f, "{}", char.escape_unicode())?,
                    _ => f.write_char(char)?,
                }
            }
            for byte in chunk.invalid() {
                left -= 1;
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The path that is shown as `shown`. What is not written as [`display`] does it stands as it is.
pub(crate) fn read_shown(shown: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(shown.len());
    let mut rest = shown;
    loop {
        rest = match rest {
            [] => return path,
            [b'\\', after @ ..] => {
                if let Some(after) = escaped(after, &mut path) {
                    after
                } else {
                    path.push(b'\\');
                    after
                }
            }
            [byte, after @ ..] => {
                path.push(*byte);
                after
            }
        };
    }
}

/// What follows an escape, which is appended; none if this is no escape.
fn escaped<'a>(text: &'a [u8], path: &mut Vec<u8>) -> Option<&'a [u8]> {
    match text {
        [b'x', high, low, after @ ..] => {
            let digits = [*high, *low];
            path.push(u8::try_from(of_hex(&digits)?).ok()?);
            Some(after)
        }
        [b'u', b'{', after @ ..] => {
            let end = after.iter().position(|byte| *byte == b'}')?;
            let (digits, after) = after.split_at_checked(end)?;
            let char = char::from_u32(of_hex(digits)?)?;
            path.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            after.get(1..)
        }
        [char, after @ ..] => {
            path.push(match char {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'\\' => b'\\',
                _ => return None,
            });
            Some(after)
        }
        [] => None,
    }
}

fn of_hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| plain)
}
