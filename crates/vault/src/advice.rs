//! The commands of `strongroom` that answers name, in one place.

use strongroom_base::PrincipalId;

use crate::{Denial, KeyId, KeyName, KeyPermission, VaultAddress, VaultName};

/// What would turn a denial into a yes.
pub(crate) fn against(denial: Denial, key: &KeyId, principal: PrincipalId) -> String {
    let vault = key.vault.name();
    let name = &key.name;
    match denial {
        Denial::KeyDeleted => format!("recover the key: {}", recover_key(vault, name)),
        Denial::KeyDisabled => format!("enable the version: strongroom key enable {key}"),
        Denial::KeyExpired => {
            format!("change its expiry, or add a version: strongroom key rotate {vault} {name}")
        }
        _ => at_vault(denial, vault, principal),
    }
}

/// The same where no key is named.
pub(crate) fn at_vault(denial: Denial, vault: &VaultName, principal: PrincipalId) -> String {
    match denial {
        Denial::IdentityGone => {
            "enable the managed identity again and grant the vault's access to the new principal"
                .to_owned()
        }
        Denial::ForeignTenant => format!(
            "move everything back, or let the vault trust the new tenant: {}, and grant the \
             identity made anew there",
            trust(vault)
        ),
        Denial::VaultNotFound => format!(
            "name a vault that exists, or create it: {}",
            create_vault(vault)
        ),
        Denial::VaultDeleted => format!("recover the vault: {}", recover_vault(vault)),
        Denial::FirewallClosed => format!(
            "let trusted services through the firewall: {}",
            open_firewall(vault)
        ),
        Denial::PolicyMissing { permission } => {
            format!("grant it: {}", grant(vault, principal, permission))
        }
        Denial::RoleMissing { permission } => {
            format!(
                "assign a role that holds `{permission}`: {}",
                assign_role(vault, principal)
            )
        }
        Denial::KeyNotFound => format!("name a key that exists: strongroom key list {vault}"),
        Denial::KeyDeleted => format!("recover the key; see: strongroom key list {vault}"),
        Denial::KeyDisabled => format!("enable the version; see: strongroom key list {vault}"),
        Denial::KeyNotYetValid => "wait until its not-before, or change it".to_owned(),
        Denial::KeyExpired => "change its expiry, or add a version".to_owned(),
        Denial::OperationNotPermitted { operation } => {
            format!("add `{operation}` to the key_ops of the version, or name another key")
        }
    }
}

/// The same for a key of one's own vault. Strongroom itself, which no principal stands for, needs none.
pub(crate) fn on_key(
    denial: Denial,
    vault: &VaultName,
    name: &KeyName,
    principal: Option<PrincipalId>,
) -> String {
    let key = KeyId {
        vault: VaultAddress::embedded(vault.clone()),
        name: name.clone(),
        version: None,
    };
    principal.map_or_else(
        || "it goes on by itself once that is mended".to_owned(),
        |principal| against(denial, &key, principal),
    )
}

pub(crate) fn grant(
    vault: &VaultName,
    principal: PrincipalId,
    permission: KeyPermission,
) -> String {
    format!("strongroom vault grant {vault} --object-id {principal} --key-permissions {permission}")
}

pub(crate) fn assign_role(vault: &VaultName, principal: PrincipalId) -> String {
    format!(
        "strongroom role assign \"Key Vault Crypto Service Encryption User\" --assignee {principal} --vault {vault}"
    )
}

pub(crate) fn trust(vault: &VaultName) -> String {
    format!("strongroom vault update {vault} --tenant TENANT")
}

pub(crate) fn create_vault(vault: &VaultName) -> String {
    format!("strongroom vault create {vault}")
}

pub(crate) fn recover_vault(vault: &VaultName) -> String {
    format!("strongroom vault recover {vault}")
}

pub(crate) fn purge_vault(vault: &VaultName) -> String {
    format!("strongroom vault purge {vault}")
}

pub(crate) fn open_firewall(vault: &VaultName) -> String {
    format!("strongroom vault firewall {vault} --bypass AzureServices")
}

pub(crate) fn recover_key(vault: &VaultName, key: &KeyName) -> String {
    format!("strongroom key recover {vault} {key}")
}

pub(crate) fn purge_key(vault: &VaultName, key: &KeyName) -> String {
    format!("strongroom key purge {vault} {key}")
}
