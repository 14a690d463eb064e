//! Reading an address. The URL parser mends what it reads, so what only fits by that is refused.

use url::{Host, Url};

use super::{InvalidKeyId, KeyId, KeyVersionId, VaultAddress, VaultSuffix};

/// The suffixes under which an installation seeks vaults (R6).
///
/// ```
/// use strongroom_vault::VaultSuffixes;
///
/// let suffixes = VaultSuffixes::embedded();
/// let id = suffixes.parse_key_id("https://contoso.vault.localhost/keys/docs")?;
/// assert_eq!(id.name.as_str(), "docs");
/// assert!(suffixes.parse_key_id("https://contoso.vault.example/keys/docs").is_err());
/// # Ok::<(), strongroom_vault::InvalidKeyId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultSuffixes(Vec<VaultSuffix>);

impl VaultSuffixes {
    /// The installation's own vaults alone.
    #[must_use]
    pub fn embedded() -> Self {
        Self(vec![VaultSuffix::embedded()])
    }

    /// These suffixes, and no other.
    #[must_use]
    pub fn new(suffixes: Vec<VaultSuffix>) -> Self {
        Self(suffixes)
    }

    /// Reads the URI of a key, with or without a version.
    ///
    /// # Errors
    /// [`InvalidKeyId`] names the part that breaks R6. Nothing is resolved or asked.
    pub fn parse_key_id(&self, text: &str) -> Result<KeyId, InvalidKeyId> {
        let (vault, url) = self.parse_host(text)?;
        let mut segments = url.path().strip_prefix('/').unwrap_or_default().split('/');
        if !segments
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case("keys"))
        {
            return Err(InvalidKeyId::Path);
        }
        let name = segments
            .next()
            .filter(|name| !name.is_empty())
            .ok_or(InvalidKeyId::Path)?;
        let name = name.parse().map_err(InvalidKeyId::KeyName)?;
        let version = segments
            .next()
            .map(|version| version.parse().map_err(InvalidKeyId::Version))
            .transpose()?;
        let id = KeyId {
            vault,
            name,
            version,
        };
        // The URL parser mends what it reads: dots in the path, a default port, an empty user name.
        // What only came to fit by being mended is refused.
        if segments.next().is_some() || !id.to_string().eq_ignore_ascii_case(text) {
            return Err(InvalidKeyId::Path);
        }
        Ok(id)
    }

    /// Reads the URI of a key version, as a resource is set to it (R16).
    ///
    /// # Errors
    /// [`InvalidKeyId`] names the part that breaks R6; [`InvalidKeyId::VersionMissing`] if there is
    /// no version.
    pub fn parse_key_version_id(&self, text: &str) -> Result<KeyVersionId, InvalidKeyId> {
        self.parse_key_id(text)?
            .versioned()
            .ok_or(InvalidKeyId::VersionMissing)
    }

    /// Reads the URI of a vault, `https://VAULT.SUFFIX` with or without a slash at its end.
    ///
    /// # Errors
    /// [`InvalidKeyId`] names the part that breaks R6.
    pub fn parse_vault(&self, text: &str) -> Result<VaultAddress, InvalidKeyId> {
        let (vault, _) = self.parse_host(text)?;
        let given = text.strip_suffix('/').unwrap_or(text);
        if vault.to_string().eq_ignore_ascii_case(given) {
            Ok(vault)
        } else {
            Err(InvalidKeyId::VaultPath)
        }
    }

    fn parse_host(&self, text: &str) -> Result<(VaultAddress, Url), InvalidKeyId> {
        // Before the parser, which drops tabs and line ends and reads `\` as `/`.
        let plain = |c: char| c.is_ascii_graphic() && !"\\%\"<>^`{|}".contains(c);
        if !text.chars().all(plain) || text.len() > 1024 {
            return Err(InvalidKeyId::Characters);
        }
        let url = Url::parse(text).map_err(InvalidKeyId::Url)?;
        if url.scheme() != "https" {
            return Err(InvalidKeyId::NotHttps);
        }
        let authority = authority(text);
        if authority.contains('@') {
            return Err(InvalidKeyId::UserInfo);
        }
        if text.contains('?') {
            return Err(InvalidKeyId::Query);
        }
        if text.contains('#') {
            return Err(InvalidKeyId::Fragment);
        }
        let host = match url.host() {
            Some(Host::Domain(host)) => host,
            Some(Host::Ipv4(address)) => return Err(InvalidKeyId::IpAddress(address.into())),
            Some(Host::Ipv6(address)) => return Err(InvalidKeyId::IpAddress(address.into())),
            None => return Err(InvalidKeyId::NotHttps),
        };
        let (name, suffix) = self
            .0
            .iter()
            .find_map(|suffix| {
                let name = host.strip_suffix(suffix.domain())?.strip_suffix('.')?;
                Some((name, suffix))
            })
            .ok_or_else(|| InvalidKeyId::ForeignHost {
                host: host.to_owned(),
            })?;
        let name = name.parse().map_err(InvalidKeyId::VaultName)?;
        // As it was written: the parser hides a `:443`.
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        match (port, suffix.port()) {
            (None, None) => {}
            (Some(port), Some(expected)) if port == expected.to_string() => {}
            (Some(_), None) => return Err(InvalidKeyId::Port),
            (_, Some(expected)) => return Err(InvalidKeyId::OtherPort { expected }),
        }
        Ok((VaultAddress::new(name, suffix.clone()), url))
    }
}

/// What stands between `//` and the path.
pub(super) fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?', '#']).next().unwrap_or_default()
}
