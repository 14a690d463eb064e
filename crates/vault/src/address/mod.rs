//! Where a key is: `https://VAULT.SUFFIX/keys/KEY/VERSION`, read strictly (R6).

mod parse;
mod refusal;
#[cfg(feature = "serde")]
mod schema;
mod suffix;
#[cfg(test)]
mod tests;

use std::fmt;

pub use parse::VaultSuffixes;
pub use refusal::InvalidKeyId;
pub use suffix::{EMBEDDED_SUFFIX, InvalidSuffix, VaultSuffix};

use crate::{KeyName, KeyVersion, VaultName};

/// A vault's host: its name under a suffix, and a port where the installation configured one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultAddress {
    /// The first label of the host.
    name: VaultName,
    suffix: VaultSuffix,
}

impl VaultAddress {
    /// The vault of this name under `suffix`.
    #[must_use]
    pub fn new(name: VaultName, suffix: VaultSuffix) -> Self {
        Self { name, suffix }
    }

    /// The vault of this name that the installation keeps itself.
    #[must_use]
    pub fn embedded(name: VaultName) -> Self {
        Self::new(name, VaultSuffix::embedded())
    }

    /// The vault's name.
    #[must_use]
    pub fn name(&self) -> &VaultName {
        &self.name
    }

    /// What follows the name in the host.
    #[must_use]
    pub fn suffix(&self) -> &VaultSuffix {
        &self.suffix
    }
}

/// Prints `https://VAULT.SUFFIX`, with the port where there is one.
impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}.{}", self.name.lookup_key(), self.suffix)
    }
}

impl fmt::Debug for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultAddress({self})")
    }
}

/// A key, of whichever version is the latest or of one version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a URI of a key has these three parts"
)]
pub struct KeyId {
    /// The vault that holds it.
    pub vault: VaultAddress,
    /// Its name there.
    pub name: KeyName,
    /// The version; without one, the latest at the time of the call.
    pub version: Option<KeyVersion>,
}

/// One version of a key: what a resource is set to, and what an answer of a vault names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a URI of a key version has these three parts"
)]
pub struct KeyVersionId {
    /// The vault that holds it.
    pub vault: VaultAddress,
    /// The key's name there.
    pub name: KeyName,
    /// The version.
    pub version: KeyVersion,
}

impl KeyId {
    /// The key's one version, if the id names one.
    #[must_use]
    pub fn versioned(&self) -> Option<KeyVersionId> {
        Some(KeyVersionId {
            vault: self.vault.clone(),
            name: self.name.clone(),
            version: self.version?,
        })
    }
}

impl KeyVersionId {
    /// The URI in lower case: one text for all spellings, for an index.
    #[must_use]
    pub fn index_key(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl From<KeyVersionId> for KeyId {
    fn from(id: KeyVersionId) -> Self {
        let KeyVersionId {
            vault,
            name,
            version,
        } = id;
        Self {
            vault,
            name,
            version: Some(version),
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/keys/{}", self.vault, self.name)?;
        match self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for KeyVersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/keys/{}/{}", self.vault, self.name, self.version)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Debug for KeyVersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyVersionId({self})")
    }
}
