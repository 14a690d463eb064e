//! As the URI that it prints. What is stored was judged when it came in: a suffix that is no
//! longer configured must not make a state unreadable.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::parse::authority;
use super::{KeyId, KeyVersionId, VaultAddress, VaultSuffix, VaultSuffixes};

fn suffix_of(text: &str) -> Option<VaultSuffixes> {
    let (_, rest) = authority(text).split_once('.')?;
    let (domain, port) = match rest.split_once(':') {
        Some((domain, port)) => (domain, Some(port.parse().ok()?)),
        None => (rest, None),
    };
    Some(VaultSuffixes::new(vec![
        VaultSuffix::new(domain, port).ok()?,
    ]))
}

macro_rules! as_text {
    ($($name:ident = $parse:ident;)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                suffix_of(&text)
                    .ok_or_else(|| D::Error::custom("the address has no host under a suffix"))?
                    .$parse(&text)
                    .map_err(D::Error::custom)
            }
        }
    )+};
}

as_text! {
    KeyId = parse_key_id;
    KeyVersionId = parse_key_version_id;
    VaultAddress = parse_vault;
}
