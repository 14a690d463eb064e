//! What must hold of a customer's key and its vault before a resource goes over to it: R7, R9, R14,
//! R15, R16, and the states of the key. One list, for `decide` and for whoever explains.

use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, ResourceName, TenantId, Timestamp};
use strongroom_crypto::RsaKeySize;
use strongroom_vault::vault::Authorization;
use strongroom_vault::{
    Denial, KeyId, KeyOperation, KeyPermission, KeyProperties, KeyType, Origin, Party,
    VaultProperties,
};

use crate::{Granting, Refusal, Resource, SeenKey};

/// What the identity needs of a vault (R9).
pub const NEEDED: [KeyPermission; 3] = KeyPermission::NEEDED_BY_RESOURCES;

/// Who will ask for the key, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    /// The resource.
    pub(crate) name: &'a ResourceName,
    /// The identity; none while it is off.
    pub(crate) principal: Option<PrincipalId>,
    /// The tenant that the resource is in now.
    pub(crate) present: TenantId,
    /// The moment.
    pub(crate) at: Timestamp,
    /// Whether what is missing may yet be granted by the caller.
    pub(crate) may_grant: bool,
}

/// Everything that stands against using `seen`, in the order of the rules; nothing, if it may be used.
pub(crate) fn against(resource: &Resource, seen: &SeenKey, asking: Asking<'_>) -> Vec<Refusal> {
    let mut against = Vec::new();
    let vault = seen.asked.vault.name();
    if seen.vault.tenant != asking.present {
        against.push(Refusal::OtherTenant {
            vault: vault.clone(),
            present: asking.present,
        });
    }
    against.extend(region(resource, &seen.asked, &seen.vault));
    if !seen.vault.soft_delete {
        against.push(Refusal::SoftDeleteOff {
            vault: vault.clone(),
        });
    }
    if !seen.vault.purge_protection {
        against.push(Refusal::PurgeProtectionOff {
            vault: vault.clone(),
        });
    }
    if !seen.vault.firewall.admits(Origin::TrustedService) {
        against.push(unusable(Denial::FirewallClosed, &seen.asked, asking));
    }
    let missing = missing(&seen.vault);
    let granted_on_the_way = asking.may_grant && grantable(seen);
    if !missing.is_empty() && !granted_on_the_way {
        against.push(permission(seen, missing, asking));
        // What the key is, is for those who may read it.
        return against;
    }
    if seen.asked.version.is_none() && !seen.following_allowed {
        against.push(Refusal::VersionRequired {
            key: seen.asked.clone(),
        });
    }
    match &seen.key {
        Err(denial) => against.push(unusable(*denial, &seen.asked, asking)),
        Ok(key) => against.extend(key_itself(key, &seen.asked, asking)),
    }
    against
}

/// R7 for a vault that is asked, at a setting and at every use.
///
/// # Errors
/// [`Refusal::OtherRegion`].
pub fn same_region(
    resource: &Resource,
    asked: &KeyId,
    vault: &VaultProperties,
) -> Result<(), Refusal> {
    region(resource, asked, vault).map_or(Ok(()), Err)
}

/// What the identity lacks.
pub(crate) fn missing(vault: &VaultProperties) -> BTreeSet<KeyPermission> {
    NEEDED
        .into_iter()
        .filter(|needed| !vault.permissions.contains(needed))
        .collect()
}

/// Whether the caller may grant what is missing. Roles are assigned by an owner, never on the way.
pub(crate) fn grantable(seen: &SeenKey) -> bool {
    match (seen.vault.authorization, &seen.granting) {
        (Authorization::AccessPolicies, Granting::Caller(verdict)) => verdict.is_ok(),
        (Authorization::AccessPolicies, Granting::Owner) | (Authorization::Roles, _) => false,
    }
}

fn region(resource: &Resource, asked: &KeyId, vault: &VaultProperties) -> Option<Refusal> {
    (vault.region != resource.region).then(|| Refusal::OtherRegion {
        vault: asked.vault.name().clone(),
        ours: resource.region.clone(),
        theirs: vault.region.clone(),
    })
}

fn permission(seen: &SeenKey, missing: BTreeSet<KeyPermission>, asking: Asking<'_>) -> Refusal {
    let vault = seen.asked.vault.name().clone();
    let (name, principal) = (asking.name.clone(), asking.principal);
    match seen.vault.authorization {
        Authorization::AccessPolicies => Refusal::PermissionMissing {
            name,
            vault,
            missing,
            principal,
        },
        Authorization::Roles => Refusal::RoleMissing {
            name,
            vault,
            missing,
            principal,
        },
    }
}

/// The key's kind (R15), and whether it makes something new now: expiry is no revocation, but an
/// expired key is not set anew (R17).
fn key_itself(key: &KeyProperties, asked: &KeyId, asking: Asking<'_>) -> Vec<Refusal> {
    let mut against = Vec::new();
    let rsa_2048 = matches!(key.key_type, KeyType::Rsa | KeyType::RsaHsm)
        && key.bits == RsaKeySize::Rsa2048.bits();
    if !rsa_2048 {
        against.push(Refusal::KeyKind {
            vault: asked.vault.name().clone(),
            key_type: key.key_type,
            bits: key.bits,
        });
        return against;
    }
    if !key.enabled {
        against.push(unusable(Denial::KeyDisabled, asked, asking));
    }
    if key
        .not_before
        .is_some_and(|not_before| asking.at < not_before)
    {
        against.push(unusable(Denial::KeyNotYetValid, asked, asking));
    }
    if key.expires.is_some_and(|expires| asking.at >= expires) {
        against.push(unusable(Denial::KeyExpired, asked, asking));
    }
    for operation in [KeyOperation::WrapKey, KeyOperation::UnwrapKey] {
        if !key.operations.contains(&operation) {
            against.push(unusable(
                Denial::OperationNotPermitted { operation },
                asked,
                asking,
            ));
        }
    }
    against
}

pub(crate) fn unusable(denial: Denial, asked: &KeyId, asking: Asking<'_>) -> Refusal {
    let vault = asked.vault.name();
    match denial {
        Denial::ForeignTenant => Refusal::OtherTenant {
            vault: vault.clone(),
            present: asking.present,
        },
        denial => Refusal::KeyUnusable {
            denial,
            remedy: denial.remedy(
                asked,
                &Party::Identity {
                    resource: asking.name.clone(),
                    principal: asking.principal,
                    tenant: asking.present,
                },
            ),
        },
    }
}
