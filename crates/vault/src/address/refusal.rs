//! Why an address is not gone to.

use std::net::IpAddr;

use strongroom_base::{Outcome, OutcomeKind, Retry};

use crate::{InvalidId, InvalidName};

/// A text that is not the address of a key, or not one that the installation goes to (R6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeyId {
    /// A character that no address of a key needs, or more than 1,024 of them.
    #[error(
        "the address of a key is up to 1,024 visible ASCII characters without `%`, `\\` and quotes: \
         write it as https://VAULT.SUFFIX/keys/KEY/VERSION"
    )]
    Characters,
    /// Not a URL at all.
    #[error("the address of a key is a URL: write it as https://VAULT.SUFFIX/keys/KEY/VERSION")]
    Url(#[source] url::ParseError),
    /// Another scheme.
    #[error("a key is reached by https only (R6): begin the address with https://")]
    NotHttps,
    /// A user name or password before the host.
    #[error(
        "the address of a key has no user name or password (R6): leave out what stands before `@`"
    )]
    UserInfo,
    /// The host is an IP address.
    #[error(
        "the host of a vault is never an IP address (R6), and {0} is one: use the vault's name"
    )]
    IpAddress(IpAddr),
    /// The host is under no configured suffix.
    #[error(
        "`{host}` is under none of the vault suffixes of this installation (R6): use a vault under \
         one of them, or have the suffix configured"
    )]
    ForeignHost {
        /// The host.
        host: String,
    },
    /// The part of the host before the suffix is no vault name.
    #[error("the host does not begin with the name of a vault")]
    VaultName(#[source] InvalidName),
    /// A port where none is configured.
    #[error("the address of a key has no port (R6): leave it out")]
    Port,
    /// Not the configured port.
    #[error("vaults under this suffix answer on port {expected} (R6): write it after the host")]
    OtherPort {
        /// The configured port.
        expected: u16,
    },
    /// A query.
    #[error("the address of a key has no query (R6): leave out what follows `?`")]
    Query,
    /// A fragment.
    #[error("the address of a key has no fragment (R6): leave out what follows `#`")]
    Fragment,
    /// Not `/keys/KEY` or `/keys/KEY/VERSION`.
    #[error("the path of a key is /keys/KEY or /keys/KEY/VERSION, and nothing else")]
    Path,
    /// Something follows the host of a vault.
    #[error("the address of a vault is https://VAULT.SUFFIX/, and nothing else")]
    VaultPath,
    /// The key's name is malformed.
    #[error("the address does not name a key")]
    KeyName(#[source] InvalidName),
    /// The version is malformed.
    #[error("the address does not end with a version of the key")]
    Version(#[source] InvalidId),
    /// A version is needed and there is none.
    #[error(
        "the address names no version of the key (R16): add the version, as in \
         https://VAULT.SUFFIX/keys/KEY/VERSION"
    )]
    VersionMissing,
}

impl Outcome for InvalidKeyId {
    fn code(&self) -> &'static str {
        "InvalidKeyVaultProperties"
    }

    fn kind(&self) -> OutcomeKind {
        OutcomeKind::BadInput
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}
