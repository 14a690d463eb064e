//! The root key as one line of text, for a file or the environment (F35).

use base64ct::{Base64, Encoding};
use strongroom_base::{Outcome, OutcomeKind, Retry};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{KEY_LEN, RootKey};

/// What the line begins with.
const LABEL: &[u8] = b"strongroom-root-key-1:";
/// Bytes of the base64 of a key, with padding.
const BASE64_LEN: usize = KEY_LEN.div_ceil(3) * 4;

/// A text that is not a root key. It does not show the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeyTextError {
    /// The text does not begin with the label.
    #[error("the root key text must be one line beginning with `strongroom-root-key-1:`")]
    Label,
    /// What follows the label is not as long as a key.
    #[error("the root key must have {BASE64_LEN} base64 characters after its label, not {found}")]
    Length {
        /// Bytes after the label, without the line's end.
        found: usize,
    },
    /// What follows the label is not base64.
    #[error("the root key must be standard base64 with padding after its label")]
    Base64,
}

impl Outcome for RootKeyTextError {
    fn code(&self) -> &'static str {
        "InvalidRootKey"
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::BadInput
    }

    fn retry(&self) -> Retry {
        Retry::AfterRepair
    }
}

/// The text of a root key. Zeroed on drop; cannot be printed, cloned or serialised.
#[derive(Zeroize, ZeroizeOnDrop)]
#[expect(missing_debug_implementations, reason = "a key must not be printable")]
pub struct RootKeyText(Box<[u8; LABEL.len() + BASE64_LEN + 1]>);

impl RootKeyText {
    /// The line, with its end: ASCII.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl RootKey {
    /// The key as one line of text.
    #[must_use]
    pub fn to_text(&self) -> RootKeyText {
        let mut text = RootKeyText(Box::new([b'\n'; LABEL.len() + BASE64_LEN + 1]));
        let (label, rest) = text.0.split_at_mut(LABEL.len());
        label.copy_from_slice(LABEL);
        let (base64, _end) = rest.split_at_mut(BASE64_LEN);
        // Cannot fail: the room is as long as the encoding.
        let encoded = Base64::encode(self.expose(), base64);
        debug_assert!(encoded.is_ok());
        text
    }

    /// Reads a key from its line of text, with or without the line's end. Decodes in constant time.
    ///
    /// # Errors
    /// A [`RootKeyTextError`] that says what was expected.
    pub fn from_text(text: &[u8]) -> Result<Self, RootKeyTextError> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let base64 = text.strip_prefix(LABEL).ok_or(RootKeyTextError::Label)?;
        if base64.len() != BASE64_LEN {
            return Err(RootKeyTextError::Length {
                found: base64.len(),
            });
        }
        let mut key = Zeroizing::new([0; KEY_LEN]);
        let decoded = Base64::decode(base64, key.as_mut_slice())
            .map_err(|_| RootKeyTextError::Base64)?
            .len();
        if decoded != KEY_LEN {
            return Err(RootKeyTextError::Base64);
        }
        Ok(Self::from_bytes(&mut key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn f35_text_round_trips(mut bytes: [u8; KEY_LEN]) {
            let key = RootKey::from_bytes(&mut bytes);
            let text = key.to_text();
            let read = RootKey::from_text(text.expose()).unwrap();
            prop_assert!(read.matches(&key));
            let without_end = text.expose().trim_ascii_end();
            prop_assert!(RootKey::from_text(without_end).is_ok());
        }

        #[test]
        fn any_text_is_read_or_refused(text: Vec<u8>) {
            let labelled = [LABEL, &text].concat();
            prop_assert!(RootKey::from_text(&text).is_err());
            prop_assert!(RootKey::from_text(&labelled).is_err() || text.len() >= BASE64_LEN);
        }
    }

    #[test]
    fn f35_each_flaw_is_named() {
        let refusal = |text: &[u8]| RootKey::from_text(text).err();
        let zeros = [LABEL, "A".repeat(43).as_bytes(), b"="].concat();
        assert_eq!(refusal(&zeros), None);
        assert_eq!(refusal(b""), Some(RootKeyTextError::Label));
        assert_eq!(
            refusal(&[LABEL, b"AAAA"].concat()),
            Some(RootKeyTextError::Length { found: 4 })
        );
        // A character of another alphabet, no padding, and bits left over beside the padding.
        for base64 in ["-".repeat(43) + "=", "A".repeat(44), "A".repeat(42) + "B="] {
            let text = [LABEL, base64.as_bytes()].concat();
            assert_eq!(refusal(&text), Some(RootKeyTextError::Base64), "{base64}");
        }
    }
}
