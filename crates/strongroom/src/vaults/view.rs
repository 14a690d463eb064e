//! Vaults and keys as they are shown.

use std::collections::BTreeSet;

use strongroom_base::{Region, ResourceGroupName, SubscriptionId, TenantId, Timestamp};
use strongroom_identity::VaultUid;
use strongroom_vault::key::{Key, KeyLife, RotationPolicy, Version};
use strongroom_vault::vault::{
    Authorization, Firewall, PolicyEntry, RetentionDays, Vault, VaultLife,
};
use strongroom_vault::{
    KeyId, KeyName, KeyOperation, KeyVersionId, PublicKey, VaultAddress, VaultName,
};

use super::vault::arm_id;
use crate::directory::Site;

/// A vault, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VaultInfo {
    /// Its ARM id, which changes with a move.
    pub id: String,
    /// Its uid, for life.
    pub uid: VaultUid,
    /// Its name.
    pub name: VaultName,
    /// Its address: `https://NAME.vault.localhost`.
    pub uri: String,
    /// The tenant that it is in now.
    pub tenant: TenantId,
    /// The tenant whose tokens it trusts, which a move leaves as it was (R13).
    pub trusts: TenantId,
    /// Its subscription.
    pub subscription: Option<SubscriptionId>,
    /// Its resource group.
    pub group: Option<ResourceGroupName>,
    /// Its region (R7).
    pub region: Region,
    /// How long what is deleted can be recovered.
    pub retention: RetentionDays,
    /// Whether nothing can be purged before that (R14).
    pub purge_protection: bool,
    /// What judges its callers (R9).
    pub authorization: Authorization,
    /// Who may reach it.
    pub firewall: Firewall,
    /// Who may do what with its keys.
    pub policies: Vec<PolicyEntry>,
    /// When it was created.
    pub created: Timestamp,
    /// Whether it can be used.
    pub life: LifeInfo,
}

/// Whether a vault or a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LifeInfo {
    /// It can.
    Live,
    /// It can again once it is recovered.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When it will be purged.
        purge_at: Timestamp,
    },
    /// Never again.
    Purging,
}

/// A key, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The URI of the key, without a version.
    pub id: KeyId,
    /// Its name.
    pub name: KeyName,
    /// Whether it can be used.
    pub life: LifeInfo,
    /// How many versions it has.
    pub versions: usize,
    /// The version that was asked for, or the latest.
    pub version: KeyVersionInfo,
    /// When the vault adds the next version by itself, if ever (R16).
    pub rotates: Option<Timestamp>,
}

/// A version of a key, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyVersionInfo {
    /// Its URI.
    pub id: KeyVersionId,
    /// The public half.
    pub public: PublicKey,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// From when on it makes something new.
    pub not_before: Option<Timestamp>,
    /// From when on it makes nothing new.
    pub expires: Option<Timestamp>,
    /// What it may be used for.
    pub operations: BTreeSet<KeyOperation>,
    /// When it was made or imported.
    pub created: Timestamp,
    /// When its attributes last changed.
    pub updated: Timestamp,
}

impl VaultInfo {
    pub(crate) fn of(vault: &Vault, site: &Site) -> Self {
        Self {
            id: arm_id(site, &vault.name),
            uid: vault.uid,
            name: vault.name.clone(),
            uri: VaultAddress::embedded(vault.name.clone()).to_string(),
            tenant: site.tenant(),
            trusts: vault.tenant,
            subscription: site.subscription().map(|subscription| subscription.id),
            group: site.group().map(|group| group.name.clone()),
            region: vault.region.clone(),
            retention: vault.retention,
            purge_protection: vault.purge_protection,
            authorization: vault.authorization,
            firewall: vault.firewall,
            policies: vault.policies.entries().to_vec(),
            created: vault.created,
            life: match vault.life {
                VaultLife::Live => LifeInfo::Live,
                VaultLife::Deleted { at, purge_at } => LifeInfo::Deleted { at, purge_at },
                VaultLife::Purging { .. } => LifeInfo::Purging,
            },
        }
    }
}

impl KeyInfo {
    pub(crate) fn of(key: &Key, shown: &Version) -> Self {
        Self {
            id: KeyId {
                vault: VaultAddress::embedded(key.vault.clone()),
                name: key.name.clone(),
                version: None,
            },
            name: key.name.clone(),
            life: match key.life {
                KeyLife::Live => LifeInfo::Live,
                KeyLife::Deleted { at, purge_at } => LifeInfo::Deleted { at, purge_at },
                KeyLife::Purging { .. } => LifeInfo::Purging,
            },
            versions: key.versions.len(),
            version: KeyVersionInfo::of(key, shown),
            rotates: (key.rotation != RotationPolicy::default())
                .then(|| key.rotation_due())
                .flatten(),
        }
    }
}

impl KeyVersionInfo {
    pub(crate) fn of(key: &Key, version: &Version) -> Self {
        Self {
            id: KeyVersionId {
                vault: VaultAddress::embedded(key.vault.clone()),
                name: key.name.clone(),
                version: version.id,
            },
            public: version.public.clone(),
            enabled: version.enabled,
            not_before: version.not_before,
            expires: version.expires,
            operations: version.operations.clone(),
            created: version.created,
            updated: version.updated,
        }
    }
}
