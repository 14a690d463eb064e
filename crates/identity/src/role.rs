//! Roles: sets of actions, by the names of Azure's built-in ones.

use core::fmt;
use core::str::FromStr;

use crate::Action;
use crate::action::Class;

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a role: expected one of {}", Role::names())]
pub struct UnknownRole {
    text: String,
}

/// A role: Azure's built-in ones, as far as the rules need them.
///
/// Two limits are Azure's: no role but a Key Vault one touches the keys of a vault in role mode, not
/// even Owner; and `Reader` sees properties, not data. An Owner or Contributor of an account does read
/// its data, as Azure lets them by the account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Role {
    /// Sees everything but data and keys, changes nothing.
    Reader,
    /// Reads the data in accounts.
    CognitiveServicesDataReader,
    /// Reads and writes the data in accounts.
    CognitiveServicesUser,
    /// What a resource's identity needs of the keys of a vault in role mode: read, wrap, unwrap (R9).
    KeyVaultCryptoServiceEncryptionUser,
    /// Does everything with the keys of a vault in role mode; changes no vault and no policy.
    KeyVaultAdministrator,
    /// Manages vaults and their access policies; purges none, and touches no key by itself.
    KeyVaultContributor,
    /// Manages everything but rights and the directory. May change a vault's access policies: to
    /// write a vault is to write them.
    Contributor,
    /// Manages everything, rights and directory included.
    Owner,
}

impl Role {
    /// All roles, the one that can do least first.
    pub const ALL: &'static [Self] = &[
        Self::Reader,
        Self::CognitiveServicesDataReader,
        Self::CognitiveServicesUser,
        Self::KeyVaultCryptoServiceEncryptionUser,
        Self::KeyVaultAdministrator,
        Self::KeyVaultContributor,
        Self::Contributor,
        Self::Owner,
    ];

    /// The name, as Azure has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "Reader",
            Self::CognitiveServicesDataReader => "Cognitive Services Data Reader",
            Self::CognitiveServicesUser => "Cognitive Services User",
            Self::KeyVaultCryptoServiceEncryptionUser => "Key Vault Crypto Service Encryption User",
            Self::KeyVaultAdministrator => "Key Vault Administrator",
            Self::KeyVaultContributor => "Key Vault Contributor",
            Self::Contributor => "Contributor",
            Self::Owner => "Owner",
        }
    }

    /// Whether who holds this role may do `action` at its scope and below.
    #[must_use]
    pub fn allows(self, action: Action) -> bool {
        let class = action.class();
        match self {
            Self::Owner => class != Class::Key,
            Self::Contributor => {
                matches!(
                    class,
                    Class::Read | Class::Manage | Class::DataRead | Class::DataWrite
                )
            }
            Self::Reader => class == Class::Read,
            Self::CognitiveServicesUser => {
                matches!(class, Class::DataRead | Class::DataWrite)
                    || action == Action::AccountsRead
            }
            Self::CognitiveServicesDataReader => class == Class::DataRead,
            Self::KeyVaultContributor => matches!(
                action,
                Action::VaultsRead
                    | Action::VaultsWrite
                    | Action::VaultsDelete
                    | Action::AccessPoliciesWrite
                    | Action::DeletedVaultsRead
                    | Action::GroupsRead
                    | Action::RoleAssignmentsRead
            ),
            Self::KeyVaultAdministrator => class == Class::Key || action == Action::VaultsRead,
            Self::KeyVaultCryptoServiceEncryptionUser => {
                matches!(
                    action,
                    Action::KeysRead | Action::KeysWrap | Action::KeysUnwrap
                )
            }
        }
    }

    /// The role that can do least and allows `action`.
    #[must_use]
    pub fn least_for(action: Action) -> Self {
        // Every action is allowed by Owner or, with keys, by Key Vault Administrator.
        let found = Self::ALL.iter().find(|role| role.allows(action));
        found.copied().unwrap_or(Self::Owner)
    }

    fn names() -> String {
        Self::ALL
            .iter()
            .map(|role| format!("`{role}`"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// By Azure's name, in any case, with or without blanks: `Key Vault Contributor`, `KeyVaultContributor`.
impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let folded = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let found = Self::ALL
            .iter()
            .find(|role| folded(role.as_str()) == folded(text));
        found.copied().ok_or_else(|| UnknownRole {
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use core::fmt::Write as _;

    use super::*;

    /// Which role may do what, for reviewers.
    #[test]
    fn roles_and_actions() {
        let mut text = String::new();
        for action in Action::ALL {
            let roles = Role::ALL.iter().filter(|role| role.allows(*action));
            let roles: Vec<_> = roles.map(|role| role.as_str()).collect();
            writeln!(text, "{action}\n    {}", roles.join(", ")).unwrap();
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_least_role_for_an_action_allows_it() {
        for action in Action::ALL {
            assert!(Role::least_for(*action).allows(*action), "{action}");
            assert_eq!(action.as_str().to_ascii_uppercase().parse(), Ok(*action));
        }
    }

    #[test]
    fn a_contributor_changes_access_policies_and_no_rights() {
        assert!(Role::Contributor.allows(Action::VaultsWrite));
        assert!(Role::Contributor.allows(Action::AccessPoliciesWrite));
        assert!(!Role::Contributor.allows(Action::RoleAssignmentsWrite));
        assert!(!Role::Contributor.allows(Action::RoleAssignmentsDelete));
        assert!(!Role::Contributor.allows(Action::TenantChange));
    }

    #[test]
    fn r09_in_role_mode_wrap_and_unwrap_need_a_key_vault_role() {
        let wanted = [Action::KeysRead, Action::KeysWrap, Action::KeysUnwrap];
        let holds = |role: &&Role| wanted.iter().all(|action| role.allows(*action));
        let roles: Vec<_> = Role::ALL.iter().filter(holds).copied().collect();
        assert_eq!(
            roles,
            [
                Role::KeyVaultCryptoServiceEncryptionUser,
                Role::KeyVaultAdministrator
            ]
        );
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
            assert_eq!(
                role.as_str().to_uppercase().replace(' ', "").parse(),
                Ok(*role)
            );
        }
        let error = "God".parse::<Role>().unwrap_err().to_string();
        assert!(error.contains("`Key Vault Contributor`"), "{error}");
    }
}
