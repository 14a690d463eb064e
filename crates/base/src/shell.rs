//! Commands that answers print, so that they can be typed as they stand.

use std::borrow::Cow;

/// A text as one word of a POSIX shell's command line: quoted, unless it is one as it is.
///
/// ```
/// use strongroom_base::shell_word;
///
/// assert_eq!(shell_word("notes"), "notes");
/// assert_eq!(shell_word("it's two"), r"'it'\''s two'");
/// ```
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}
