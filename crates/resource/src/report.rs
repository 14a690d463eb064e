//! What does not stop a resource and will stop its next change of key: reported, never acted upon.

use core::fmt;

use strongroom_base::Timestamp;
use strongroom_vault::{KeyPermission, KeyProperties, VaultProperties};

use crate::{Refusal, conditions};

/// Something about a resource's key that its owner should mend before it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A permission is missing that an unwrap does not need: the next change of key is refused (R9).
    PermissionMissing {
        /// Which.
        permission: KeyPermission,
    },
    /// The version has expired: it still unwraps, and wraps nothing more (R17).
    Expired {
        /// Since when.
        since: Timestamp,
    },
    /// The version is not valid yet: it unwraps, and wraps nothing until then.
    NotYetValid {
        /// Until when.
        until: Timestamp,
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
            Self::PermissionMissing { permission } => write!(
                f,
                "the vault does not grant the identity `{permission}`: the next change of key is refused (R9)"
            ),
            Self::Expired { .. } => f.write_str(
                "the key version has expired: it still unwraps; rotate before the next change (R17)",
            ),
            Self::NotYetValid { .. } => {
                f.write_str("the key version is not valid yet: it unwraps, and wraps nothing until then")
            }
            Self::NotFollowed { refusal } => {
                write!(f, "the latest version of the key is not followed (R16): {refusal}")
            }
            Self::PurgeProtectionOff => {
                f.write_str("the vault has no purge protection: a purged key is data lost (R14)")
            }
        }
    }
}

/// What is to be reported of the key in use.
#[must_use]
pub fn reports(vault: &VaultProperties, key: &KeyProperties, now: Timestamp) -> Vec<Report> {
    let missing = conditions::missing(vault).into_iter();
    let mut reports: Vec<_> = missing
        .filter(|permission| *permission != KeyPermission::UnwrapKey)
        .map(|permission| Report::PermissionMissing { permission })
        .collect();
    if let Some(since) = key.expires.filter(|expires| now >= *expires) {
        reports.push(Report::Expired { since });
    }
    if let Some(until) = key.not_before.filter(|not_before| now < *not_before) {
        reports.push(Report::NotYetValid { until });
    }
    if !(vault.soft_delete && vault.purge_protection) {
        reports.push(Report::PurgeProtectionOff);
    }
    reports
}
