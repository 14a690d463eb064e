//! The commands of `strongroom` that answers name, in one place.

use strongroom_base::{PrincipalId, ResourceName, TenantId, Timestamp, shell_word};
use strongroom_identity::Role;

use crate::{Caller, Denial, KeyId, KeyName, KeyPermission, VaultAddress, VaultName};

/// For whom a remedy is: what a vault's firewall, policies and directory take differs between people
/// and the identities of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other")]
pub enum Party {
    /// Somebody who calls the vault from a network address: a person, or an application.
    Caller {
        /// The object id.
        principal: PrincipalId,
        /// The tenant that it is of.
        tenant: TenantId,
    },
    /// The managed identity of a resource.
    Identity {
        /// Whose.
        resource: ResourceName,
        /// The object id; none while the identity is off.
        principal: Option<PrincipalId>,
        /// The tenant that the resource is in.
        tenant: TenantId,
    },
}

impl From<&Caller> for Party {
    fn from(caller: &Caller) -> Self {
        Self::Caller {
            principal: caller.principal,
            tenant: caller.tenant,
        }
    }
}

impl Denial {
    /// What would turn it into a yes, as a sentence with the exact command where there is one.
    #[must_use]
    pub fn remedy(self, key: &KeyId, party: &Party) -> String {
        against(self, key, party)
    }

    /// The same where the call named no key.
    #[must_use]
    pub fn remedy_at(self, vault: &VaultName, party: &Party) -> String {
        at_vault(self, vault, party)
    }
}

/// What would turn a denial into a yes.
fn against(denial: Denial, key: &KeyId, party: &Party) -> String {
    let vault = key.vault.name();
    let name = &key.name;
    match denial {
        Denial::KeyDeleted => format!("recover the key: {}", recover_key(vault, name)),
        Denial::KeyDisabled => format!("enable the version: strongroom key enable {key}"),
        Denial::KeyNotYetValid => format!(
            "wait until then, or let it be valid now: strongroom key update {key} --not-before none"
        ),
        Denial::KeyExpired => format!(
            "take its expiry away: strongroom key update {key} --expires none; or add a version: \
             strongroom key rotate {vault} {name}"
        ),
        _ => at_vault(denial, vault, party),
    }
}

/// The same where no key is named.
fn at_vault(denial: Denial, vault: &VaultName, party: &Party) -> String {
    match denial {
        Denial::IdentityGone => gone(vault, party),
        Denial::ForeignTenant => foreign(vault, party),
        Denial::VaultNotFound => format!(
            "name a vault that exists, or create it: {}",
            create_vault(vault)
        ),
        Denial::VaultDeleted => format!("recover the vault: {}", recover_vault(vault)),
        Denial::FirewallClosed => match party {
            Party::Caller { .. } => format!(
                "people come in only where the default allows it: strongroom vault firewall {vault} \
                 --default-action Allow"
            ),
            Party::Identity { .. } => format!(
                "let trusted services through the firewall: strongroom vault firewall {vault} --bypass \
                 AzureServices"
            ),
        },
        Denial::PolicyMissing { permission } => match party {
            Party::Caller { principal, .. } => {
                format!("grant it: {}", grant(vault, *principal, [permission]))
            }
            Party::Identity { principal, .. } => {
                first_an_identity(party, *principal, |principal| {
                    let needed = KeyPermission::NEEDED_BY_RESOURCES;
                    format!(
                        "grant it all that it needs: {}",
                        grant(vault, principal, needed)
                    )
                })
            }
        },
        Denial::RoleMissing { permission } => match party {
            Party::Caller { principal, .. } => match permission.action() {
                Some(action) => format!(
                    "assign a role that holds `{permission}`: {}",
                    assign_role(Role::least_for(action), vault, *principal)
                ),
                None => format!("no role holds `{permission}`: access policies alone grant it"),
            },
            Party::Identity { principal, .. } => {
                first_an_identity(party, *principal, |principal| {
                    format!(
                        "assign a role that holds all that it needs: {}",
                        assign_role(Role::KeyVaultCryptoServiceEncryptionUser, vault, principal)
                    )
                })
            }
        },
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

fn gone(vault: &VaultName, party: &Party) -> String {
    match party {
        Party::Caller { principal, .. } => {
            format!("an owner of its tenant enables it: strongroom principal enable {principal}")
        }
        Party::Identity {
            resource,
            principal: None,
            ..
        } => format!(
            "enable the managed identity: strongroom resource identity enable {resource}; and grant it \
             access: strongroom vault grant {vault} --resource {resource}"
        ),
        Party::Identity { resource, .. } => format!(
            "make the managed identity anew: strongroom resource identity disable {resource}; then: \
             strongroom resource identity enable {resource}; and grant the new one access: strongroom \
             vault grant {vault} --resource {resource}"
        ),
    }
}

fn foreign(vault: &VaultName, party: &Party) -> String {
    match party {
        Party::Caller { tenant, .. } => format!(
            "ask as a principal of the tenant that it trusts, or let it trust yours, which drops its \
             access policies: {}",
            trust(vault, *tenant)
        ),
        Party::Identity {
            resource, tenant, ..
        } => format!(
            "move everything back, or let the vault trust the new tenant: {}; and grant the identity made \
             anew there: strongroom vault grant {vault} --resource {resource}",
            trust(vault, *tenant)
        ),
    }
}

fn first_an_identity(
    party: &Party,
    principal: Option<PrincipalId>,
    then: impl FnOnce(PrincipalId) -> String,
) -> String {
    match (principal, party) {
        (Some(principal), _) => then(principal),
        (None, Party::Identity { resource, .. }) => format!(
            "enable the managed identity first, and grant it access then: strongroom resource identity \
             enable {resource}"
        ),
        (None, Party::Caller { principal, .. }) => then(*principal),
    }
}

/// The same for a key of one's own vault. Strongroom itself, which no party stands for, needs none.
pub(crate) fn on_key(
    denial: Denial,
    vault: &VaultName,
    name: &KeyName,
    party: Option<&Party>,
) -> String {
    let key = KeyId {
        vault: VaultAddress::embedded(vault.clone()),
        name: name.clone(),
        version: None,
    };
    party.map_or_else(
        || "it goes on by itself once that is mended".to_owned(),
        |party| against(denial, &key, party),
    )
}

/// What makes the name of something deleted usable again.
pub(crate) fn free_name(recover: &str, purge: &str, kept_until: Option<Timestamp>) -> String {
    match kept_until {
        Some(until) => format!(
            "recover it ({recover}), or choose another name: purge protection keeps this one until \
             {until} (R14)"
        ),
        None => format!("recover it ({recover}) or purge it ({purge}) first"),
    }
}

/// The command that lets a principal use the keys of a vault.
#[must_use]
pub fn grant(
    vault: &VaultName,
    principal: PrincipalId,
    permissions: impl IntoIterator<Item = KeyPermission>,
) -> String {
    let permissions: Vec<_> = permissions.into_iter().map(KeyPermission::as_str).collect();
    format!(
        "strongroom vault grant {vault} --object-id {principal} --key-permissions {}",
        permissions.join(",")
    )
}

/// The command that assigns a role at a vault.
#[must_use]
pub fn assign_role(role: Role, vault: &VaultName, principal: PrincipalId) -> String {
    let role = shell_word(role.as_str());
    format!("strongroom role assign {role} --assignee {principal} --vault {vault}")
}

fn trust(vault: &VaultName, tenant: TenantId) -> String {
    format!("strongroom vault update {vault} --tenant {tenant}")
}

fn create_vault(vault: &VaultName) -> String {
    format!("strongroom vault create {vault}")
}

pub(crate) fn recover_vault(vault: &VaultName) -> String {
    format!("strongroom vault recover {vault}")
}

pub(crate) fn purge_vault(vault: &VaultName) -> String {
    format!("strongroom vault purge {vault}")
}

pub(crate) fn recover_key(vault: &VaultName, key: &KeyName) -> String {
    format!("strongroom key recover {vault} {key}")
}

pub(crate) fn purge_key(vault: &VaultName, key: &KeyName) -> String {
    format!("strongroom key purge {vault} {key}")
}

#[cfg(test)]
mod tests {
    use core::fmt::Write as _;

    use super::*;
    use crate::samples::{at, key_name, principal, tenant, vault_name};
    use crate::vault::VaultRefusal;
    use crate::{KeyOperation, KeyVersion};

    fn denials() -> Vec<Denial> {
        let mut all = vec![
            Denial::IdentityGone,
            Denial::ForeignTenant,
            Denial::VaultNotFound,
            Denial::VaultDeleted,
            Denial::FirewallClosed,
            Denial::KeyNotFound,
            Denial::KeyDeleted,
            Denial::KeyDisabled,
            Denial::KeyNotYetValid,
            Denial::KeyExpired,
            Denial::OperationNotPermitted {
                operation: KeyOperation::WrapKey,
            },
        ];
        for permission in [KeyPermission::UnwrapKey, KeyPermission::Sign] {
            all.push(Denial::PolicyMissing { permission });
            all.push(Denial::RoleMissing { permission });
        }
        all
    }

    /// What each denial tells a person and an identity to do, for reviewers. Where a key is named, the remedy for a
    /// state of the key names it.
    #[test]
    fn r17_each_denial_tells_whoever_it_is_for_what_mends_it() {
        let key = KeyId {
            vault: VaultAddress::embedded(vault_name()),
            name: key_name(),
            version: Some(KeyVersion::from_bytes([7; 16])),
        };
        let identity = |principal| Party::Identity {
            resource: "notes".parse().unwrap(),
            principal,
            tenant: tenant(1),
        };
        let person = Party::Caller {
            principal: principal(2),
            tenant: tenant(1),
        };
        let parties = [
            ("a person", person),
            ("an identity", identity(Some(principal(3)))),
            ("an identity that is off", identity(None)),
        ];
        let mut text = String::new();
        for denial in denials() {
            writeln!(text, "{denial}").unwrap();
            for (who, party) in &parties {
                let (of_key, at_vault) = (
                    denial.remedy(&key, party),
                    denial.remedy_at(&key.vault.name().clone(), party),
                );
                writeln!(text, "    {who}: {of_key}").unwrap();
                if at_vault != of_key {
                    writeln!(text, "    {who}, no key named: {at_vault}").unwrap();
                }
            }
        }
        crate::table::hold("advice", &text);
    }

    #[test]
    fn r14_a_name_in_use_by_something_deleted_is_freed_by_what_is_told() {
        let told = |kept_until| {
            VaultRefusal::DeletedVaultExists {
                vault: vault_name(),
                kept_until,
            }
            .to_string()
        };
        let recover = "recover it (strongroom vault recover contoso)";
        let purge = "purge it (strongroom vault purge contoso)";
        assert!(told(None).contains(&format!("{recover} or {purge} first")));
        let kept = told(Some(at(5)));
        assert!(kept.contains(recover) && !kept.contains(purge), "{kept}");
        assert!(kept.contains(&at(5).to_string()), "{kept}");
    }

    /// What Strongroom does by itself has nobody to tell.
    #[test]
    fn what_time_does_goes_on_by_itself() {
        let told = on_key(Denial::VaultDeleted, &vault_name(), &key_name(), None);
        assert_eq!(told, "it goes on by itself once that is mended");
    }
}
