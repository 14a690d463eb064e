//! Which characters a text for people cannot hold as they are.

use std::borrow::Cow;

/// Whether a character is not seen as what it is: it acts on a terminal, turns the direction of
/// writing (UAX #9), has no shape, or has the shape of a blank.
///
/// These are the controls, formats, separators other than the space, characters that are private or
/// not assigned, and what Unicode lets a renderer ignore.
#[must_use]
pub fn hides(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_control();
    }
    // What the standard library's `Debug` of a text escapes within it is what does not print.
    let within: String = ['a', char].into_iter().collect();
    let escaped = within.escape_debug().nth(1) == Some('\\');
    escaped || is_ignorable(char)
}

/// Whether a character hides, or joins the one before it to look as another character does: then two
/// texts that differ would look the same.
#[must_use]
pub fn misleads(char: char) -> bool {
    !char.is_ascii_graphic() && (hides(char) || joins(char))
}

/// A text whose every character is seen as what it is: those that mislead are written as `\n`,
/// `\u{1b}` and the like.
#[must_use]
pub fn seen(text: &str) -> Cow<'_, str> {
    if !text.chars().any(misleads) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\n' | '\r' | '\t' => seen.extend(char.escape_default()),
            _ if misleads(char) => seen.extend(char.escape_unicode()),
            _ => seen.push(char),
        }
    }
    Cow::Owned(seen)
}

/// Characters that print and yet show nothing: fillers, joiners, selectors of variants.
fn is_ignorable(char: char) -> bool {
    matches!(
        char,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Marks and vowels of which normalisation makes one character with the one before.
fn joins(char: char) -> bool {
    matches!(
        char,
        '\u{300}'..='\u{36f}'
            | '\u{1161}'..='\u{11ff}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}'..='\u{309a}'
            | '\u{d7b0}'..='\u{d7fb}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_told_from_what_is_seen() {
        for hidden in [
            '\0',
            '\n',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{a0}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{2003}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{202f}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{e000}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e0041}',
            '\u{10ffff}',
        ] {
            assert!(hides(hidden) && misleads(hidden), "{hidden:?}");
        }
        for joined in ['\u{301}', '\u{20dd}', '\u{11a8}', '\u{3099}'] {
            assert!(!hides(joined) && misleads(joined), "{joined:?}");
        }
        for seen in (' '..='~').chain("ü猫Ж한שعनिไท🔒€".chars()) {
            assert!(!hides(seen) && !misleads(seen), "{seen:?}");
        }
    }

    #[test]
    fn what_misleads_is_written_out() {
        assert_eq!(seen("naïve 猫"), "naïve 猫");
        assert_eq!(seen("a\nb\u{1b}[2J\\"), "a\\nb\\u{1b}[2J\\");
        assert_eq!(seen("gpj\u{202e}.exe"), "gpj\\u{202e}.exe");
        assert_eq!(seen("e\u{301}"), "e\\u{301}");
    }
}
