//! Numbers as text: base64url without padding (RFC 7515 §2), in constant time, since some are secret.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

pub(crate) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    Base64UrlUnpadded::decode_vec(text).ok().map(Zeroizing::new)
}

#[cfg(feature = "serde")]
pub(crate) mod base64url {
    //! For `serde(with)`.

    use base64ct::{Base64UrlUnpadded, Encoding};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Base64UrlUnpadded::decode_vec(&text).map_err(D::Error::custom)
    }
}
