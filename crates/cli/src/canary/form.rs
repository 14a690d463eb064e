//! The forms in which a canary would be seen: as it is, in hex, in base64.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};

use super::window::{WINDOW, Window};

/// How many base64 characters depend on a window alone, wherever it begins: of 256 bits, 42 whole
/// characters of six.
const BASE64: usize = 42;

/// The shortest and the longest text, in bytes.
pub(super) const SHORTEST: usize = WINDOW;
pub(super) const LONGEST: usize = 2 * WINDOW;

/// A form in which a canary was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Form {
    /// The bytes as they are.
    Raw,
    /// Lower-case hex digits. A canary whose digits have no letters counts here alone.
    HexLower,
    /// Upper-case hex digits.
    HexUpper,
    /// Base64 with `+` and `/` (RFC 4648, section 4), at any of the three alignments. A canary whose
    /// characters have neither counts here alone.
    Base64,
    /// Base64 with `-` and `_` (RFC 4648, section 5), at any of the three alignments.
    Base64Url,
}

impl Form {
    /// Its name in the program's output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::HexLower => "hex",
            Self::HexUpper => "hex-upper",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

/// A form, and how many bytes modulo three stand before the window in what was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) form: Form,
    before: usize,
}

/// Every shape, by number.
pub(super) const SHAPES: [Shape; 9] = [
    Shape {
        form: Form::Raw,
        before: 0,
    },
    Shape {
        form: Form::HexLower,
        before: 0,
    },
    Shape {
        form: Form::HexUpper,
        before: 0,
    },
    Shape {
        form: Form::Base64,
        before: 0,
    },
    Shape {
        form: Form::Base64,
        before: 1,
    },
    Shape {
        form: Form::Base64,
        before: 2,
    },
    Shape {
        form: Form::Base64Url,
        before: 0,
    },
    Shape {
        form: Form::Base64Url,
        before: 1,
    },
    Shape {
        form: Form::Base64Url,
        before: 2,
    },
];

impl Shape {
    /// The text by which this window shows in this shape, or `None` when another shape has the same.
    pub(super) fn text(self, window: &Window) -> Option<Text> {
        let text = match self.form {
            Form::Raw => Text::of(window),
            Form::HexLower => hex(window, false),
            Form::HexUpper => hex(window, true).filter(|text| text.any(|b| b.is_ascii_uppercase())),
            Form::Base64 => base64(window, self.before, Base64Unpadded::encode),
            Form::Base64Url => base64(window, self.before, Base64UrlUnpadded::encode)
                .filter(|text| text.any(|b| b"-_".contains(&b))),
        };
        debug_assert!(text.is_some() || matches!(self.form, Form::HexUpper | Form::Base64Url));
        text
    }
}

/// The window, and the shape, that the text with this number is of.
pub(super) fn window_and_shape(text: u32) -> Option<(u32, Shape)> {
    let shapes = u32::try_from(SHAPES.len()).ok()?;
    let shape = SHAPES.get(usize::try_from(text % shapes).ok()?)?;
    Some((text / shapes, *shape))
}

/// Up to [`LONGEST`] bytes, without an allocation of their own.
#[derive(Clone, Copy)]
pub(super) struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut text = Self {
            bytes: [0; LONGEST],
            length: bytes.len(),
        };
        text.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(text)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn any(&self, is: impl Fn(u8) -> bool) -> bool {
        self.as_bytes().iter().any(|byte| is(*byte))
    }
}

fn hex(window: &Window, upper: bool) -> Option<Text> {
    let mut text = Text {
        bytes: [0; LONGEST],
        length: LONGEST,
    };
    hex::encode_to_slice(window, &mut text.bytes).ok()?;
    if upper {
        text.bytes.make_ascii_uppercase();
    }
    Some(text)
}

type Encode = for<'a> fn(&[u8], &'a mut [u8]) -> Result<&'a str, base64ct::InvalidLengthError>;

fn base64(window: &Window, before: usize, encode: Encode) -> Option<Text> {
    let mut bytes = [0; WINDOW + 3];
    bytes
        .get_mut(before..before + WINDOW)?
        .copy_from_slice(window);
    let mut encoded = [0; LONGEST];
    let encoded = encode(&bytes, &mut encoded).ok()?;
    // The first character without a bit of what stands before: bit 8 * before, rounded up to six.
    let first = (8 * before).div_ceil(6);
    Text::of(encoded.as_bytes().get(first..first + BASE64)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Form::{Base64, Base64Url, HexLower, HexUpper, Raw};
    use super::*;

    proptest! {
        #[test]
        fn texts_depend_on_the_window_alone_and_are_as_long_as_can_be(
            window: Window,
            around: [u8; 4],
        ) {
            for shape in SHAPES {
                let Some(text) = shape.text(&window) else { continue };
                prop_assert!((SHORTEST..=LONGEST).contains(&text.as_bytes().len()));
                let mut encoded = Vec::new();
                for around in [around, around.map(|byte| !byte)] {
                    let bytes = [&around[..shape.before], &window, &around[2..]].concat();
                    encoded.push(match shape.form {
                        Form::Raw => window.to_vec(),
                        Form::HexLower => hex::encode(window).into_bytes(),
                        Form::HexUpper => hex::encode_upper(window).into_bytes(),
                        Form::Base64 => Base64Unpadded::encode_string(&bytes).into_bytes(),
                        Form::Base64Url => Base64UrlUnpadded::encode_string(&bytes).into_bytes(),
                    });
                }
                let (one, other) = (&encoded[0], &encoded[1]);
                let at = one.windows(text.as_bytes().len()).position(|part| part == text.as_bytes());
                prop_assert!(at.is_some(), "{:?}", shape);
                let same = one.iter().zip(other).filter(|(a, b)| a == b).count();
                prop_assert_eq!(same, text.as_bytes().len());
            }
        }
    }

    #[test]
    fn a_text_belongs_to_one_form() {
        let digits = [0x12; WINDOW];
        let forms = |window: &Window| -> Vec<Form> {
            let has = |shape: &Shape| shape.text(window).is_some();
            SHAPES
                .iter()
                .filter(|shape| has(shape))
                .map(|shape| shape.form)
                .collect()
        };
        assert_eq!(forms(&digits), [Raw, HexLower, Base64, Base64, Base64]);
        let all = [
            Raw, HexLower, HexUpper, Base64, Base64, Base64, Base64Url, Base64Url, Base64Url,
        ];
        assert_eq!(forms(&[0xff; WINDOW]), all);
    }
    #[test]
    fn forms_have_names_of_their_own() {
        let names = [Raw, HexLower, HexUpper, Base64, Base64Url].map(Form::name);
        assert_eq!(names, ["raw", "hex", "hex-upper", "base64", "base64url"]);
    }
}
