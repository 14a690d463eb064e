//! What can be asked of the keys of vaults.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use strongroom::{
    KeyName, KeyOperation, KeySpec, KeyVersion, RotateWhen, RsaKeySize, TimeChange, VaultName,
    VersionChange,
};
use strongroom_base::Timestamp;

use super::resource::Algorithm;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Makes a key in a vault, or another version of one, and prints the version's URI.
    Create(KeyCreate),
    /// Brings a key along, as PKCS#8 in PEM or as a JWK.
    Import(KeyImport),
    /// Lists the keys of a vault, deleted ones too.
    List(VaultOfKeys),
    /// Lists the versions of a key, oldest first.
    ListVersions(KeyNamed),
    /// Shows a key, with its latest version or the one named.
    Show(KeyNamed),
    /// Changes attributes of a version, by default of the latest.
    Update(KeyUpdate),
    /// Lets a version be used, by default the latest.
    Enable(KeyVersions),
    /// Lets a version no longer be used, by default the latest: what it wraps is out of reach (R17). After
    /// a rotation, resources stay on an older version: --all-versions stops them all.
    Disable(KeyVersions),
    /// Adds a version like the latest one; a resource stays on its own until it is set anew (R16).
    Rotate(KeyNamed),
    /// Shows or sets when the vault adds a version by itself (R16).
    RotationPolicy(KeyRotationPolicy),
    /// Deletes a key with all its versions: what they wrap is out of reach until it is recovered.
    Delete(KeyNamed),
    /// Recovers a deleted key.
    Recover(KeyNamed),
    /// Destroys a deleted key for good: what it wraps is lost.
    Purge(KeyNamed),
    /// Says which resources still need a key, or one version of it (R16).
    Census(KeyNamed),
    /// Wraps 32 bytes from a file or standard input, and prints base64.
    Wrap(Plaintext),
    /// Unwraps what `wrap` printed.
    Unwrap(Ciphertext),
    /// Encrypts a short secret from a file or standard input, and prints base64.
    Encrypt(Plaintext),
    /// Decrypts what `encrypt` printed.
    Decrypt(Ciphertext),
}

/// A key: `VAULT KEY`, or its URI.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyNamed {
    /// The vault's name, or the URI of the key or of one version of it.
    #[arg(value_name = "VAULT | URI")]
    pub(crate) vault: String,

    /// The key's name in the vault.
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<KeyName>,

    /// The version, if no URI names it.
    #[arg(long, requires = "key")]
    pub(crate) version: Option<KeyVersion>,
}

/// A version of a key, or all of them.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyVersions {
    #[command(flatten)]
    pub(crate) named: KeyNamed,

    /// All versions of the key at once, not the latest alone.
    #[arg(long, conflicts_with = "version")]
    pub(crate) all_versions: bool,
}

impl Key {
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Import(_)
            | Self::Update(_)
            | Self::Enable(_)
            | Self::Disable(_)
            | Self::Rotate(_)
            | Self::Delete(_)
            | Self::Recover(_)
            | Self::Purge(_) => true,
            Self::RotationPolicy(policy) => policy.wanted().is_some(),
            Self::List(_)
            | Self::ListVersions(_)
            | Self::Show(_)
            | Self::Census(_)
            | Self::Wrap(_)
            | Self::Unwrap(_)
            | Self::Encrypt(_)
            | Self::Decrypt(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct VaultOfKeys {
    /// The vault's name.
    pub(crate) vault: VaultName,
}

/// What a version may be used for, and when.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyAttributes {
    /// What it may be used for (`key_ops`), as wrapKey,unwrapKey; by default, all that its type can do.
    #[arg(long, value_delimiter = ',', value_name = "OPERATIONS")]
    pub(crate) ops: Vec<KeyOperation>,

    /// From when on it makes something new: a date, as 2027-01-31 (midnight UTC), or a time with its zone,
    /// as 2027-01-31T12:00:00Z.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) not_before: Option<Timestamp>,

    /// From when on it makes nothing new; what it wrapped can still be unwrapped (R17).
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) expires: Option<Timestamp>,
}

impl KeyAttributes {
    pub(crate) fn operations(&self) -> Option<BTreeSet<KeyOperation>> {
        operations(&self.ops)
    }
}

fn operations(named: &[KeyOperation]) -> Option<BTreeSet<KeyOperation>> {
    (!named.is_empty()).then(|| named.iter().copied().collect())
}

#[derive(Debug, Args)]
pub(crate) struct KeyCreate {
    /// The vault's name.
    pub(crate) vault: VaultName,

    /// The key's name.
    pub(crate) key: KeyName,

    /// The type. A resource takes RSA of 2048 bits alone (R15).
    #[arg(long, value_enum, ignore_case = true, default_value_t = KeyType::Rsa)]
    pub(crate) kty: KeyType,

    /// The bits of an RSA key: 2048, 3072 or 4096.
    #[arg(long, value_enum, default_value_t = Size::Rsa2048)]
    pub(crate) size: Size,

    #[command(flatten)]
    pub(crate) attributes: KeyAttributes,

    /// Makes it disabled.
    #[arg(long)]
    pub(crate) disabled: bool,
}

impl KeyCreate {
    pub(crate) fn spec(&self) -> KeySpec {
        match (self.kty, self.size) {
            (KeyType::Ec, _) => KeySpec::EcP256,
            (KeyType::Rsa, Size::Rsa2048) => KeySpec::Rsa(RsaKeySize::Rsa2048),
            (KeyType::Rsa, Size::Rsa3072) => KeySpec::Rsa(RsaKeySize::Rsa3072),
            (KeyType::Rsa, Size::Rsa4096) => KeySpec::Rsa(RsaKeySize::Rsa4096),
        }
    }
}

/// The type of a key, by its JWK name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyType {
    /// RSA: it wraps.
    #[value(name = "RSA")]
    Rsa,
    /// The elliptic curve P-256: it wraps nothing.
    #[value(name = "EC")]
    Ec,
}

/// The bits of an RSA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    /// The only one that a resource takes (R15).
    #[value(name = "2048")]
    Rsa2048,
    /// Larger.
    #[value(name = "3072")]
    Rsa3072,
    /// Largest, and slow.
    #[value(name = "4096")]
    Rsa4096,
}

#[derive(Debug, Args)]
pub(crate) struct KeyImport {
    /// The vault's name.
    pub(crate) vault: VaultName,

    /// The key's name.
    pub(crate) key: KeyName,

    /// A file with an unencrypted PKCS#8 private key in PEM; `-` is standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "jwk_file")]
    pub(crate) pem_file: Option<PathBuf>,

    /// A file with a private key as a JWK; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "pem_file")]
    pub(crate) jwk_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) attributes: KeyAttributes,

    /// Imports it disabled.
    #[arg(long)]
    pub(crate) disabled: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeyUpdate {
    #[command(flatten)]
    pub(crate) versions: KeyVersions,

    /// Whether the version may be used at all.
    #[arg(long, value_name = "BOOL")]
    pub(crate) enabled: Option<bool>,

    /// What it may be used for (`key_ops`), as wrapKey,unwrapKey.
    #[arg(long, value_delimiter = ',', value_name = "OPERATIONS")]
    pub(crate) ops: Vec<KeyOperation>,

    /// From when on it makes something new: a date, a time with its zone, or `none` for always.
    #[arg(long, value_parser = time_change, value_name = "TIME | none")]
    pub(crate) not_before: Option<TimeChange>,

    /// From when on it makes nothing new; what it wrapped can still be unwrapped (R17). A date, a time with
    /// its zone, or `none` for never.
    #[arg(long, value_parser = time_change, value_name = "TIME | none")]
    pub(crate) expires: Option<TimeChange>,
}

impl KeyUpdate {
    pub(crate) fn change(self) -> (KeyVersions, VersionChange) {
        let Self {
            versions,
            enabled,
            ops,
            not_before,
            expires,
        } = self;
        let change = VersionChange {
            enabled,
            not_before: not_before.unwrap_or_default(),
            expires: expires.unwrap_or_default(),
            operations: operations(&ops),
        };
        (versions, change)
    }
}

#[derive(Debug, Args)]
pub(crate) struct KeyRotationPolicy {
    #[command(flatten)]
    pub(crate) named: KeyNamed,

    /// Adds a version so many days after the latest was made.
    #[arg(long, value_name = "DAYS", conflicts_with_all = ["before_expiry", "never"])]
    pub(crate) after_create: Option<u32>,

    /// Adds a version so many days before the latest expires.
    #[arg(
        long,
        value_name = "DAYS",
        conflicts_with = "never",
        requires = "expires_after"
    )]
    pub(crate) before_expiry: Option<u32>,

    /// Adds none by itself.
    #[arg(long)]
    pub(crate) never: bool,

    /// Lets the versions that it adds expire after so many days.
    #[arg(long, value_name = "DAYS")]
    pub(crate) expires_after: Option<u32>,
}

impl KeyRotationPolicy {
    /// When to add a version, and when what is added expires; none to show the policy as it is.
    pub(crate) fn wanted(&self) -> Option<(RotateWhen, Option<u32>)> {
        let rotate = match (self.after_create, self.before_expiry, self.never) {
            (Some(days), _, _) => RotateWhen::AfterCreate { days },
            (None, Some(days), _) => RotateWhen::BeforeExpiry { days },
            (None, None, true) => RotateWhen::Never,
            (None, None, false) if self.expires_after.is_some() => RotateWhen::Never,
            (None, None, false) => return None,
        };
        Some((rotate, self.expires_after))
    }
}

/// Bytes to go under a key.
#[derive(Debug, Args)]
pub(crate) struct Plaintext {
    #[command(flatten)]
    pub(crate) named: KeyNamed,

    /// The file that holds them; standard input, if none is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How.
    #[arg(long, value_enum, default_value_t = Algorithm::RsaOaep256)]
    pub(crate) algorithm: Algorithm,
}

/// Bytes that came from under a key.
#[derive(Debug, Args)]
pub(crate) struct Ciphertext {
    #[command(flatten)]
    pub(crate) named: KeyNamed,

    /// The base64 that `wrap` or `encrypt` printed.
    #[arg(long, value_name = "BASE64", conflicts_with = "file")]
    pub(crate) value: Option<String>,

    /// The file that holds it; standard input, if none is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How it was made.
    #[arg(long, value_enum, default_value_t = Algorithm::RsaOaep256)]
    pub(crate) algorithm: Algorithm,
}

/// A date is the midnight in UTC with which it begins.
fn time(text: &str) -> Result<Timestamp, TimeError> {
    use jiff::civil::{DateTime, Time};

    const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

    let unclear = |_| TimeError::Unclear;
    let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(unclear)?;
    let (time, offset) = match (pieces.time(), pieces.to_numeric_offset()) {
        (None, None) => (Time::midnight(), 0),
        (Some(time), Some(offset)) => (time, offset.seconds()),
        (Some(_), None) | (None, Some(_)) => return Err(TimeError::NoZone),
    };
    let local = EPOCH.duration_until(pieces.date().to_datetime(time));
    let millis = local.as_millis() - i128::from(offset) * 1_000;
    let millis = u64::try_from(millis).map_err(|_| TimeError::BeforeEpoch)?;
    Ok(Timestamp::from_unix_millis(millis))
}

fn time_change(text: &str) -> Result<TimeChange, TimeError> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(TimeChange::Remove);
    }
    time(text).map(TimeChange::Set)
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum TimeError {
    #[error(
        "give a date, as 2027-01-31 (midnight UTC), or a time with its zone, as 2027-01-31T12:00:00Z"
    )]
    Unclear,
    #[error("a time needs its zone, as 2027-01-31T12:00:00Z or 2027-01-31T12:00:00+01:00")]
    NoZone,
    #[error("no key is from before 1970: give a date, as 2027-01-31, or a time with its zone")]
    BeforeEpoch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_or_has_its_zone() {
        for (text, shown) in [
            ("2027-01-31", "2027-01-31T00:00:00.000Z"),
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00.000Z"),
            ("2027-01-31T12:00:00.25+01:30", "2027-01-31T10:30:00.250Z"),
            ("2027-01-31 12:00:00Z", "2027-01-31T12:00:00.000Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
            ("1970-01-01", "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(time(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "soon",
            "2027",
            "2027-02-30",
            "31.1.2027",
            "1800000000",
            "12:00",
        ] {
            assert_eq!(time(text), Err(TimeError::Unclear), "{text}");
        }
        assert_eq!(time("2027-01-31T12:00:00"), Err(TimeError::NoZone));
        assert_eq!(time("1969-12-31"), Err(TimeError::BeforeEpoch));
        assert_eq!(time_change("None"), Ok(TimeChange::Remove));
    }
}
