//! Where a key is: `https://VAULT.SUFFIX/keys/KEY/VERSION`, read strictly (R6).

use std::fmt;
use std::net::IpAddr;

use strongroom_base::{Outcome, OutcomeKind, Retry};
use url::{Host, Url};

use crate::{InvalidId, InvalidName, KeyName, KeyVersion, VaultName};

/// The suffix of the vaults that an installation keeps itself. Nothing need listen there.
pub const EMBEDDED_SUFFIX: &str = "vault.localhost";

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
fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?', '#']).next().unwrap_or_default()
}

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

#[cfg(feature = "serde")]
mod schema {
    //! As the URI that it prints. What is stored was judged when it came in: a suffix that is no
    //! longer configured must not make a state unreadable.

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{KeyId, KeyVersionId, VaultAddress, VaultSuffix, VaultSuffixes, authority};

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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    fn suffixes() -> VaultSuffixes {
        VaultSuffixes::new(vec![
            VaultSuffix::embedded(),
            VaultSuffix::new("vault.azure.net", None).unwrap(),
            VaultSuffix::new("Vault.Test", Some(8443)).unwrap(),
        ])
    }

    #[test]
    fn r06_an_address_prints_as_it_was_read() {
        for text in [
            format!("https://contoso.vault.localhost/keys/docs/{VERSION}"),
            "https://contoso.vault.azure.net/keys/docs".to_owned(),
            format!("https://contoso.vault.test:8443/keys/Docs-2/{VERSION}"),
        ] {
            let id = suffixes().parse_key_id(&text).unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(id.versioned().is_some(), text.ends_with(VERSION));
        }
        let id = suffixes()
            .parse_key_id(&format!(
                "HTTPS://Contoso.Vault.Azure.Net/Keys/Docs/{}",
                VERSION.to_uppercase()
            ))
            .unwrap();
        assert_eq!(
            id.to_string(),
            format!("https://contoso.vault.azure.net/keys/Docs/{VERSION}")
        );
    }

    #[test]
    fn r06_every_other_address_is_refused_by_its_part() {
        use InvalidKeyId as E;
        let name = |text: &str| text.parse::<VaultName>().unwrap_err();
        let ip = |text: &str| E::IpAddress(text.parse().unwrap());
        let host = |host: &str| E::ForeignHost {
            host: host.to_owned(),
        };
        for (text, expected) in [
            ("http://contoso.vault.azure.net/keys/k", E::NotHttps),
            ("file:///keys/k", E::NotHttps),
            ("https://127.0.0.1/keys/k", ip("127.0.0.1")),
            ("https://2130706433/keys/k", ip("127.0.0.1")),
            ("https://0x7f.1/keys/k", ip("127.0.0.1")),
            ("https://[::1]/keys/k", ip("::1")),
            ("https://vault.azure.net/keys/k", host("vault.azure.net")),
            ("https://evil.example/keys/k", host("evil.example")),
            (
                "https://contoso.vault.azure.net.evil.example/keys/k",
                host("contoso.vault.azure.net.evil.example"),
            ),
            (
                "https://contosovault.azure.net/keys/k",
                host("contosovault.azure.net"),
            ),
            (
                "https://contoso.vault.azure.net./keys/k",
                host("contoso.vault.azure.net."),
            ),
            (
                "https://a.contoso.vault.azure.net/keys/k",
                E::VaultName(name("a.contoso")),
            ),
            (
                "https://-x.vault.azure.net/keys/k",
                E::VaultName(name("-x")),
            ),
            ("https://contoso.vault.azure.net:443/keys/k", E::Port),
            ("https://contoso.vault.azure.net:8443/keys/k", E::Port),
            ("https://contoso.vault.azure.net:/keys/k", E::Port),
            (
                "https://contoso.vault.test/keys/k",
                E::OtherPort { expected: 8443 },
            ),
            (
                "https://contoso.vault.test:443/keys/k",
                E::OtherPort { expected: 8443 },
            ),
            ("https://me@contoso.vault.azure.net/keys/k", E::UserInfo),
            ("https://@contoso.vault.azure.net/keys/k", E::UserInfo),
            (
                "https://contoso.vault.azure.net@evil.example/keys/k",
                E::UserInfo,
            ),
            ("https://contoso.vault.azure.net/keys/k?", E::Query),
            (
                "https://contoso.vault.azure.net/keys/k?api-version=7.4",
                E::Query,
            ),
            ("https://contoso.vault.azure.net/keys/k#", E::Fragment),
            ("https://contoso.vault.azure.net/keys/k/%20", E::Characters),
            ("https://contoso.vault.azure.net\\keys\\k", E::Characters),
            ("https://contoso.vault.azure.net/keys/k\n", E::Characters),
            ("https://côntoso.vault.azure.net/keys/k", E::Characters),
            ("https://contoso.vault.azure.net", E::Path),
            ("https://contoso.vault.azure.net/keys", E::Path),
            ("https://contoso.vault.azure.net/keys/", E::Path),
            ("https://contoso.vault.azure.net/secrets/k", E::Path),
            ("https://contoso.vault.azure.net//keys/k", E::Path),
            ("https://contoso.vault.azure.net/keys/./k", E::Path),
            ("https://contoso.vault.azure.net/x/../keys/k", E::Path),
        ] {
            assert_eq!(suffixes().parse_key_id(text), Err(expected), "{text}");
        }
        for (path, part) in [("/k_1", "name"), ("/k/1", "version"), ("/k/", "version")] {
            let text = format!("https://contoso.vault.azure.net/keys{path}");
            let error = suffixes().parse_key_id(&text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        let long = format!("https://contoso.vault.azure.net/keys/k/{VERSION}/more");
        assert_eq!(suffixes().parse_key_id(&long), Err(E::Path));
    }

    #[test]
    fn r16_a_version_can_be_demanded() {
        let text = "https://contoso.vault.localhost/keys/docs";
        let error = suffixes().parse_key_version_id(text).unwrap_err();
        assert_eq!(error, InvalidKeyId::VersionMissing);
    }

    #[test]
    fn r06_a_vaults_address_is_its_host_alone() {
        for text in [
            "https://contoso.vault.azure.net/",
            "https://Contoso.vault.azure.net",
        ] {
            let vault = suffixes().parse_vault(text).unwrap();
            assert_eq!(vault.to_string(), "https://contoso.vault.azure.net");
        }
        let error = suffixes()
            .parse_vault("https://contoso.vault.azure.net/keys")
            .unwrap_err();
        assert_eq!(error, InvalidKeyId::VaultPath);
    }

    #[test]
    fn a_suffix_is_a_domain() {
        for bad in [
            "",
            "localhost",
            "1.2.3.4",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.b",
            "a.b/c",
            "a.0x7f",
        ] {
            assert!(VaultSuffix::new(bad, None).is_err(), "{bad}");
        }
        let plain = VaultSuffix::new("vault.azure.net", Some(443)).unwrap();
        assert_eq!(plain.port(), None);
    }

    proptest! {
        #[test]
        fn r06_nothing_but_a_canonical_address_is_read(
            text in "(https?://)?[a-z0-9.@:/%?#\\\\ -]{0,20}(\\.vault\\.(localhost|test))?(:8443)?(/keys/[a-zA-Z0-9./-]{0,8})?(/[0-9a-f]{32})?"
        ) {
            if let Ok(id) = suffixes().parse_key_id(&text) {
                prop_assert_eq!(id.to_string().to_lowercase(), text.to_lowercase());
                prop_assert_eq!(suffixes().parse_key_id(&id.to_string()), Ok(id));
            }
        }
    }
}
