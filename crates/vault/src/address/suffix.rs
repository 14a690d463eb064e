//! The domains under which vaults are.

use std::fmt;

/// The suffix of the vaults that an installation keeps itself. Nothing need listen there.
pub const EMBEDDED_SUFFIX: &str = "vault.localhost";

/// A domain under which vaults are, such as `vault.azure.net`, and the port if it is not 443.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultSuffix {
    domain: String,
    port: Option<u16>,
}

impl VaultSuffix {
    /// The suffix of the vaults that the installation keeps itself: [`EMBEDDED_SUFFIX`].
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            domain: EMBEDDED_SUFFIX.to_owned(),
            port: None,
        }
    }

    /// A suffix of at least two labels, and the port on which its vaults answer if that is not 443.
    ///
    /// # Errors
    /// [`InvalidSuffix`] if `domain` is no domain of two or more labels.
    pub fn new(domain: &str, port: Option<u16>) -> Result<Self, InvalidSuffix> {
        let domain = domain.to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let fits = domain.contains('.')
            && domain.len() <= 200
            && domain.split('.').all(label)
            // A last label that is a number makes the host an IPv4 address (WHATWG URL §3.5).
            && !domain.rsplit('.').next().is_some_and(|last| {
                last.starts_with(|c: char| c.is_ascii_digit())
            });
        if fits {
            Ok(Self {
                domain,
                port: port.filter(|port| *port != 443),
            })
        } else {
            Err(InvalidSuffix { text: domain })
        }
    }

    /// The domain, lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The port, if it is not 443.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for VaultSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.domain)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// A text that cannot be a suffix of vaults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a vault suffix: expected a domain of two or more labels of letters, digits and \
     hyphens, such as `vault.azure.net`"
)]
pub struct InvalidSuffix {
    text: String,
}
