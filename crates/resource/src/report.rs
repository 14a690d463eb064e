//! What to know of a resource's key before its next change: reported, never acted upon.

use core::fmt;
use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, ResourceName, Timestamp};
use strongroom_identity::{ManagedIdentity, Role};
use strongroom_vault::vault::Authorization;
use strongroom_vault::{KeyId, KeyPermission, KeyVersionId, VaultName, advice};

use crate::refusal::words;
use crate::{Refusal, Resource, SeenKey, conditions};

/// Something about a resource's key that its owner should know before it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// The identity lacks permissions (R9).
    PermissionMissing {
        /// Whose identity.
        name: ResourceName,
        /// Who.
        principal: PrincipalId,
        /// At which vault.
        vault: VaultName,
        /// What judges the vault's callers.
        authorization: Authorization,
        /// Which.
        missing: BTreeSet<KeyPermission>,
        /// Whether a setting by the same caller grants them on the way.
        on_the_way: bool,
    },
    /// The version has expired: it still unwraps, and wraps nothing more (R17).
    Expired {
        /// Which key.
        key: KeyId,
        /// Whose key.
        name: ResourceName,
        /// Since when.
        since: Timestamp,
    },
    /// The version is not valid yet: it unwraps, and wraps nothing until then.
    NotYetValid {
        /// Until when.
        until: Timestamp,
    },
    /// The key has a newer version, and the resource stays on its own until it is updated (R16).
    NewerVersion {
        /// Whose key.
        name: ResourceName,
        /// The version.
        latest: KeyVersionId,
    },
    /// The latest version of a key that is followed is not fit for use: the present one stays (R16).
    NotFollowed {
        /// What stands against it.
        refusal: Box<Refusal>,
    },
    /// The vault lost purge protection, or never had it: only an outside vault can (R14).
    PurgeProtectionOff,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PermissionMissing {
                name,
                principal,
                vault,
                authorization,
                missing,
                on_the_way,
            } => {
                write!(
                    f,
                    "the vault `{vault}` does not grant the identity of `{name}` {}: ",
                    words(missing)
                )?;
                let unwraps = !missing.contains(&KeyPermission::UnwrapKey);
                f.write_str(match (unwraps, on_the_way) {
                    (false, _) => "the data is out of reach until somebody grants it (R9): ",
                    (true, false) => {
                        "going over to a key of this vault and `rekey` are refused until somebody grants \
                         it (R9): "
                    }
                    (true, true) => {
                        "`rekey` is refused, and going over to another key of this vault grants it on the \
                         way, by your right over the vault's policies (R9, R11); to grant it now: "
                    }
                })?;
                match authorization {
                    Authorization::AccessPolicies => {
                        f.write_str(&advice::grant(vault, *principal, missing.iter().copied()))
                    }
                    Authorization::Roles => {
                        let role = Role::KeyVaultCryptoServiceEncryptionUser;
                        f.write_str(&advice::assign_role(role, vault, *principal))
                    }
                }
            }
            Self::Expired { key, name, since } => write!(
                f,
                "the key version expired at {since}: it still unwraps, and `rekey` is refused (R17): add a \
                 version and go over to it: strongroom key rotate {} {}; then: strongroom resource \
                 encryption set {name} --key, with the URI that this prints",
                key.vault.name(),
                key.name
            ),
            Self::NotYetValid { until } => write!(
                f,
                "the key version is not valid before {until}: it unwraps, and wraps nothing until then"
            ),
            Self::NewerVersion { name, latest } => write!(
                f,
                "the key has a newer version, and `{name}` stays on its own until it is updated (R16): \
                 strongroom resource encryption set {name} --key {latest}"
            ),
            Self::NotFollowed { refusal } => {
                write!(
                    f,
                    "the latest version of the key is not followed (R16): {refusal}"
                )
            }
            Self::PurgeProtectionOff => {
                f.write_str("the vault has no purge protection: a purged key is data lost (R14)")
            }
        }
    }
}

/// What is to be reported of the key in use. `latest` is the key as it is seen without a version, if it
/// was looked at.
#[must_use]
pub fn reports(
    resource: &Resource,
    seen: &SeenKey,
    latest: Option<&SeenKey>,
    now: Timestamp,
) -> Vec<Report> {
    let name = || resource.name.clone();
    let vault = seen.asked.vault.name();
    let mut reports = Vec::new();
    let missing = conditions::missing(&seen.vault);
    if let ManagedIdentity::On { principal, .. } = resource.identity
        && !missing.is_empty()
    {
        reports.push(Report::PermissionMissing {
            name: name(),
            principal,
            vault: vault.clone(),
            authorization: seen.vault.authorization,
            missing,
            on_the_way: conditions::grantable(seen),
        });
    }
    if !(seen.vault.soft_delete && seen.vault.purge_protection) {
        reports.push(Report::PurgeProtectionOff);
    }
    let Ok(key) = &seen.key else {
        return reports;
    };
    if let Some(since) = key.expires.filter(|expires| now >= *expires) {
        reports.push(Report::Expired {
            key: seen.asked.clone(),
            name: name(),
            since,
        });
    }
    if let Some(until) = key.not_before.filter(|not_before| now < *not_before) {
        reports.push(Report::NotYetValid { until });
    }
    if let Some(SeenKey {
        key: Ok(latest), ..
    }) = latest
        && latest.enabled
        && latest.id.version != key.id.version
        && !resource.follows
    {
        reports.push(Report::NewerVersion {
            name: name(),
            latest: latest.id.clone(),
        });
    }
    reports
}
